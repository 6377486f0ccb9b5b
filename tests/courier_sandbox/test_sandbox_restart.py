import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import courier
import httpx
import pytest
from sandbox_running import TOKEN, WEBHOOK_SECRET, Sandbox, connected, eventually, running_receiver, running_sandbox

from courier_sandbox.ledger import Ledger


async def test_a_kill_loses_neither_messages_nor_answers(tmp_path: Path) -> None:
    database = tmp_path / "sandbox.sqlite"
    async with _process(database) as (process, sandbox):
        sent = await sandbox.send("key")
        process.send_signal(signal.SIGKILL)
        await process.wait()

    async with running_sandbox(database=str(database)) as sandbox:
        assert await sandbox.send("key") == sent
        assert [message["id"] for message in await sandbox.results("/messages")] == [sent]
        assert [call["replayed"] for call in await sandbox.results("/requests")] == [True, False]


async def test_a_message_interrupted_by_a_restart_goes_on_to_its_end(tmp_path: Path) -> None:
    database = str(tmp_path / "sandbox.sqlite")
    async with running_sandbox(database=database, sent_after_ms=60_000, delivered_after_ms=60_000) as sandbox:
        message_id = await sandbox.send()

    async with running_receiver() as receiver, running_sandbox(database=database, webhook_url=receiver.url) as sandbox:
        await eventually(lambda: sandbox.status_of(message_id), "DELIVERED")
        await eventually(receiver.statuses, ["ENQUEUED", "SENT", "DELIVERED"])


async def test_a_story_told_to_the_end_is_not_told_again(tmp_path: Path) -> None:
    database = str(tmp_path / "sandbox.sqlite")
    async with running_receiver() as receiver:
        async with running_sandbox(database=database, webhook_url=receiver.url) as sandbox:
            await sandbox.send()
            with closing(Ledger(database)) as ledger:
                await eventually(lambda: len(ledger.unsettled()), 0)
        async with running_sandbox(database=database, webhook_url=receiver.url) as sandbox:
            last = await sandbox.send()
            await eventually(lambda: sandbox.status_of(last), "DELIVERED")
            await eventually(lambda: len(receiver.received) >= 6, expected=True)

    assert len(receiver.received) == 6


async def test_the_process_as_it_is_started_tells_the_receiver(tmp_path: Path) -> None:
    async with running_receiver() as receiver, _process(tmp_path / "sandbox.sqlite", receiver.url) as (_, sandbox):
        await sandbox.script("drop_after_accept")
        with pytest.raises(courier.APIConnectionError):
            await sandbox.send()

        await eventually(receiver.statuses, ["ENQUEUED", "SENT", "DELIVERED"])


@asynccontextmanager
async def _process(database: Path, webhook_url: str = "") -> AsyncIterator[tuple[asyncio.subprocess.Process, Sandbox]]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = {"SANDBOX_PORT": str(port), "SANDBOX_DATABASE": str(database), "SANDBOX_AUTH_TOKEN": TOKEN}
    settings |= {"SANDBOX_WEBHOOK_URL": webhook_url, "SANDBOX_WEBHOOK_SECRET": WEBHOOK_SECRET}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "courier_sandbox", env={**os.environ, **settings}
    )
    try:
        async with connected(f"http://127.0.0.1:{port}") as sandbox:
            await eventually(lambda: _is_up(sandbox.tool), expected=True, deadline_seconds=20)
            yield process, sandbox
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _is_up(tool: httpx.AsyncClient) -> bool:
    try:
        return (await tool.get("/healthz")).is_success
    except httpx.TransportError:
        return False
