"""Completeness: nothing that must be registered, mapped, documented or kept out was forgotten."""

import inspect
import json
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import Any

import pytest

import activities
import api
import notifications.contracts
import policy
import worker
import workflows
from activities.delivery import DeliveryActivities
from api.errors import STATUSES
from notifications.contracts import names
from notifications.contracts.errors import NotificationError
from notifications.contracts.vocabulary import EXTERNAL_CHANNELS
from settings import Settings

CHECKOUT = Path(__file__).parents[1]
find_packages: Any = import_module("setuptools").find_packages  # which comes without types
SERVICE = {path.parent.name for path in CHECKOUT.glob("*/__init__.py")} | {path.stem for path in CHECKOUT.glob("*.py")}
SERVICE -= {"notifications"}
"""The top of the checkout, without the client."""
HEAVY = {"sqlalchemy", "psycopg", "pydantic", "courier", "httpx", "fastapi", "structlog", "jinja2", "orjson"}


def modules_of(package: ModuleType) -> list[ModuleType]:
    return [import_module(found.name) for found in walk_packages(package.__path__, f"{package.__name__}.")]


def decorated(package: ModuleType, mark: str) -> dict[str, str]:
    """Names given by Temporal's decorators in a package, and where."""
    found = {}
    for module in modules_of(package):
        for owner in [module, *(item for item in vars(module).values() if inspect.isclass(item))]:
            for item in vars(owner).values():
                if (definition := getattr(item, mark, None)) and getattr(item, "__module__", "") == module.__name__:
                    found[definition.name] = f"{module.__name__}.{item.__qualname__}"
    return found


