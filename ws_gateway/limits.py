"""How much one client, and all of them together, may ask of this process."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from persistence.database import DatabaseUnavailable

# An application that comes back may have a handful of marks to tell; nobody types this fast.
_BURST_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    connections: int
    """Open sockets of this process, as counted when a handshake begins."""
    connections_per_user: int
    handshakes: int
    """Connections that have not finished their handshake."""
    handshake_seconds: float
    messages_per_second: float


class Allowance:
    """A token bucket that may be overdrawn: five seconds' worth at once, then so many a second."""

    __slots__ = ("_at", "_clock", "_left", "_per_second", "most")

    def __init__(self, per_second: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self.most = max(1.0, per_second * _BURST_SECONDS)
        self._left = self.most
        self._at = clock()

    def spend(self) -> float:
        """Takes one; how many are left. Below nothing, this one was too many."""
        now = self._clock()
        self._left = min(self.most, self._left + (now - self._at) * self._per_second) - 1
        self._at = now
        return self._left


class NoSeat(Exception):
    """The user has as many connections here as one may have."""


class Seats:
    """How many connections each user has in this process."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._taken: Counter[str] = Counter()

    def take(self, user_id: str) -> None:
        """One more; the newest is refused, so that two too many never push each other out in turn.

        Raises:
            NoSeat: there is none.
        """
        if self._taken[user_id] >= self._each:
            raise NoSeat
        self._taken[user_id] += 1

    def give_back(self, user_id: str) -> None:
        self._taken[user_id] -= 1
        if not self._taken[user_id]:
            del self._taken[user_id]


class Turns:
    """Who arrives asks the database in turn, so that ten thousand who arrive together leave some of it for the feed."""

    def __init__(self, at_once: int, *, seconds: float) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._seconds = seconds

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Waits for a turn, and ends it with the block.

        Raises:
            DatabaseUnavailable: it did not come in time.
        """
        try:
            async with asyncio.timeout(self._seconds):
                await self._free.acquire()
        except TimeoutError:
            raise DatabaseUnavailable("no turn") from None
        try:
            yield
        finally:
            self._free.release()
