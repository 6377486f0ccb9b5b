"""Marking notifications read, unread and seen: one by one, or the whole inbox with one event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP

from notifications.contracts.vocabulary import NotificationType
from persistence import events
from persistence.database import Transaction
from persistence.drawers import Folder, Moves
from persistence.inbox import InboxRepository

# A fraction of a second's work, and a few hundred kilobytes: an inbox of any size is marked in such steps.
_STEP = {"most": 5_000}
_THE_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReadChange:
    """What marking read or unread did: the rows that changed, and those asked for that are the user's."""

    changed: int
    found: frozenset[UUID]
    unread_count: int


class ReadingRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
        self._inbox = InboxRepository(transaction)

    async def mark_read(self, user_id: str, ids: Sequence[UUID], *, is_read: bool) -> ReadChange:
        """Marks the given notifications of the user, one event each; others' ids are as if unknown.

        One statement, which needs no transaction around it.
        """
        nobody = UUID(int=0)
        parameters = {
            "user_id": user_id,
            "ids": list(ids),
            "is_read": is_read,
            "message": orjson.dumps(events.read_changed(nobody, is_read=is_read)).decode(),
        }
        done = (await self._connection.execute(_MARK_READ, parameters)).one()
        if done.unread_count is None:
            # Nothing was ever told to this user, so there is no inbox row as yet to take a turn at.
            await self._inbox.lock(user_id)
            done = (await self._connection.execute(_MARK_READ, parameters)).one()
        if done.changed:
            self._transaction.moved_inboxes.add(user_id)
        return ReadChange(done.changed, frozenset(done.found), done.unread_count)

    async def mark_all(self, user_id: str, *, is_read: bool, up_to_seq: int | None = None) -> ReadChange:
        """Marks the whole inbox with one event.

        With `up_to_seq`, only what had arrived by that event, so that nothing unseen is swallowed.
        """
        state = await self._inbox.lock(user_id)
        reached = state.seq if up_to_seq is None else min(up_to_seq, state.seq)
        moves, changed = Moves(), 0
        for kind in NotificationType:
            if state.drawers.count([kind], is_read=not is_read):
                count = await self._mark_drawer(user_id, kind, is_read=is_read, up_to_seq=reached)
                moves.leave(Folder.INBOX, kind, is_read=not is_read, count=count)
                moves.enter(Folder.INBOX, kind, is_read=is_read, count=count)
                changed += count
        if not changed:
            return ReadChange(0, frozenset(), state.unread_count)
        told = [events.all_read(is_read=is_read, up_to_seq=up_to_seq)]
        return ReadChange(changed, frozenset(), await self._inbox.append(user_id, told, moves))

    async def mark_seen(self, user_id: str, ids: Sequence[UUID] | None) -> int:
        """Marks the given notifications, or the whole inbox, as seen, with one event; how many had not been."""
        await self._inbox.lock(user_id)
        if ids is None:
            changed, marked = await self._see_all(user_id), None
        else:
            marked = (await self._connection.scalars(_SEE, {"user_id": user_id, "ids": list(ids)})).all()
            changed = len(marked)
        if changed:
            await self._inbox.append(user_id, [events.seen(marked)])
        return changed

    async def _mark_drawer(self, user_id: str, kind: NotificationType, *, is_read: bool, up_to_seq: int) -> int:
        parameters = {"user_id": user_id, "kind": kind, "is_read": is_read, "up_to_seq": up_to_seq}
        place: dict[str, Any] = {"listed_at": _THE_END, "id": UUID(int=2**128 - 1)}
        changed = 0
        while True:
            step = (await self._connection.execute(_MARK_DRAWER, parameters | place | _STEP)).one()
            changed += int(step.changed)
            if step.visited < _STEP["most"]:
                return changed
            place = {"listed_at": step.listed_at, "id": step.id}

    async def _see_all(self, user_id: str) -> int:
        changed = 0
        while True:
            step = (await self._connection.execute(_SEE_SOME, {"user_id": user_id} | _STEP)).rowcount
            changed += step
            if step < _STEP["most"]:
                return changed


