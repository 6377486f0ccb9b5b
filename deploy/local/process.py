"""What a process of the stack is, and what keeps a stack from starting."""

import asyncio
import re
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

POLL_SECONDS = 0.05


class StackError(Exception):
    """What keeps the stack from starting, in one line that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One line of the table: ready when `ready_line` was printed and `ready` agrees; a one-off when it ended well."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    needs: tuple[str, ...] = ()
    prepare: Callable[[], Awaitable[None]] | None = None
    ready: Callable[[], Awaitable[bool]] | None = None
    ready_line: str = ""
    once: bool = False
    run_as: tuple[int, int] | None = None
    """User and group id, when they differ from the supervisor's own."""
    noise: re.Pattern[str] | None = None
    """Lines of output that tell a reader nothing."""
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    """What it gets when the supervisor itself was killed; Linux only."""
    start_seconds: float = 60.0
    stop_seconds: float = 10.0


def answers(port: int, path: str) -> Callable[[], Awaitable[bool]]:
    """Whether a GET of the path is answered with 200."""

    async def check() -> bool:
        try:
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                try:
                    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode())
                    status = await reader.readline()
                finally:
                    writer.close()
        except (OSError, ValueError):  # a TimeoutError is an OSError
            return False
        return status.split(b" ")[1:2] == [b"200"]

    return check
