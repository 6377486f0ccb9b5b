"""Schemathesis reads the OpenAPI document and tries to prove it wrong on a running stack, from every side.

It calls each operation with the document's examples, at the edges of its schemas, with random data, and in sequences
of operations that follow from one another. `SCHEMATHESIS_EXAMPLES` sets how much of it, `make test-long` sets a lot.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from rest_door import BASE, wanted

from deploy.local.launch import LaunchedStack, launched

HERE = Path(__file__).parent
TOOL = Path(sys.executable).with_name("st")
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "8"))
SECONDS_EACH = 300 if EXAMPLES < 100 else 3600
CALLERS = ("owner", "neighbour", "staff")


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedStack]:
    """A stack of its own: what staff may do at random would walk into other tests."""
    with launched(tmp_path_factory.mktemp("schemathesis") / "state") as running:
        yield running


@pytest.fixture(scope="module")
def callers(own_stack: LaunchedStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Who calls with which token, as Schemathesis reads it; each of them has an inbox."""
    tokens = {name: own_stack.token(name, staff=name == "staff") for name in CALLERS}
    for name in CALLERS:
        for title in ("One", "Two"):
            answer = httpx.post(
                f"{own_stack.url}{BASE}/notifications/",
                json=wanted(name, title=title),
                headers={"Authorization": f"Bearer {tokens['staff']}"},
            )
            assert answer.status_code == 201, answer.text
    listed = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {token}"}]}
        for name, token in tokens.items()
    ]
    file = tmp_path_factory.mktemp("callers") / "callers.json"
    file.write_text(json.dumps({"auth": listed}))
    return file


def explore(stack: LaunchedStack, *options: str, folder: Path, **environment: str) -> None:
    finished = subprocess.run(
        [TOOL, "--config-file", HERE / "schemathesis.toml", "run", f"{stack.url}/openapi.json"]
        + ["--max-examples", str(EXAMPLES), "--no-color", *options],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS_EACH,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-20_000:] + finished.stderr


@pytest.mark.parametrize("caller", ["owner", "staff"])
def test_the_document_holds_for_a_caller(own_stack: LaunchedStack, callers: Path, tmp_path: Path, caller: str) -> None:
    explore(own_stack, "--auth-wfc-user", caller, folder=tmp_path, CALLERS=str(callers))