# The user's turn is taken and the work done in one trip. What waits for its turn finds the rows as they are after
# it: PostgreSQL looks again at each row that was changed in the meantime. The counts are moved by ON CONFLICT, which
# starts from the newest row; a plain UPDATE would first check its constraints against the one from before the wait.
_MARK_READ = text(
    """
    WITH turn AS MATERIALIZED (
        SELECT user_id, unread_count FROM inboxes WHERE user_id = :user_id FOR NO KEY UPDATE
    ), mine AS (
        SELECT id FROM notifications WHERE user_id = :user_id AND id = ANY(:ids)
    ), changed AS (
        UPDATE notifications AS entry
        SET read_at = CASE WHEN :is_read THEN now() END, updated_at = now()
        FROM turn
        WHERE entry.user_id = turn.user_id AND entry.id = ANY(:ids) AND entry.is_read <> :is_read
        RETURNING entry.id, entry.notification_type, entry.folder
    ), moves AS (
        SELECT notification_type || CASE WHEN enters = :is_read THEN '/read' ELSE '/unread' END AS drawer,
            sum(CASE WHEN enters THEN 1 ELSE -1 END) AS entries
        FROM changed, (VALUES (true), (false)) AS side (enters)
        WHERE folder = 'inbox'
        GROUP BY drawer
    ), told AS (
        SELECT count(*) AS events,
            count(*) FILTER (WHERE folder = 'inbox') * CASE WHEN :is_read THEN -1 ELSE 1 END AS unread,
            (SELECT coalesce(jsonb_object_agg(drawer, entries), '{}') FROM moves) AS moves
        FROM changed
    ), moved AS (
        INSERT INTO inboxes AS inbox (user_id) SELECT :user_id FROM told WHERE events > 0
        ON CONFLICT (user_id) DO UPDATE SET
            last_seq = inbox.last_seq + (SELECT events FROM told),
            unread_count = inbox.unread_count + (SELECT unread FROM told),
            drawers = drawers_after(inbox.drawers, (SELECT moves FROM told))
        RETURNING last_seq, unread_count
    ), appended AS (
        INSERT INTO inbox_events (user_id, seq, message, unread_count)
        SELECT :user_id, moved.last_seq - told.events + number,
            jsonb_set(cast(:message AS jsonb), '{data,notification_id}', to_jsonb(cast(id AS text))),
            CASE WHEN number = told.events AND told.unread <> 0 THEN moved.unread_count END
        FROM moved, told, (SELECT id, row_number() OVER () AS number FROM changed) AS listed
    )
    SELECT told.events AS changed, ARRAY(SELECT id FROM mine) AS found,
        coalesce((SELECT unread_count FROM moved), (SELECT unread_count FROM turn)) AS unread_count
    FROM told
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))

# One step through a drawer, newest first. What arrived after the event is passed over.
_MARK_DRAWER = text(
    """
    WITH step AS (
        SELECT id, listed_at FROM notifications
        WHERE user_id = :user_id AND folder = 'inbox' AND notification_type = :kind AND is_read = NOT :is_read
            AND (listed_at, id) < (:listed_at, :id)
        ORDER BY listed_at DESC, id DESC
        LIMIT :most
    ), changed AS (
        UPDATE notifications AS entry
        SET read_at = CASE WHEN :is_read THEN now() END, updated_at = now()
        FROM step
        WHERE entry.id = step.id AND NOT EXISTS (
            SELECT FROM inbox_events AS event
            WHERE event.user_id = :user_id AND event.seq > :up_to_seq
                AND event.message ->> 'type' = 'new_notification'
                AND cast(event.message -> 'notification' ->> 'id' AS uuid) = entry.id
        )
        RETURNING entry.id
    )
    SELECT (SELECT count(*) FROM changed) AS changed, (SELECT count(*) FROM step) AS visited, last.listed_at, last.id
    FROM (SELECT) AS always LEFT JOIN (SELECT * FROM step ORDER BY listed_at, id LIMIT 1) AS last ON true
    """
).bindparams(bindparam("listed_at", type_=TIMESTAMP(timezone=True)), bindparam("id", type_=Uuid))

_SEE_SOME = text(
    """
    UPDATE notifications SET seen_at = now(), updated_at = now()
    WHERE id = ANY(ARRAY(
        SELECT id FROM notifications WHERE user_id = :user_id AND folder = 'inbox' AND seen_at IS NULL LIMIT :most
    ))
    """
)

_SEE = text(
    """
    UPDATE notifications SET seen_at = now(), updated_at = now()
    WHERE user_id = :user_id AND id = ANY(:ids) AND seen_at IS NULL
    RETURNING id
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))
