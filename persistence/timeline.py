"""The story of one notification: every decision, attempt and change of status, with its time and reason.

Most of it lies in the rows themselves; only what no column keeps is written apart, in `timeline_entries`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from persistence.database import Transaction


@dataclass(frozen=True, slots=True)
class Moment:
    """`reason` is a word of `policy`: a rule, a reason to wait, to stop or to fail, an attempt's outcome."""

    at: datetime
    event: str
    channel: str | None
    reason: str | None
    until: datetime | None
    attempt: int | None
    status_code: int | None


# `place` orders what happened in one transaction, and so at one instant.
_STORY = text(
    """
    SELECT at, event, channel, reason, until, attempt, status_code FROM (
        SELECT 0 AS place, created_at AS at, 'accepted' AS event, NULL AS channel, template_key AS reason,
            scheduled_for AS until, NULL::int AS attempt, NULL::int AS status_code
        FROM notifications WHERE id = :id
        UNION ALL
        SELECT 1, created_at, 'decided', channel, rule, NULL, NULL, NULL
        FROM deliveries WHERE notification_id = :id
        UNION ALL
        SELECT 2, published_at, 'published', 'in_app', NULL, NULL, NULL, NULL
        FROM notifications WHERE id = :id AND published_at IS NOT NULL
        UNION ALL
        SELECT 3, at, event, channel, reason, until, NULL, NULL
        FROM timeline_entries WHERE notification_id = :id
        UNION ALL
        SELECT 3, coalesce(applied_at, created_at), 'change_' || kind, NULL, NULL, NULL, NULL, NULL
        FROM notification_changes WHERE notification_id = :id
        UNION ALL
        SELECT 4, started_at, 'attempt_started', channel, NULL, NULL, number, NULL
        FROM attempts JOIN deliveries ON deliveries.id = delivery_id WHERE notification_id = :id
        UNION ALL
        SELECT 5, finished_at, 'attempt_ended', channel, outcome, NULL, number, status_code
        FROM attempts JOIN deliveries ON deliveries.id = delivery_id
        WHERE notification_id = :id AND finished_at IS NOT NULL
        UNION ALL
        SELECT 6, sent_at, 'sent', channel, NULL, NULL, NULL, NULL
        FROM deliveries WHERE notification_id = :id AND sent_at IS NOT NULL AND channel <> 'in_app'
        UNION ALL
        SELECT 7, delivered_at, 'delivered', channel, NULL, NULL, NULL, NULL
        FROM deliveries WHERE notification_id = :id AND delivered_at IS NOT NULL AND channel <> 'in_app'
        UNION ALL
        SELECT 8, read_at, 'read', NULL, NULL, NULL, NULL, NULL
        FROM notifications WHERE id = :id AND read_at IS NOT NULL
    ) AS story
    ORDER BY at, place
    """
)


class TimelineRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def of(self, notification_id: UUID) -> Sequence[Moment]:
        """In the order in which it happened; empty when there is no such notification."""
        return [Moment(*row) for row in await self._connection.execute(_STORY, {"id": notification_id})]
