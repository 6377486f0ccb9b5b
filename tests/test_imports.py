"""Who may import whom: the contracts of pyproject.toml hold, and each of them bites."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
PACKAGES = sorted(folder.parent.name for folder in CHECKOUT.glob("*/__init__.py"))
LINT = Path(sys.executable).with_name("lint-imports")

VIOLATIONS = [
    ("one-way", "persistence", "api"),
    ("one-way", "persistence", "activities.delivery"),
    ("one-way", "providers", "persistence.database"),
    ("one-way", "notifications", "policy.channels"),
    ("one-way", "templating", "policy.channels"),
    ("one-way", "policy", "templating.renderer"),
    ("one-way", "identity", "policy.channels"),
    ("one-way", "activities", "workflows.notification"),
    ("one-way", "api", "ws_gateway.messages"),
    ("one-way", "ws_gateway", "api.errors"),
    ("doors", "api", "workflows.notification"),
    ("doors", "api", "activities.acceptance"),
    ("doors", "ws_gateway", "providers.provider"),
    ("gateway", "ws_gateway", "notifications.client"),
    ("workflows", "workflows", "activities.notification"),
    ("workflows", "workflows", "persistence.inbox"),
    ("workflows", "workflows", "templating.renderer"),
    ("workflows", "workflows", "settings"),
    ("workflows", "workflows", "httpx"),
    ("pure", "policy", "structlog"),
    ("activities", "activities", "identity.tokens"),
    ("persistence", "persistence", "temporalio.client"),
    ("persistence", "persistence", "fastapi"),
    ("providers", "providers", "policy.retries"),
    ("pure", "policy", "temporalio.workflow"),
    ("pure", "templating", "sqlalchemy"),
    ("identity", "identity", "pydantic"),
    ("identity", "identity", "psycopg"),
    ("contracts", "notifications/contracts", "temporalio.common"),
    ("contracts", "notifications/contracts", "notifications.options"),
    ("client", "notifications", "pydantic"),
    ("client", "notifications", "settings"),
    ("vendor", "activities", "courier"),
    ("vendor", "api", "courier"),
    ("settings", "activities", "settings"),
    ("settings", "api", "settings"),
    ("companions", "demo", "persistence.database"),
    ("companions", "courier_sandbox", "providers.courier"),
    ("standalone", "courier_sandbox", "notifications.contracts.vocabulary"),
    ("standalone", "deploy", "notifications"),
]


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--no-logo", "--no-cache", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout's packages, to be spoilt."""
    folder = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(CHECKOUT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for module in ("pyproject.toml", "settings.py", "observability.py"):
        shutil.copy(CHECKOUT / module, folder)
    return folder


def test_every_contract_is_kept() -> None:
    checked = lint(CHECKOUT)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(("contract", "importer", "imported"), VIOLATIONS)
def test_a_forbidden_import_breaks_its_contract(copy: Path, contract: str, importer: str, imported: str) -> None:
    intruder = copy / importer / "intruder.py"
    intruder.write_text(f"import {imported}\n")
    try:
        assert "1 broken" in lint(copy, "--contract", contract).stdout
    finally:
        intruder.unlink()
