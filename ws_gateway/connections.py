"""Who is here: each connection's queue and position, and whose it is. No sockets."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from persistence.inbox import StoredEvent
from ws_gateway import frames

# About what a phone coming out of a tunnel has to catch up with; more is faster reloaded.
_QUEUED_FRAMES = 512


class Outgoing(NamedTuple):
    frame: bytes
    committed_at: datetime | None = None
    """When its event was; none of an answer, or of an event that this connection has come too late for."""


class Connection:
    """One socket's side of the stream: what it has been given, and what still waits to be written.

    Counts are state, not events: only the newest waits. When the queue is full `on_overflow` is called,
    to close the connection so that it comes back and resumes.
    """

    def __init__(self, user_id: str, *, position: int) -> None:
        self.user_id = user_id
        self.position = position
        """The last event put into the queue."""
        self.on_overflow: Callable[[], None] = lambda: None
        self._since = datetime.now(UTC)
        self._frames: deque[Outgoing] = deque()
        self._count: bytes | None = None
        self._filled = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many frames are to be written."""
        return len(self._frames) + (self._count is not None)

    def rewind(self, seq: int) -> None:
        """Goes back to be given again what came after `seq`."""
        self.position = seq
        self._since = datetime.now(UTC)

    def put_event(self, frame: bytes, committed_at: datetime) -> None:
        self.put(frame, committed_at if committed_at >= self._since else None)

    def put(self, frame: bytes, committed_at: datetime | None = None) -> None:
        if len(self._frames) >= _QUEUED_FRAMES:
            self.on_overflow()
            return
        self._frames.append(Outgoing(frame, committed_at))
        self._filled.set()

    def put_count(self, frame: bytes) -> None:
        self._count = frame
        self._filled.set()

    async def next_frame(self) -> Outgoing:
        """The next frame to write; a count only when no event waits, so that it is never ahead of one."""
        while True:
            if self._frames:
                return self._frames.popleft()
            if self._count is not None:
                frame, self._count = self._count, None
                return Outgoing(frame)
            self._filled.clear()
            await self._filled.wait()


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

    def positions(self, users: Iterable[str]) -> dict[str, int]:
        """For each of `users` that is here, the position of the connection that is furthest behind."""
        return {
            user: min(connection.position for connection in self._by_user[user])
            for user in users
            if user in self._by_user
        }

    def behind(self, last_seqs: Mapping[str, int]) -> list[str]:
        """The users with a connection that has not been given every event."""
        return [user for user, position in self.positions(last_seqs).items() if position < last_seqs[user]]

    def deliver(self, event: StoredEvent) -> None:
        """Gives an event to each of its user's connections for which it is the next one.

        A connection that came, or went back, while the events were being read lacks earlier ones too: it
        has woken the feed, and gets all of them in their order from the next reading.
        """
        frame = count = None
        for connection in self._by_user.get(event.user_id, ()):
            if event.seq != connection.position + 1:
                continue
            # Encoded once, whatever the number of devices.
            frame = frame or orjson.dumps({**event.message, "seq": event.seq})
            connection.put_event(frame, event.created_at)
            connection.position = event.seq
            if event.unread_count is not None:
                count = count or frames.encode(frames.unread_count(event.unread_count, event.seq))
                connection.put_count(count)
