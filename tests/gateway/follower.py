"""A client that wants every event of its user once, through whatever happens to gateways; and what makes the events."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import cycle

from socket_client import Frame, joined, resume_query
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from deploy.local.launch import LaunchedStack
from persistence import events
from persistence.database import Database
from persistence.inbox import InboxRepository

_EVENT = events.all_read(is_read=True, up_to_seq=None)
_LONGEST_BACKOFF_SECONDS = 0.5


class Follower:
    """Comes back to any of the addresses whenever it is thrown out, and resumes."""

    def __init__(self, stack: LaunchedStack, user: str, addresses: Callable[[], Sequence[str]]) -> None:
        self.user = user
        self.seqs: list[int] = []
        """Of all events it was given, in the order in which they came."""
        self.arrived: dict[int, float] = {}
        self.reloads = 0
        """Times that it was not resumed, and would have had to load its inbox anew."""
        self.closed: Counter[int] = Counter()
        self.joined = asyncio.Event()
        self._stack = stack
        self._addresses = addresses
        self._position: Frame | None = None

    async def follow(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self._listen(random.choice(self._addresses()))  # noqa: S311 - spreads load, keeps no secret
            except ConnectionClosed as closed:
                self.closed[closed.rcvd.code if closed.rcvd else 1006] += 1
            except (InvalidHandshake, OSError):
                # As docs/protocol.md has it, with shorter times.
                await asyncio.sleep(random.uniform(0, _LONGEST_BACKOFF_SECONDS))  # noqa: S311 - as above

    async def _listen(self, address: str) -> None:
        query = resume_query(self._position) if self._position else ""
        async with joined(self._stack, self.user, url=address, query=query) as socket:
            if self._position and not socket.established["resumed"]:
                self.reloads += 1
            self._position = self._position or socket.established
            self.joined.set()
            while True:
                frame = await socket.received()
                if frame["type"] == "notification_update":
                    self.seqs.append(frame["seq"])
                    self.arrived.setdefault(frame["seq"], asyncio.get_running_loop().time())
                    self._position["seq"] = frame["seq"]


@asynccontextmanager
async def followed(
    stack: LaunchedStack, users: Sequence[str], addresses: Callable[[], Sequence[str]]
) -> AsyncIterator[list[Follower]]:
    """A follower per user, all of them there."""
    followers = [Follower(stack, user, addresses) for user in users]
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(follower.follow()) for follower in followers]
        async with asyncio.timeout(30):
            for follower in followers:
                await follower.joined.wait()
        try:
            yield followers
        finally:
            for task in running:
                task.cancel()


class Traffic:
    """Events for some users in turn, at a steady rate, from one writer."""

    def __init__(self, database: Database, users: Sequence[str], *, per_second: float) -> None:
        self.committed: dict[str, list[float]] = {user: [] for user in users}
        """For each user the moments of the commits; the first is that of `seq` 1."""
        self._database = database
        self._per_second = per_second
        self._stopping = asyncio.Event()
        self._flowing: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._flowing = asyncio.create_task(self._flow())

    async def stop(self) -> None:
        if self._flowing is not None:
            self._stopping.set()
            await self._flowing
            self._flowing = None

    async def _flow(self) -> None:
        """Each event at the moment at which it is due, however long the others took."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number, user in enumerate(cycle(self.committed)):
            with suppress(TimeoutError):
                async with asyncio.timeout_at(start + number / self._per_second):
                    await self._stopping.wait()
            if self._stopping.is_set():
                return
            async with self._database.transaction() as transaction:
                await InboxRepository(transaction).append(user, [_EVENT])
            self.committed[user].append(loop.time())

    @property
    def events(self) -> int:
        return sum(map(len, self.committed.values()))
