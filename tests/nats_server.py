"""A NATS server of a test's own, which can be killed and started again on its port."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from deploy.local.layout import PROGRAMS
from deploy.local.state import free_port

_START_SECONDS = 10
_POLL_SECONDS = 0.02


class NatsServer:
    def __init__(self) -> None:
        self._port = free_port()
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._port}"

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(PROGRAMS / "nats-server", "-a", "127.0.0.1", "-p", str(self._port)), stderr=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(_START_SECONDS):
            while not await self._listens():
                await asyncio.sleep(_POLL_SECONDS)

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _listens(self) -> bool:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.close()
            return True
        return False


@asynccontextmanager
async def nats_server() -> AsyncIterator[NatsServer]:
    server = NatsServer()
    try:
        await server.start()
        yield server
    finally:
        await server.kill()
