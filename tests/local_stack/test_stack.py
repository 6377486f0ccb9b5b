"""`python -m deploy.local` itself, on the real PostgreSQL and Temporal."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import psutil
import psycopg
import pytest
from supervising import CHECKOUT, until

COMMAND = (sys.executable, "-m", "deploy.local", "postgres", "retention")


class Stack:
    """One run after another on the same folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.environment = {**os.environ, "STATE_DIR": str(folder), "PORT": str(probe.getsockname()[1])}
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *COMMAND, cwd=CHECKOUT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        await until((self.folder / "stack.json").exists)

    async def end(self, number: signal.Signals) -> str:
        assert self.process
        self.process.send_signal(number)
        output, _ = await self.process.communicate()
        return output.decode()

    def listed(self) -> Any:
        return json.loads((self.folder / "stack.json").read_text())

    def url(self) -> str:
        environment = json.loads((self.folder / "env.json").read_text())
        return str(environment["DATABASE_URL"]).replace("+psycopg", "")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=CHECKOUT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    stack = Stack(tmp_path)
    await stack.start()
    yield stack
    if stack.process and stack.process.returncode is None:
        await stack.end(signal.SIGTERM)


async def test_what_was_written_survives_a_stop_a_kill_and_a_killed_supervisor(stack: Stack) -> None:
    async with await psycopg.AsyncConnection.connect(stack.url(), autocommit=True) as connection:
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    first = stack.listed()["pids"]
    os.kill(first["postgres"], signal.SIGKILL)
    await until(lambda: stack.listed()["pids"].get("postgres", first["postgres"]) != first["postgres"])

    await stack.end(signal.SIGKILL)
    await until(lambda: not any(psutil.pid_exists(pid) for pid in stack.listed()["pids"].values()))
    (stack.folder / "stack.json").unlink()
    await stack.start()

    said = await stack.end(signal.SIGINT)
    assert stack.process
    assert stack.process.returncode == 0, said
    assert not (stack.folder / "stack.json").exists()
    await stack.start()

    async with await psycopg.AsyncConnection.connect(stack.url()) as connection:
        cursor = await connection.execute("SELECT answer FROM kept")
        assert await cursor.fetchone() == (42,)


async def test_a_second_stack_on_the_folder_is_refused_in_one_line(stack: Stack) -> None:
    second = await asyncio.to_thread(stack.command, *COMMAND[2:])
    assert second.returncode == 1
    assert second.stderr.startswith("a stack runs on")
    assert second.stderr.count("\n") == 1


async def test_a_token_is_all_that_the_token_command_prints(stack: Stack) -> None:
    asked = await asyncio.to_thread(stack.command, "deploy.local.token", "alice", "--staff")
    secret = json.loads((stack.folder / "env.json").read_text())["JWT_SECRET"]
    claims = jwt.decode(asked.stdout.removesuffix("\n"), secret, algorithms=["HS256"])
    assert (claims["user_id"], claims["is_staff"]) == ("alice", True)


def test_a_token_before_the_first_run_says_what_to_do(tmp_path: Path) -> None:
    asked = Stack(tmp_path / "unused").command("deploy.local.token", "alice")
    assert (asked.returncode, asked.stdout) == (1, "")
    assert asked.stderr == "no stack has run here yet: `make run` first, with the same STATE_DIR\n"


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """As from a terminal, also when these tests were started by a `make`, which would speak of itself."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", "--old-file=.venv/.ready", *arguments],
        cwd=CHECKOUT,
        env={**environment, "USER": "root"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_token_without_a_user_says_what_to_do() -> None:
    """`make` would otherwise take USER from the environment, where it names whoever is logged in."""
    asked = make("token")
    assert (asked.returncode, asked.stdout) == (2, "")
    assert "whose token? `make token USER=alice`" in asked.stderr


def test_make_help_tells_every_target() -> None:
    told = make("help").stdout
    phony = next(line for line in (CHECKOUT / "Makefile").read_text().splitlines() if line.startswith(".PHONY:"))
    assert [line.split()[1] for line in told.splitlines()] == phony.split()[1:]
