"""Wake-ups between processes: 'these users' inboxes have moved'.

A hint is never the truth and may be lost: it is sent after the commit, on a connection of its own, and the
gateway's sweep finds what a lost one would have told. It must not be sent inside the write transaction,
because a commit with a pending NOTIFY takes an instance-wide lock, and all writers queue for it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator

import orjson
import structlog

from persistence.hint_buses import MOST_BYTES, HintsLost, Publish, hint_bus

# The first hint leaves at once; those of the next few milliseconds share one payload.
_COALESCE_SECONDS = 0.01
_RECONNECT_SECONDS = 0.5

log = structlog.get_logger("hints")


class HintSender:
    """Names users to every listening gateway, soon and without ever blocking or failing the caller."""

    def __init__(self, url: str) -> None:
        self._bus = hint_bus(url)
        self._pending: set[str] = set()
        self._wake = asyncio.Event()

    def send(self, users: Iterable[str]) -> None:
        self._pending.update(users)
        self._wake.set()

    async def run(self) -> None:
        """Sends until cancelled; a lost connection costs the hints of that moment and is reopened."""
        while True:
            try:
                async with self._bus.publishing() as publish:
                    await self._send_by(publish)
            except HintsLost as error:
                log.warning("hint connection lost", error=str(error))
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def _send_by(self, publish: Publish) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            users, self._pending = self._pending, set()
            for payload in _payloads(users):
                await publish(payload)
            await asyncio.sleep(_COALESCE_SECONDS)


async def listen(url: str) -> AsyncIterator[list[str]]:
    """The users named by each hint, until the connection is lost.

    Yields once, empty, as soon as it listens: whoever sweeps at that moment has missed nothing.

    Raises:
        HintsLost: the connection is lost or was never made.
    """
    async with hint_bus(url).payloads() as payloads:
        yield []
        async for payload in payloads:
            with contextlib.suppress(orjson.JSONDecodeError):
                yield orjson.loads(payload)
    raise HintsLost("closed")


def _payloads(users: Iterable[str]) -> Iterator[str]:
    """JSON lists, each small enough for any bus."""
    batch: list[str] = []
    size = 2
    for user in users:
        cost = len(orjson.dumps(user)) + 1
        if batch and size + cost > MOST_BYTES:
            yield orjson.dumps(batch).decode()
            batch, size = [], 2
        batch.append(user)
        size += cost
    if batch:
        yield orjson.dumps(batch).decode()
