"""The inbox: counters and events that move together, in one transaction with what they tell of.

Every transaction that touches a user's inbox locks its row before anything else of that user that exists
already. That one order makes counts exact, events gap-free, and deadlocks impossible.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ScalarSelect, bindparam, cast, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, TEXT

from notifications.contracts.vocabulary import NotificationStatus
from persistence import events
from persistence.database import Transaction
from persistence.models import Inbox, InboxEvent, Notification


@dataclass(frozen=True, slots=True)
class InboxState:
    """Where a user's stream stands. Shapes: `epoch` a UUID, `seq` of the last event, exact counts."""

    epoch: str
    seq: int
    unread_count: int


@dataclass(frozen=True, slots=True)
class StoredEvent:
    user_id: str
    seq: int
    message: dict[str, Any]
    unread_count: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReadChange:
    """What marking read or unread did: the rows that changed, and those asked for that are the user's."""

    changed: int
    found: frozenset[UUID]
    unread_count: int


_APPEND = text(
    """
    WITH moved AS (
        INSERT INTO inboxes AS inbox (user_id, last_seq, unread_count)
        VALUES (:user_id, :events, greatest(:unread, 0))
        ON CONFLICT (user_id) DO UPDATE SET
            last_seq = inbox.last_seq + excluded.last_seq,
            unread_count = inbox.unread_count + :unread
        RETURNING last_seq, unread_count
    ), appended AS (
        INSERT INTO inbox_events (user_id, seq, message, unread_count)
        SELECT :user_id, moved.last_seq - :events + number, message,
               CASE WHEN number = :events AND :counted THEN moved.unread_count END
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
    RETURNING epoch, last_seq, unread_count
    """
)

_AFTER = text(
    """
    SELECT event.user_id, event.seq, event.message, event.unread_count, event.created_at
    FROM unnest(:users, :positions) AS known (user_id, seq)
    JOIN inbox_events AS event ON event.user_id = known.user_id AND event.seq > known.seq
    ORDER BY event.user_id, event.seq
    LIMIT :most
    """
).bindparams(bindparam("users", type_=ARRAY(TEXT)), bindparam("positions", type_=ARRAY(BIGINT)))


class InboxRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def append(self, user_id: str, messages: Sequence[events.Message], *, unread: int = 0) -> int:
        """Adds events and moves the unread count by `unread`; returns the count after it."""
        row = (
            await self._connection.execute(
                _APPEND,
                {
                    "user_id": user_id,
                    "events": len(messages),
                    "messages": orjson.dumps(messages).decode(),
                    "unread": unread,
                    "counted": unread != 0,
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
        row = (await self._connection.execute(select(*_STATE).where(Inbox.user_id == user_id))).one_or_none()
        return _state(row) if row else await self.lock(user_id)

    async def unread_count(self, user_id: str) -> int:
        return await self._connection.scalar(_UNREAD_COUNT, {"user_id": user_id}) or 0

    async def last_seqs(self, users: Sequence[str]) -> Mapping[str, int]:
        """Each user's last event; the gateway's sweep."""
        rows = await self._connection.execute(
            select(Inbox.user_id, Inbox.last_seq).where(
                Inbox.user_id == func.any(bindparam("users", users, ARRAY(TEXT)))
            )
        )
        return {row.user_id: row.last_seq for row in rows}

    async def events_after(self, positions: Mapping[str, int], *, most: int) -> list[StoredEvent]:
        """Events of several users, each after that user's position, by user in order of `seq`."""
        rows = await self._connection.execute(
            _AFTER, {"users": list(positions), "positions": list(positions.values()), "most": most}
        )
        return [StoredEvent(*row) for row in rows]

    async def mark_read(self, user_id: str, ids: Sequence[UUID], *, is_read: bool) -> ReadChange:
        """Marks the given notifications of the user, one event each; others' ids are as if unknown."""
        state = await self.lock(user_id)
        mine = (Notification.user_id == user_id, Notification.id.in_(ids))
        found = frozenset((await self._connection.scalars(select(Notification.id).where(*mine))).all())
        changed = (
            await self._connection.execute(
                update(Notification)
                .where(*mine, Notification.read_at.is_(None) if is_read else Notification.read_at.is_not(None))
                .values(_read_values(is_read=is_read))
                .returning(Notification.id, Notification.published_at)
            )
        ).all()
        if not changed:
            return ReadChange(0, found, state.unread_count)
        # What never entered the inbox was never counted.
        counted = sum(row.published_at is not None for row in changed)
        unread = await self.append(
            user_id,
            [events.read_changed(row.id, is_read=is_read) for row in changed],
            unread=-counted if is_read else counted,
        )
        return ReadChange(len(changed), found, unread)

    async def delete(self, user_id: str, ids: Sequence[UUID]) -> int:
        """Deletes the given notifications of the user; how many there were.

        What was still to be delivered is not: the last check before each send finds nothing to send.
        """
        await self.lock(user_id)
        rows = (
            await self._connection.execute(
                delete(Notification)
                .where(Notification.user_id == user_id, Notification.id.in_(ids))
                .returning(Notification.id, Notification.published_at, Notification.read_at, Notification.status)
            )
        ).all()
        if rows:
            unread = sum(row.published_at is not None and row.read_at is None for row in rows)
            await self.append(user_id, [events.deleted(row.id) for row in rows], unread=-unread)
            if any(row.status == NotificationStatus.PENDING for row in rows):
                self._transaction.freed_slots.add(user_id)
        return len(rows)

    async def mark_all(self, user_id: str, *, is_read: bool, up_to_seq: int | None = None) -> ReadChange:
        """Marks the whole inbox with one event.

        With `up_to_seq`, only what had arrived by that event, so that nothing unseen is swallowed.
        """
        state = await self.lock(user_id)
        affected = [
            Notification.user_id == user_id,
            Notification.published_at.is_not(None),
            Notification.read_at.is_(None) if is_read else Notification.read_at.is_not(None),
        ]
        if up_to_seq is not None and up_to_seq < state.seq:
            affected.append(cast(Notification.id, TEXT).not_in(_arrived_after(user_id, up_to_seq)))
        result = await self._connection.execute(
            update(Notification).where(*affected).values(_read_values(is_read=is_read))
        )
        if not result.rowcount:
            return ReadChange(0, frozenset(), state.unread_count)
        unread = await self.append(
            user_id,
            [events.all_read(is_read=is_read, up_to_seq=up_to_seq)],
            unread=-result.rowcount if is_read else result.rowcount,
        )
        return ReadChange(result.rowcount, frozenset(), unread)


def _arrived_after(user_id: str, seq: int) -> ScalarSelect[str]:
    """Ids, as text, of the notifications that entered the inbox after an event."""
    return (
        select(InboxEvent.message["notification"]["id"].astext)
        .where(
            InboxEvent.user_id == user_id,
            InboxEvent.seq > seq,
            InboxEvent.message["type"].astext == "new_notification",
        )
        .scalar_subquery()
    )


_UNREAD_COUNT = select(Inbox.unread_count).where(Inbox.user_id == bindparam("user_id"))
_STATE = (Inbox.epoch, Inbox.last_seq, Inbox.unread_count)


def _state(row: Any) -> InboxState:
    return InboxState(epoch=str(row.epoch), seq=row.last_seq, unread_count=row.unread_count)


def _read_values(*, is_read: bool) -> dict[str, Any]:
    return {"read_at": func.now() if is_read else None, "updated_at": func.now()}
