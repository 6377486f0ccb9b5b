"""Many notifications accepted at once: what `NotificationRepository.accept` writes for one, for a page of a batch."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import TextClause, text

from persistence import events
from persistence.database import Transaction
from persistence.drawers import drawer

Rows = Sequence[Mapping[str, Any]]

# A page holds the inboxes of everybody before the one it waits for, and nobody should wait with it for long.
_YIELD = text("SELECT set_config('lock_timeout', '500ms', true)")
_ROWS_AT_A_TIME = 100


class PageRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def accept(self, notifications: Rows, deliveries: Rows, messages: Mapping[str, events.Message]) -> None:
        """Adds one notification for each of many users, with its deliveries; `messages` are the events, by user.

        All are of one type.

        Those that are there already stay as they are. Inboxes are locked in the order of their users, so that
        two pages never wait for one another.

        Raises:
            DatabaseUnavailable: somebody is busy with one of the inboxes; nothing was added.
        """
        if not notifications:
            return
        await self._connection.execute(_YIELD)
        await self._connection.execute(
            _statement(tuple(notifications[0]), tuple(deliveries[0])),
            {
                "notifications": await _json(notifications),
                "deliveries": await _json(deliveries),
                "messages": orjson.dumps(messages).decode(),
                "drawer": drawer(notifications[0]["notification_type"], is_read=False),
            },
        )
        self._transaction.moved_inboxes.update(messages)


async def _json(rows: Rows) -> str:
    """A list, written a piece at a time: others wait for the event loop."""
    pieces = []
    for first in range(0, len(rows), _ROWS_AT_A_TIME):
        pieces.append(orjson.dumps(rows[first : first + _ROWS_AT_A_TIME])[1:-1])
        await asyncio.sleep(0)
    return f"[{b','.join(pieces).decode()}]"


@cache
def _statement(notification: tuple[str, ...], delivery: tuple[str, ...]) -> TextClause:
    """One statement for the given columns, which are those that acceptance has drafted."""
    return text(
        f"""
        WITH added AS (
            INSERT INTO notifications ({", ".join(notification)})
            SELECT {", ".join(notification)}
            FROM jsonb_populate_recordset(CAST(NULL AS notifications), CAST(:notifications AS jsonb))
            ON CONFLICT DO NOTHING
            RETURNING id, user_id
        ), delivered AS (
            INSERT INTO deliveries ({", ".join(delivery)})
            SELECT {", ".join(f"one.{column}" for column in delivery)}
            FROM jsonb_populate_recordset(CAST(NULL AS deliveries), CAST(:deliveries AS jsonb)) AS one
            JOIN added ON added.id = one.notification_id
            RETURNING *
        ), waiting AS (
            INSERT INTO timeline_entries (notification_id, channel, event, reason, until)
            SELECT notification_id, channel, 'waiting', reason, next_attempt_at
            FROM delivered WHERE status = 'scheduled' AND reason NOT IN ('scheduled', 'digest')
        ), told AS (
            SELECT user_id, message
            FROM added JOIN jsonb_each(CAST(:messages AS jsonb)) AS one (user_id, message) USING (user_id)
        ), moved AS (
            INSERT INTO inboxes AS inbox (user_id, last_seq, unread_count, drawers)
            SELECT user_id, 1, 1, jsonb_build_object(CAST(:drawer AS text), 1) FROM told ORDER BY user_id
            ON CONFLICT (user_id) DO UPDATE SET
                last_seq = inbox.last_seq + 1,
                unread_count = inbox.unread_count + 1,
                drawers = inbox.drawers || jsonb_build_object(
                    CAST(:drawer AS text), coalesce(CAST(inbox.drawers ->> :drawer AS int), 0) + 1
                )
            RETURNING user_id, last_seq, unread_count
        )
        INSERT INTO inbox_events (user_id, seq, message, unread_count)
        SELECT user_id, last_seq, message, unread_count FROM moved JOIN told USING (user_id)
        """  # noqa: S608 - the columns are this program's own
    )