def registered(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the worker, in all its roles, hands to Temporal."""
    calls: list[dict[str, Any]] = []
    nobody: Any = None
    monkeypatch.setattr(worker, "Worker", lambda _, **options: calls.append(options))
    settings = Settings.model_validate({"database_url": "-", "jwt_secret": "-" * 32, "courier_auth_token": "-"})
    deliveries = DeliveryActivities(database=nobody, provider=nobody, preconditions=nobody)
    for queue in (names.NOTIFICATION_QUEUE, names.CLOCK_QUEUE):
        worker._workflow_worker(nobody, nobody, nobody, settings, queue)  # noqa: SLF001 - as `run` builds it
    worker._bulk_worker(nobody, nobody, settings)  # noqa: SLF001 - as above
    for channel in EXTERNAL_CHANNELS:
        worker._channel_worker(nobody, channel, deliveries, settings)  # noqa: SLF001 - as above
    return calls


def served(monkeypatch: pytest.MonkeyPatch, kind: str, mark: str) -> set[str]:
    return {getattr(item, mark).name for call in registered(monkeypatch) for item in call.get(kind, [])}


ACTIVITY, WORKFLOW = "__temporal_activity_definition", "__temporal_workflow_definition"


def test_every_activity_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert served(monkeypatch, "activities", ACTIVITY) == decorated(activities, ACTIVITY).keys()


def test_every_workflow_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert served(monkeypatch, "workflows", WORKFLOW) == decorated(workflows, WORKFLOW).keys()


def test_activities_and_workflows_are_found_by_these_tests() -> None:
    """Should Temporal rename its marks, the two tests above would compare nothing with nothing."""
    assert len(decorated(activities, ACTIVITY)) >= 4
    assert len(decorated(workflows, WORKFLOW)) >= 1


def test_every_activity_and_workflow_has_a_name_that_the_contracts_keep() -> None:
    kept = {value for name, value in vars(names).items() if name.endswith(("_ACTIVITY", "_WORKFLOW"))}
    assert decorated(activities, ACTIVITY).keys() | decorated(workflows, WORKFLOW).keys() == kept


def test_every_external_channels_queue_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    queues = {call["task_queue"] for call in registered(monkeypatch)}
    assert queues >= {names.NOTIFICATION_QUEUE, names.CLOCK_QUEUE, *map(names.delivery_queue, EXTERNAL_CHANNELS)}


def descendants(error: type[Exception]) -> set[type[Exception]]:
    return {each for child in error.__subclasses__() for each in {child, *descendants(child)}}


def test_every_error_that_a_route_may_meet_has_a_status() -> None:
    modules_of(api)  # so that all of them are defined
    assert descendants(NotificationError) == set(STATUSES)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_is_documented(name: str) -> None:
    rows = [line for line in (CHECKOUT / "docs/operations.md").read_text().splitlines() if line.startswith("|")]
    assert any(f"`{name.upper()}`" in row.split("|")[1] for row in rows)


# Without `notifications/__init__.py`, which offers the client beside the contracts.
CONTRACTS_ONLY = """
import sys, types
package = types.ModuleType("notifications")
package.__path__ = ["notifications"]
sys.modules["notifications"] = package
"""


def loaded_after(statements: str) -> set[str]:
    """The modules that a fresh process has loaded after some statements, the interpreter's own start left out."""
    report = "import json, sys\nbefore = set(sys.modules)\n{}\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    finished = subprocess.run(
        [sys.executable, "-c", report.format(statements)], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    return set(json.loads(finished.stdout))


def tops(modules: set[str]) -> set[str]:
    """Their packages, the standard library's left out."""
    return {name.split(".")[0] for name in modules if "sysconfigdata" not in name} - sys.stdlib_module_names


@pytest.mark.parametrize("module", [module.__name__ for module in modules_of(workflows)])
def test_a_workflow_module_loads_nothing_that_touches_the_world(module: str) -> None:
    assert not tops(loaded_after(f"import {module}")) & HEAVY


@pytest.mark.parametrize("module", [module.__name__ for module in modules_of(workflows)])
def test_a_workflow_module_loads_policy_and_contracts_alone(module: str) -> None:
    loaded = loaded_after(f"{CONTRACTS_ONLY}import {module}")
    assert tops(loaded) & SERVICE <= {"workflows", "policy"}
    assert {name for name in loaded if name.startswith("notifications.")} <= CONTRACTS


@pytest.mark.parametrize("module", [module.__name__ for module in modules_of(policy)])
def test_a_policy_module_loads_the_standard_library_and_contracts_alone(module: str) -> None:
    assert tops(loaded_after(f"{CONTRACTS_ONLY}import {module}")) == {"notifications", "policy"}


CONTRACTS = {"notifications.contracts", *(module.__name__ for module in modules_of(notifications.contracts))}


@pytest.mark.parametrize("module", sorted(CONTRACTS))
def test_a_contracts_module_loads_the_standard_library_alone(module: str) -> None:
    loaded = loaded_after(f"{CONTRACTS_ONLY}import {module}")
    assert tops(loaded) == {"notifications"}
    assert {name for name in loaded if name.startswith("notifications.")} <= CONTRACTS


def test_the_client_loads_temporals_client_and_what_that_needs() -> None:
    whole = "\n".join(f"import {module.__name__}" for module in modules_of(notifications))
    assert tops(loaded_after(whole)) == {"notifications"} | tops(loaded_after("import temporalio.client"))


def test_the_wheel_holds_the_client_alone() -> None:
    find = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    found = find_packages(str(CHECKOUT), **find)
    assert {name.split(".")[0] for name in found} == {"notifications"}


def test_the_wheel_holds_all_of_the_client() -> None:
    find = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    folders = {str(each.parent.relative_to(CHECKOUT)) for each in CHECKOUT.glob("notifications/**/*.py")}
    assert set(find_packages(str(CHECKOUT), **find)) == {folder.replace("/", ".") for folder in folders}


def test_the_client_asks_for_temporals_client_alone() -> None:
    wanted = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert [requirement.split(">")[0] for requirement in wanted] == ["temporalio"]
