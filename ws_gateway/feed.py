"""Where events come from: hints say who has moved, one reader fetches, a sweep finds what no hint told.

The event rows are the truth. Whoever is behind is read for, whatever made it so: a new event, a lost hint, a
connection that resumes. So there is one way for an event to reach a socket, and it is in order of `seq`. Whoever
cannot be brought there, because the rows are others now or are gone, is sent away to start afresh: it would be silent,
or wrong, for as long as its socket is well.
"""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import structlog

from persistence.database import Database, DatabaseFault
from persistence.hint_buses import HintsLost
from persistence.hints import listen
from persistence.inbox import InboxRepository
from ws_gateway.connections import Connection, ConnectionRegistry, Eviction

_SWEEP_SECONDS = 1.0
_RETRY_SECONDS = 0.5
_EVENTS_PER_READ = 2_000
# What is done for so many at once, sockets wait for: a few milliseconds.
_USERS_AT_ONCE = 1_000
# What comes meanwhile shares the next read: the busier it is, the fewer they are, which leaves more to those who write.
_REST_SECONDS_PER_EVENT = 0.001
_LONGEST_REST_SECONDS = 0.02

Item = TypeVar("Item")

log = structlog.get_logger("feed")


class EventFeed:
    def __init__(self, *, database: Database, hints_url: str, registry: ConnectionRegistry) -> None:
        self._database = database
        self._hints_url = hints_url
        self._registry = registry
        self._moved: dict[str, int] = {}
        """Who may be behind, and how far their streams go for certain."""
        self._wake = asyncio.Event()
        self.sweep_finds = 0
        """Users that only the sweep found behind; near zero while hints work."""
        self.listener_losses = 0

    def wake(self, users: Iterable[str]) -> None:
        """These users may have connections that are behind."""
        for user in users:
            self._moved.setdefault(user, 0)
        self._wake.set()

    async def run(self) -> None:
        """Feeds the connections until cancelled; outages of the database are waited out."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read_for_ever())
            tasks.create_task(self._listen())
            tasks.create_task(self._sweep_for_ever())

    async def _read_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._moved = self._registry.present(self._moved)
            try:
                rests = [await self._read(users) for users in _batches(list(self._moved))]
            except DatabaseFault as error:
                log.warning("cannot read events", error=str(error))
                rests = [_RETRY_SECONDS]
            await asyncio.sleep(max(rests, default=0))

    async def _read(self, users: list[str]) -> float:
        """Gives some who have moved what they lack; how long to rest afterwards, in seconds."""
        moved = {user: self._moved.pop(user) for user in users}
        before = self._registry.seqs(moved)
        positions = self._registry.positions(before)
        if not positions:
            return 0
        try:
            async with self._database.statements() as transaction:
                events = await InboxRepository(transaction).events_after(positions, most=_EVENTS_PER_READ)
        except DatabaseFault:
            self.wake(positions)
            raise
        is_all = len(events) < _EVENTS_PER_READ
        up_to = moved if is_all else {}
        for event in events:
            self._registry.deliver(event)
            up_to[event.user_id] = event.seq
        _send_away(self._registry.left_behind(before, up_to))
        if is_all:
            return min(len(events) * _REST_SECONDS_PER_EVENT, _LONGEST_REST_SECONDS)
        self.wake(positions)
        return 0

    async def _listen(self) -> None:
        while True:
            try:
                async for users in listen(self._hints_url):
                    if users:
                        self.wake(users)
                    else:
                        await self._sweep()  # just connected: whatever was hinted before is found now
            except HintsLost as error:
                self.listener_losses += 1
                log.warning("hints lost", error=str(error))
            await asyncio.sleep(_RETRY_SECONDS)

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            await self._sweep()

    async def _sweep(self) -> None:
        try:
            for users in _batches(self._registry.users()):
                await self._look_at(users)
        except DatabaseFault as error:
            log.warning("cannot sweep", error=str(error))

    async def _look_at(self, users: list[str]) -> None:
        """Whether they are where their streams are, and can be brought there."""
        before = self._registry.seqs(users)
        async with self._database.statements() as transaction:
            ends = await InboxRepository(transaction).last_positions(users)
        _send_away(self._registry.astray(before, ends))
        behind = {user: seq for user, seq in self._registry.behind(before, ends).items() if user not in self._moved}
        if behind:
            self.sweep_finds += len(behind)
            self._moved |= behind
            self._wake.set()


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    remaining = iter(items)
    while batch := list(islice(remaining, _USERS_AT_ONCE)):
        yield batch


def _send_away(connections: Iterable[Connection]) -> None:
    for connection in connections:
        connection.evict(Eviction.ASTRAY)
