"""The inbox: counters and events that move together, in one transaction with what they tell of.

Every transaction that touches a user's inbox locks its row before anything else of that user that exists
already. That one order makes counts exact, events gap-free, and deadlocks impossible.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import bindparam, func, select, text

from persistence import events
from persistence.database import Transaction
from persistence.drawers import Drawers, Moves
from persistence.models import Inbox, InboxEvent


class Position(NamedTuple):
    """A place in a stream: after its event `seq`. Of another epoch, it is in another stream."""

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class InboxState:
    """Where a user's stream stands. Shapes: `epoch` a UUID, `seq` of the last event, exact counts."""

    epoch: str
    seq: int
    unread_count: int
    drawers: Drawers = field(default_factory=Drawers)

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.seq)


class StoredEvent(NamedTuple):
    user_id: str
    seq: int
    message: dict[str, Any]
    unread_count: int | None
    created_at: datetime


# The first event of an inbox cannot take anything out of it; PostgreSQL checks the row that it would insert even
# when it then updates the one that is there, so that row holds what enters alone.
_APPEND = text(
    """
    WITH moved AS (
        INSERT INTO inboxes AS inbox (user_id, last_seq, unread_count, drawers)
        VALUES (:user_id, :events, greatest(:unread, 0), cast(:entered AS jsonb))
        ON CONFLICT (user_id) DO UPDATE SET
            last_seq = inbox.last_seq + excluded.last_seq,
            unread_count = inbox.unread_count + :unread,
            drawers = CASE WHEN :counted THEN drawers_after(inbox.drawers, cast(:moves AS jsonb)) ELSE inbox.drawers END
        RETURNING last_seq, unread_count
    ), appended AS (
        INSERT INTO inbox_events (user_id, seq, message, unread_count)
        SELECT :user_id, moved.last_seq - :events + number, message,
               CASE WHEN number = :events AND :unread <> 0 THEN moved.unread_count END
        FROM moved, jsonb_array_elements(cast(:messages AS jsonb)) WITH ORDINALITY AS listed (message, number)
    )
    SELECT last_seq, unread_count FROM moved
    """
)

# A write that changes nothing, so that one trip both makes the row and locks it.
_LOCK = text(
    """
    INSERT INTO inboxes AS inbox (user_id) VALUES (:user_id)
    ON CONFLICT (user_id) DO UPDATE SET last_seq = inbox.last_seq
    RETURNING epoch, last_seq, unread_count, drawers
    """
)

# One look at the index for each user. As a plain join it reads a new month from end to end until PostgreSQL has
# gathered statistics of it, once for every hint. What is known comes as JSON, which is written and read in a fraction
# of an array's time.
_AFTER = text(
    """
    SELECT event.user_id, event.seq, event.message, event.unread_count, event.created_at
    FROM json_each_text(cast(:positions AS json)) AS known (user_id, seq)
    CROSS JOIN LATERAL (
        SELECT * FROM inbox_events
        WHERE inbox_events.user_id = known.user_id AND inbox_events.seq > cast(known.seq AS bigint)
        ORDER BY inbox_events.seq
        LIMIT :most
    ) AS event
    ORDER BY event.user_id, event.seq
    LIMIT :most
    """
)


class InboxRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def append(self, user_id: str, messages: Sequence[events.Message], moves: Moves | None = None) -> int:
        """Adds events, and counts what the change that they tell of has moved; returns the unread count after it."""
        moves = moves or Moves()
        row = (
            await self._connection.execute(
                _APPEND,
                {
                    "user_id": user_id,
                    "events": len(messages),
                    "messages": orjson.dumps(messages).decode(),
                    "entered": orjson.dumps(moves.entered).decode(),
                    "moves": orjson.dumps(moves.by_drawer).decode(),
                    "unread": moves.unread,
                    "counted": bool(moves.by_drawer),
                },
            )
        ).one()
        self._transaction.moved_inboxes.add(user_id)
        return int(row.unread_count)

    async def lock(self, user_id: str) -> InboxState:
        """Takes the user's turn: until the transaction ends, nothing else moves this inbox."""
        return _state((await self._connection.execute(_LOCK, {"user_id": user_id})).one())

    async def state(self, user_id: str) -> InboxState:
        """Where the stream stands; a user without one gets it, so that its epoch is kept from now on."""
        row = (await self._connection.execute(_STATE, {"user_id": user_id})).one_or_none()
        return _state(row) if row else await self.lock(user_id)

    async def unread_count(self, user_id: str) -> int:
        return await self._connection.scalar(_UNREAD_COUNT, {"user_id": user_id}) or 0

    async def drawers(self, user_id: str) -> Drawers:
        """How many notifications the inbox holds, by type and reading."""
        entries = await self._connection.scalar(select(Inbox.drawers).where(Inbox.user_id == user_id))
        return Drawers(entries or {})

    async def last_positions(self, users: Sequence[str]) -> Mapping[str, Position]:
        """Where the stream of each user who has one ends; the gateway's sweep."""
        rows = await self._connection.execute(_LAST_POSITIONS, {"users": orjson.dumps(users).decode()})
        return {user_id: Position(epoch, seq) for user_id, epoch, seq in rows}

    async def events_after(self, positions: Mapping[str, int], *, most: int) -> list[StoredEvent]:
        """Events of several users, each after that user's position, by user in order of `seq`."""
        rows = await self._connection.execute(_AFTER, {"positions": orjson.dumps(positions).decode(), "most": most})
        return [StoredEvent._make(row) for row in rows]

    async def has_events(self, user_id: str, *, after: int, up_to: int) -> bool:
        """Whether every event between two positions is still kept."""
        if after == up_to:
            return True
        kept = await self._connection.scalar(_KEPT, {"user_id": user_id, "after": after, "up_to": up_to})
        return bool(kept == up_to - after)


_UNREAD_COUNT = select(Inbox.unread_count).where(Inbox.user_id == bindparam("user_id"))
_STATE = select(Inbox.epoch, Inbox.last_seq, Inbox.unread_count, Inbox.drawers).where(
    Inbox.user_id == bindparam("user_id")
)
# Of ten thousand users at once, so PostgreSQL spells the epochs.
_LAST_POSITIONS = text(
    """
    SELECT user_id, cast(epoch AS text), last_seq
    FROM inboxes JOIN json_array_elements_text(cast(:users AS json)) AS asked (user_id) USING (user_id)
    """
)
_KEPT = select(func.count()).where(
    InboxEvent.user_id == bindparam("user_id"),
    InboxEvent.seq > bindparam("after"),
    InboxEvent.seq <= bindparam("up_to"),
)


def _state(row: Any) -> InboxState:
    return InboxState(
        epoch=str(row.epoch), seq=row.last_seq, unread_count=row.unread_count, drawers=Drawers(row.drawers)
    )
