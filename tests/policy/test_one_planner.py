"""What people are told is what is done: the workflow's steps, "why" and the simulation ask one function."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

from policy import planning

CHECKOUT = Path(__file__).parents[2]
ASKING = {
    "activities.acceptance": "first_steps",
    "activities.advancing": "next_step",
    "activities.gathering": "next_step",
    "activities.plans": "next_step",
    "persistence.waiting": "next_step",
    "api.routes.why": "first_steps",
    "api.routes.simulation": "ladder",
    "policy.simulation": "next_step",
}


@pytest.mark.parametrize(("module", "name"), ASKING.items(), ids=ASKING)
def test_each_asks_the_planner(module: str, name: str) -> None:
    planner = import_module("policy.simulation") if name == "ladder" else planning
    assert getattr(import_module(module), name) is getattr(planner, name)


def names_called(path: Path) -> set[str]:
    calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return {call.id for call in calls if isinstance(call, ast.Name)}


def test_nobody_else_lets_anything_go() -> None:
    packages = ("activities", "api", "persistence", "policy", "workflows")
    files = [path for package in packages for path in (CHECKOUT / package).rglob("*.py")]
    assert [path.name for path in files if "Go" in names_called(path)] == ["planning.py"]
