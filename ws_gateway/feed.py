"""Where events come from: hints say who has moved, one reader fetches, a sweep finds what no hint told.

The event rows are the truth. Whoever is behind is read for, whatever made it so: a new event, a lost hint, a
connection that resumes. So there is one way for an event to reach a socket, and it is in order of `seq`.
"""

import asyncio
from collections.abc import Iterable

import structlog

from persistence.database import Database, DatabaseFault
from persistence.hint_buses import HintsLost
from persistence.hints import listen
from persistence.inbox import InboxRepository
from ws_gateway.connections import ConnectionRegistry

_SWEEP_SECONDS = 1.0
_RETRY_SECONDS = 0.5
_EVENTS_PER_READ = 2_000
# What comes meanwhile shares the next read: the busier it is, the fewer they are, which leaves more to those who write.
_REST_SECONDS_PER_EVENT = 0.001
_LONGEST_REST_SECONDS = 0.02

log = structlog.get_logger("feed")


class EventFeed:
    def __init__(self, *, database: Database, hints_url: str, registry: ConnectionRegistry) -> None:
        self._database = database
        self._hints_url = hints_url
        self._registry = registry
        self._moved: set[str] = set()
        self._wake = asyncio.Event()
        self.sweep_finds = 0
        """Users that only the sweep found behind; near zero while hints work."""
        self.listener_losses = 0

    def wake(self, users: Iterable[str]) -> None:
        """These users may have connections that are behind."""
        self._moved.update(users)
        self._wake.set()

    async def run(self) -> None:
        """Feeds the connections until cancelled; outages of the database are waited out."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read())
            tasks.create_task(self._listen())
            tasks.create_task(self._sweep_for_ever())

    async def _read(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            users, self._moved = self._moved, set()
            positions = self._registry.positions(users)
            if not positions:
                continue
            try:
                async with self._database.statements() as transaction:
                    events = await InboxRepository(transaction).events_after(positions, most=_EVENTS_PER_READ)
            except DatabaseFault as error:
                log.warning("cannot read events", error=str(error))
                await asyncio.sleep(_RETRY_SECONDS)
                self.wake(positions)
                continue
            for event in events:
                self._registry.deliver(event)
            if len(events) == _EVENTS_PER_READ:
                self.wake(positions)
            else:
                await asyncio.sleep(min(len(events) * _REST_SECONDS_PER_EVENT, _LONGEST_REST_SECONDS))

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
        users = self._registry.users()
        if not users:
            return
        try:
            async with self._database.statements() as transaction:
                last_seqs = await InboxRepository(transaction).last_seqs(users)
        except DatabaseFault as error:
            log.warning("cannot sweep", error=str(error))
            return
        behind = [user for user in self._registry.behind(last_seqs) if user not in self._moved]
        if behind:
            self.sweep_finds += len(behind)
            self.wake(behind)
