"""Runs small processes under the real supervisor, and waits for what they do."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from deploy.local.layout import Layout
from deploy.local.postgres import Postgres
from deploy.local.process import Process
from deploy.local.processes import product_environment, table
from deploy.local.state import SECRETS
from deploy.local.supervisor import Supervisor

SECRET = {name: f"{name.lower()}-0123456789-0123456789" for name in SECRETS}
CHECKOUT = Path(__file__).parents[2]
DEADLINE_SECONDS = 20


class Recording:
    """What a supervisor said, and what runs."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.pids: dict[str, int] = {}

    def say(self, name: str, line: str) -> None:
        self.lines.append((name, line))

    def changed(self, pids: dict[str, int]) -> None:
        self.pids = pids

    def printed(self, line: str) -> bool:
        return any(line in said for _, said in self.lines)


@asynccontextmanager
async def supervised(*processes: Process, recording: Recording | None = None) -> AsyncIterator[Recording]:
    """Runs the processes until the end of the block."""
    recording = recording or Recording()
    supervisor = Supervisor(processes, say=recording.say, changed=recording.changed)
    try:
        await supervisor.start()
        yield recording
    finally:
        await supervisor.stop()


def whole_table(layout: Layout) -> dict[str, Process]:
    """Every process of a stack that has never run, by name."""
    postgres = Postgres(layout.root, layout.ports["postgres"], SECRET["POSTGRES_PASSWORD"], lambda *_: None)
    product = product_environment(layout, secrets=SECRET, database_url=postgres.url, outside={})
    processes = table(layout, postgres=postgres, product=product, outside=dict(os.environ))
    return {process.name: process for process in processes}


def child(name: str, code: str, **options: Any) -> Process:
    """A process that runs a few lines of Python."""
    return Process(name=name, command=(sys.executable, "-u", "-c", code), environment=dict(os.environ), **options)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            await asyncio.sleep(0.02)
