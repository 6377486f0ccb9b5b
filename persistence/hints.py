"""Wake-ups between processes: 'these users' inboxes have moved'.

A hint is never the truth and may be lost: it is sent after the commit, on a connection of its own, and the
gateway's sweep finds what a lost one would have told. It must not be sent inside the write transaction,
because a commit with a pending NOTIFY takes an instance-wide lock, and all writers queue for it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator

import orjson
import psycopg
import structlog

from notifications.contracts.names import INBOX_HINTS

# The first hint leaves at once; those of the next few milliseconds share one NOTIFY.
_COALESCE_SECONDS = 0.01
_RECONNECT_SECONDS = 0.5
_PAYLOAD_BYTES = 7_900  # PostgreSQL refuses 8,000 and more

log = structlog.get_logger("hints")


class HintSender:
    """Names users to every listening gateway, soon and without ever blocking or failing the caller."""

    def __init__(self, database_url: str) -> None:
        self._dsn = _dsn(database_url)
        self._pending: set[str] = set()
        self._wake = asyncio.Event()

    def send(self, users: Iterable[str]) -> None:
        self._pending.update(users)
        self._wake.set()

    async def run(self) -> None:
        """Sends until cancelled; a lost connection costs the hints of that moment and is reopened."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._dsn, autocommit=True, connect_timeout=3
                ) as connection:
                    await self._send_on(connection)
            except (psycopg.Error, OSError) as error:
                log.warning("hint connection lost", error=type(error).__name__)
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def _send_on(self, connection: psycopg.AsyncConnection) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            users, self._pending = self._pending, set()
            for payload in _payloads(users):
                await connection.execute("SELECT pg_notify(%s, %s)", (INBOX_HINTS, payload))
            await asyncio.sleep(_COALESCE_SECONDS)


async def listen(database_url: str) -> AsyncIterator[list[str]]:
    """The users named by each hint, until the connection is lost.

    Yields once, empty, as soon as it listens: whoever sweeps at that moment has missed nothing.

    Raises:
        psycopg.Error, OSError: the connection is lost or was never made.
    """
    async with await psycopg.AsyncConnection.connect(
        _dsn(database_url), autocommit=True, connect_timeout=3
    ) as connection:
        await connection.execute(f"LISTEN {INBOX_HINTS}")
        yield []
        async with contextlib.aclosing(connection.notifies()) as hints:
            async for hint in hints:
                with contextlib.suppress(orjson.JSONDecodeError):
                    yield orjson.loads(hint.payload)


def _dsn(database_url: str) -> str:
    """Psycopg's spelling of SQLAlchemy's URL."""
    return database_url.replace("postgresql+psycopg://", "postgresql://", 1)


def _payloads(users: Iterable[str]) -> Iterator[str]:
    """JSON lists, each small enough for one NOTIFY."""
    batch: list[str] = []
    size = 2
    for user in users:
        cost = len(orjson.dumps(user)) + 1
        if batch and size + cost > _PAYLOAD_BYTES:
            yield orjson.dumps(batch).decode()
            batch, size = [], 2
        batch.append(user)
        size += cost
    if batch:
        yield orjson.dumps(batch).decode()
