"""A gateway process of a test's own beside the stack's: its settings, its death, its neighbours."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from deploy.local.launch import CHECKOUT, LaunchedStack
from deploy.local.state import free_port

_START_SECONDS = 30
_STOP_SECONDS = 30
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class OwnGateway:
    host: str
    port: int
    process: Process

    @property
    def socket_url(self) -> str:
        return f"ws://{self.host}:{self.port}/ws/notifications/"

    async def status(self, path: str) -> int:
        """The status of a GET; 0 when nobody listens."""
        try:
            async with httpx.AsyncClient() as http:
                return (await http.get(f"http://{self.host}:{self.port}{path}")).status_code
        except httpx.TransportError:
            return 0

    async def end(self, how: signal.Signals) -> int:
        """Sends the signal; returns the exit status."""
        if self.process.returncode is None:
            self.process.send_signal(how)
        async with asyncio.timeout(_STOP_SECONDS):
            return await self.process.wait()


@asynccontextmanager
async def own_gateway(
    stack: LaunchedStack,
    program: Sequence[str] = ("-m", "ws_gateway.server"),
    stdout: int | None = None,
    /,
    **settings: str,
) -> AsyncIterator[OwnGateway]:
    """One that is ready; `settings` in the names of the environment."""
    port = int(settings.get("GATEWAY_PORT") or free_port())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *program),
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), **stack.environment, "GATEWAY_PORT": str(port), **settings},
        stdout=stdout,
    )
    gateway = OwnGateway("127.0.0.1", port, process)
    try:
        async with asyncio.timeout(_START_SECONDS):
            while await gateway.status("/healthz") != httpx.codes.OK:
                assert process.returncode is None
                await asyncio.sleep(_POLL_SECONDS)
        yield gateway
    finally:
        await gateway.end(signal.SIGKILL)
