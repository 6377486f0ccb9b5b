"""Schemathesis reads the OpenAPI document and tries to prove it wrong on a running stack, from every side.

It calls each operation with the document's examples, at the edges of its schemas, with random data, and in sequences
where one call's answer feeds the next. `SCHEMATHESIS_EXAMPLES` says how much of it; with `make test-long` it is a lot,
and different each time.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from rest_door import BASE, wanted

from deploy.local.launch import LaunchedStack, launched

HERE = Path(__file__).parent
SETTINGS = (HERE / "schemathesis.toml").read_text()
TOOL = Path(sys.executable).with_name("st")
ASKED = os.environ.get("SCHEMATHESIS_EXAMPLES")
EXAMPLES = int(ASKED or 8)
SECONDS = 3_600 if ASKED else 240
CALLERS = ("owner", "neighbour", "staff")
UNTHROTTLED = {f"RATE_LIMIT_{whose}_PER_MINUTE": "0" for whose in ("USER", "STAFF", "FAILED_LOGINS")}
AUTHENTICATED = """
[auth.wfc]
path = "callers.json"
peers = ["owner", "neighbour"] # who must not see one another's
"""


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedStack]:
    """A stack aside, because what staff may do, done at random, would walk into other tests."""
    with launched(tmp_path_factory.mktemp("schemathesis") / "state", environment=UNTHROTTLED) as running:
        for user in CALLERS:
            for title in ("One", "Two"):
                headers = {"Authorization": f"Bearer {running.token('staff', staff=True)}"}
                body = wanted(user, title=title)
                httpx.post(f"{running.url}{BASE}/notifications/", json=body, headers=headers).raise_for_status()
        yield running


def explored(
    stack: LaunchedStack, folder: Path, *options: str, document: str = "", settings: str = "", **environment: str
) -> str:
    """What Schemathesis found, with the calls that repeat it; nothing when there is nothing to be found."""
    varied = SETTINGS.replace("deterministic = true", "deterministic = false") if ASKED else SETTINGS
    (folder / "schemathesis.toml").write_text(varied + settings)
    document = document or f"{stack.url}/openapi.json"
    finished = subprocess.run(
        [TOOL, "run", document, "--url", stack.url, "--no-color", "--max-examples", str(EXAMPLES), *options],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return "" if finished.returncode == 0 else finished.stdout[-20_000:] + finished.stderr


def test_the_document_holds_for_somebody_without_a_token(own_stack: LaunchedStack, tmp_path: Path) -> None:
    assert explored(own_stack, tmp_path) == ""


@pytest.mark.parametrize("caller", ["owner", "staff"])
def test_the_document_holds_for_a_caller(own_stack: LaunchedStack, tmp_path: Path, caller: str) -> None:
    tokens = {name: own_stack.token(name, staff=name == "staff") for name in CALLERS}
    listed = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {token}"}]}
        for name, token in tokens.items()
    ]
    (tmp_path / "callers.json").write_text(json.dumps({"auth": listed}))
    assert explored(own_stack, tmp_path, "--auth-wfc-user", caller, settings=AUTHENTICATED) == ""


def test_the_document_holds_for_couriers_signed_reports(own_stack: LaunchedStack, tmp_path: Path) -> None:
    signing = {
        "SCHEMATHESIS_HOOKS": "courier_hooks",
        "PYTHONPATH": str(HERE),
        "COURIER_WEBHOOK_SECRET": own_stack.environment["COURIER_WEBHOOK_SECRET"],
    }
    assert explored(own_stack, tmp_path, "--include-operation-id", "receive_courier_report", **signing) == ""


@pytest.mark.parametrize(
    ("lie", "found"),
    [
        ({"responses": {"204": {"description": "Nothing"}}}, "Undocumented status code"),
        ({"security": [{"bearer": []}]}, "API accepts requests without authentication"),
        ({"responses": {"200": {"description": "Text", "content": {"text/plain": {}}}}}, "Content-Type"),
    ],
)
def test_a_document_that_lies_is_found_out(
    own_stack: LaunchedStack, tmp_path: Path, lie: dict[str, Any], found: str
) -> None:
    document = httpx.get(f"{own_stack.url}/openapi.json").json()
    document["paths"]["/healthz"]["get"] |= lie
    (tmp_path / "lies.json").write_text(json.dumps(document))
    assert found in explored(own_stack, tmp_path, "--include-operation-id", "get_liveness", document="lies.json")
