"""What carries hints from process to process: PostgreSQL itself, or NATS where many gateways listen.

Either may lose a hint, and neither is waited for: a bus that is away costs the second until the gateway's next sweep.
"""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Protocol

import nats
import nats.errors
import psycopg
from nats.aio.client import Client

from notifications.contracts.names import INBOX_HINTS

MOST_BYTES = 7_900
"""Of one payload: PostgreSQL refuses 8,000 and more."""
_CONNECT_SECONDS = 3
_ANSWER_SECONDS = 3
_PING_SECONDS = 10

Publish = Callable[[str], Awaitable[None]]


class HintsLost(Exception):
    """The connection is lost or was never made; named by the driver's error, whose words may hold a password."""


class HintBus(Protocol):
    """Both raise HintsLost, on the way in as well as later; a silent end of the payloads is a loss, too."""

    def publishing(self) -> AbstractAsyncContextManager[Publish]: ...

    def payloads(self) -> AbstractAsyncContextManager[AsyncIterator[str | bytes]]:
        """Whatever is published from the moment on at which the block begins."""


def hint_bus(url: str) -> HintBus:
    """By the URL's scheme: `nats` and `tls` are NATS, anything else is the database."""
    return _Nats(url) if url.startswith(("nats://", "tls://")) else _PostgreSQL(url)


class _PostgreSQL:
    def __init__(self, url: str) -> None:
        self._dsn = url.replace("postgresql+psycopg://", "postgresql://", 1)

    @asynccontextmanager
    async def publishing(self) -> AsyncIterator[Publish]:
        async with self._connected() as connection:

            async def publish(payload: str) -> None:
                with _losses():
                    await connection.execute("SELECT pg_notify(%s, %s)", (INBOX_HINTS, payload))

            yield publish

    @asynccontextmanager
    async def payloads(self) -> AsyncIterator[AsyncIterator[str | bytes]]:
        async with self._connected() as connection:
            with _losses():
                await connection.execute(f"LISTEN {INBOX_HINTS}")
            async with contextlib.aclosing(_notified(connection)) as payloads:
                yield payloads

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[psycopg.AsyncConnection]:
        with _losses():
            connection = await psycopg.AsyncConnection.connect(
                self._dsn, autocommit=True, connect_timeout=_CONNECT_SECONDS
            )
        try:
            yield connection
        finally:
            await connection.close()


class _Nats:
    """Core NATS, at most once. Several servers of one cluster are separated by commas."""

    def __init__(self, url: str) -> None:
        self._servers = url.split(",")

    @asynccontextmanager
    async def publishing(self) -> AsyncIterator[Publish]:
        async with self._connected() as client:

            async def publish(payload: str) -> None:
                with _losses():
                    await client.publish(INBOX_HINTS, payload.encode())
                    # A server that hangs takes whatever it is sent, until somebody waits for its answer.
                    await client.flush(timeout=_ANSWER_SECONDS)

            yield publish

    @asynccontextmanager
    async def payloads(self) -> AsyncIterator[AsyncIterator[str | bytes]]:
        async with self._connected() as client:
            with _losses():
                subscription = await client.subscribe(INBOX_HINTS)
                await client.flush(timeout=_ANSWER_SECONDS)  # from here on the server knows
            yield (message.data async for message in subscription.messages)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Client]:
        # Reconnecting is left to those who ask, since whoever listens has to sweep after it. But for that number the
        # client would try for two minutes before it says that nobody is there.
        with _losses():
            client = await nats.connect(
                self._servers,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=_CONNECT_SECONDS,
                ping_interval=_PING_SECONDS,
                error_cb=_unsaid,
            )
        try:
            yield client
        finally:
            await client.close()


async def _notified(connection: psycopg.AsyncConnection) -> AsyncGenerator[str]:
    with _losses():
        async for notified in connection.notifies():
            yield notified.payload


async def _unsaid(_: Exception) -> None:
    """The client would log addresses; what matters of it is raised as well."""


@contextmanager
def _losses() -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, nats.errors.Error, OSError) as error:
        raise HintsLost(type(error).__name__) from None
