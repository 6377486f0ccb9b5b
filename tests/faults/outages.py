"""What can befall a process of a stack: it hangs for a while, or dies and is started again."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psutil

from deploy.local.launch import LaunchedStack

DEADLINE_SECONDS = 40


async def running(stack: LaunchedStack, process: str) -> int:
    """The process's id, once it is back from what an earlier test did to it."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (pid := stack.pid(process)) is None:
            await asyncio.sleep(0.05)
    return pid


@asynccontextmanager
async def paused(stack: LaunchedStack, process: str) -> AsyncIterator[None]:
    """The process, and all that it has started: PostgreSQL's own are those that answer."""
    family = [psutil.Process(await running(stack, process))]
    family[0].suspend()
    family += family[0].children(recursive=True)
    for each in family:
        each.suspend()
    try:
        yield
    finally:
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.resume()


async def kill(stack: LaunchedStack, process: str) -> int:
    """The id of the process that has died."""
    pid = await running(stack, process)
    os.kill(pid, signal.SIGKILL)
    return pid


async def restart(stack: LaunchedStack, process: str) -> None:
    """The process dies, and another one is in its place."""
    async with killed(stack, process):
        pass


@asynccontextmanager
async def killed(stack: LaunchedStack, process: str) -> AsyncIterator[None]:
    """The process dies, and is waited for until another one is in its place."""
    before = await kill(stack, process)
    yield
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await running(stack, process) == before:
            await asyncio.sleep(0.05)
