"""A TypeScript client, generated from the running stack's OpenAPI document, compiles strictly and does its work."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.local.launch import LaunchedStack

HERE = Path(__file__).parent
WEB = HERE.parents[1] / "web"
PACKAGE = ("package.json", "package-lock.json", ".npmrc")
SECONDS = 240


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    finished = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert finished.returncode == 0, f"{command[0]}:\n{finished.stdout}\n{finished.stderr}"
    return finished.stdout


@pytest.fixture(scope="session")
def tools(request: pytest.FixtureRequest) -> Path:
    """The folder with the generator and the compiler; one for each lock file, installed once."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.fail("The TypeScript client needs node and npm: `apt-get install nodejs npm`.", pytrace=False)
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    assert request.config.cache
    folder = request.config.cache.mkdir(f"typescript-{lock}")
    if not (folder / "node_modules/.package-lock.json").exists():  # npm writes it last
        for name in PACKAGE:
            shutil.copy(HERE / name, folder)
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=folder)
    return folder / "node_modules"


@pytest.fixture
def project(tools: Path, stack: LaunchedStack, tmp_path: Path) -> Path:
    """The client's source, beside the types that are generated from what the stack says of itself."""
    (tmp_path / "node_modules").symlink_to(tools)
    for name in ("package.json", "tsconfig.json", "inbox.ts"):
        shutil.copy(HERE / name, tmp_path)
    (tmp_path / "openapi.json").write_text(httpx.get(f"{stack.url}/openapi.json").text)
    run("node_modules/.bin/openapi-typescript", "openapi.json", "--output", "api.d.ts", folder=tmp_path)
    return tmp_path


def test_the_generated_client_compiles_strictly_and_reads_an_inbox(project: Path, stack: LaunchedStack) -> None:
    reader = f"user-{uuid4().hex[:12]}"
    run("node_modules/.bin/tsc", "--strict", folder=project)
    tokens = {"READER_TOKEN": stack.token(reader), "STAFF_TOKEN": stack.token("staff", staff=True)}
    seen = json.loads(run("node", "built/inbox.js", folder=project, API_URL=stack.url, READER=reader, **tokens))
    assert seen == {
        "created": seen["first"][0],
        "count": 1,
        "first": [seen["created"], "Booking confirmed", "booking"],
        "read": True,
        "deliveries": [["in_app", "delivered"]],
        "left": 0,
        "refused": "You do not have permission to perform this action.",
    }


def test_a_page_uses_the_inbox_under_strict_types(tools: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(tools)
    for name in ("package.json", "page.ts"):
        shutil.copy(HERE / name, tmp_path)
    (tmp_path / "web").mkdir()
    for types in WEB.glob("*.d.ts"):
        shutil.copy(types, tmp_path / "web")
    options = ("--strict", "--noEmit", "--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext")
    run("node_modules/.bin/tsc", *options, "page.ts", folder=tmp_path)


def test_the_types_name_what_the_modules_have() -> None:
    """Each call of the service and each member of the client that a page is promised."""
    code = "".join(path.read_text() for path in (WEB / "client/service.js", WEB / "notifications-client.js"))
    types = (WEB / "notifications-client.d.ts").read_text()
    promised = set(re.findall(r"^  (?:readonly )?(\w+)[?]?\(", types, re.MULTILINE)) - {"constructor"}
    assert {"list", "archive", "connect", "recount"} <= promised
    inherited = {"addEventListener"}
    assert {
        name for name in promised - inherited if not re.search(rf"^  (?:async )?{name}\(", code, re.MULTILINE)
    } == set()


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads((HERE / "package-lock.json").read_text())["packages"]
    assert len(packages) > 3
    assert not [name for name, package in packages.items() if "resolved" in package]
