"""Who is here: each connection's queue and position, and whose it is. No sockets."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

import orjson

from persistence.inbox import Position, StoredEvent
from ws_gateway import frames

# About what a phone coming out of a tunnel has to catch up with; more is faster reloaded.
_QUEUED_FRAMES = 512


class Eviction(StrEnum):
    """Why a connection is ended, for its client to come back and resume."""

    SLOW = "slow"
    """It does not read what it is given."""
    ASTRAY = "astray"
    """Nothing can be given to it any more: its stream does not have its position, or not what comes next."""


class Outgoing(NamedTuple):
    frame: bytes
    committed_at: datetime | None = None
    """When its event was; none of an answer, or of an event that this connection has come too late for."""


class Connection:
    """One socket's side of the stream: what it has been given, and what still waits to be written.

    Counts are state, not events: only the newest waits. When the queue is full the connection is evicted.
    """

    def __init__(self, user_id: str, position: Position) -> None:
        self.user_id = user_id
        self.epoch, self.seq = position
        """The last event put into the queue."""
        self.evict: Callable[[Eviction], None] = lambda _: None
        self._since = datetime.now(UTC)
        self._frames: deque[Outgoing] = deque()
        self._count: bytes | None = None
        self._awaited: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> int:
        """How many frames are to be written."""
        return len(self._frames) + (self._count is not None)

    def rewind(self, position: Position) -> None:
        """Goes back to be given again what came after `position`."""
        self.epoch, self.seq = position
        self._since = datetime.now(UTC)

    def put_event(self, frame: bytes, committed_at: datetime) -> None:
        self.put(frame, committed_at if committed_at >= self._since else None)

    def put(self, frame: bytes, committed_at: datetime | None = None) -> None:
        if len(self._frames) >= _QUEUED_FRAMES:
            self.evict(Eviction.SLOW)
            return
        self._frames.append(Outgoing(frame, committed_at))
        self._wake()

    def put_count(self, frame: bytes) -> None:
        self._count = frame
        self._wake()

    async def next_frame(self) -> Outgoing:
        """The next frame to write; a count only when no event waits, so that it is never ahead of one."""
        while True:
            if self._frames:
                return self._frames.popleft()
            if self._count is not None:
                frame, self._count = self._count, None
                return Outgoing(frame)
            self._awaited = asyncio.get_running_loop().create_future()
            await self._awaited

    def _wake(self) -> None:
        # An asyncio.Event would do, with a lock and a deque more for each of many sockets.
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_result(None)


class ConnectionRegistry:
    """The live connections of this process, by user."""

    def __init__(self) -> None:
        self._by_user: defaultdict[str, set[Connection]] = defaultdict(set)

    def __len__(self) -> int:
        return sum(map(len, self._by_user.values()))

    def add(self, connection: Connection) -> None:
        self._by_user[connection.user_id].add(connection)

    def remove(self, connection: Connection) -> None:
        connections = self._by_user[connection.user_id]
        connections.discard(connection)
        if not connections:
            del self._by_user[connection.user_id]

    def queue_depths(self) -> list[int]:
        """How many frames wait at each connection."""
        return [connection.waiting for connections in self._by_user.values() for connection in connections]

    def users(self) -> list[str]:
        return list(self._by_user)

    def present(self, moved: Mapping[str, int]) -> dict[str, int]:
        """Of the users who have moved, those who are here."""
        return {user: seq for user, seq in moved.items() if user in self._by_user}

    def seqs(self, users: Iterable[str]) -> dict[Connection, int]:
        """How far each connection of `users` is."""
        return {connection: connection.seq for user in users for connection in self._by_user.get(user, ())}

    def positions(self, seqs: Mapping[Connection, int]) -> dict[str, int]:
        """For each user of these connections, how far the one is that is furthest behind."""
        positions: dict[str, int] = {}
        for connection, seq in seqs.items():
            positions[connection.user_id] = min(seq, positions.get(connection.user_id, seq))
        return positions

    def behind(self, connections: Iterable[Connection], ends: Mapping[str, Position]) -> dict[str, int]:
        """The users of those that have not been given every event, and how far their streams go."""
        return {
            connection.user_id: end.seq
            for connection in connections
            if (end := ends.get(connection.user_id)) and connection.seq < end.seq
        }

    def astray(self, before: Mapping[Connection, int], ends: Mapping[str, Position]) -> list[Connection]:
        """Those whose position is not in their stream, which is gone, made anew, or shorter.

        `before` is how far each was before the ends were read: what it has been given since may be beyond them.
        """
        return [
            connection
            for connection, seq in before.items()
            if (end := ends.get(connection.user_id)) is None
            or connection.epoch != end.epoch
            or min(seq, connection.seq) > end.seq
        ]

    def left_behind(self, before: Mapping[Connection, int], up_to: Mapping[str, int]) -> list[Connection]:
        """Those that lack events though all that are kept have been delivered, for each user up to a `seq`.

        `before` is how far each was before the events were read; who has gone back since is read for again.
        """
        return [
            connection for connection, seq in before.items() if seq <= connection.seq < up_to.get(connection.user_id, 0)
        ]

    def deliver(self, event: StoredEvent) -> None:
        """Gives an event to each of its user's connections for which it is the next one.

        A connection that came, or went back, while the events were being read lacks earlier ones too: it
        has woken the feed, and gets all of them in their order from the next reading.
        """
        frame = count = None
        for connection in self._by_user.get(event.user_id, ()):
            if event.seq != connection.seq + 1:
                continue
            # Encoded once, whatever the number of devices.
            frame = frame or orjson.dumps({**event.message, "seq": event.seq})
            connection.put_event(frame, event.created_at)
            connection.seq = event.seq
            if event.unread_count is not None:
                count = count or frames.encode(frames.unread_count(event.unread_count, event.seq))
                connection.put_count(count)
