"""Who is in a digest: the rows of the deliveries say, those that point to its window and wait for it.

So whatever stops, moves or reads an entry takes it out, and nothing has to remember to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select, text, update

from notifications.contracts.vocabulary import Channel, DeliveryStatus
from persistence.database import Transaction
from persistence.models import Delivery, Digest, Notification
from policy.planning import WaitReason
from policy.retries import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One notification that was to be told in a digest."""

    id: UUID
    title: str
    message: str
    related_object_type: str | None
    related_object_id: str | None
    created_at: datetime
    is_in: bool
    """It waits for the digest, or was told in it; else it was read, stopped or moved before."""


class DigestEntryRepository:
    """Whoever adds or ends entries holds the inbox of their owner."""

    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def newest(self, digest_id: UUID, *, limit: int, only_in: bool = False) -> Sequence[Entry]:
        """The newest first; `only_in` leaves out those that have left."""
        is_in = _entered(digest_id, _IS_IN)
        wanted = is_in if only_in else _entered(digest_id)
        rows = await self._connection.execute(
            select(
                Notification.id,
                Notification.title,
                Notification.message,
                Notification.related_object_type,
                Notification.related_object_id,
                Notification.created_at,
                is_in.label("is_in"),
            )
            .where(wanted)
            .order_by(Notification.created_at.desc(), Notification.id.desc())
            .limit(limit)
        )
        return [Entry(**row) for row in rows.mappings()]

    async def channels(self, digest_id: UUID) -> tuple[Channel, ...]:
        """On which its entries were to go out, in the order of the channels."""
        found = await self._connection.scalars(
            select(Delivery.channel).join(Notification).where(Delivery.digest_id == digest_id, _IS_IN).distinct()
        )
        asked = set(found)
        return tuple(channel for channel in Channel if channel in asked)

    async def add(self, notification_id: UUID, digest_id: UUID, *, until: datetime) -> None:
        """Has all channels of a notification wait in a window."""
        await self._connection.execute(
            update(Delivery)
            .where(Delivery.notification_id == notification_id)
            .values(next_attempt_at=until, digest_id=digest_id)
        )

    async def put(self, delivery_id: UUID, digest_id: UUID | None) -> None:
        """A delivery is in another window, or in none."""
        await self._connection.execute(
            update(Delivery).where(Delivery.id == delivery_id).values(digest_id=digest_id, updated_at=func.now())
        )

    async def end(self, digest_id: UUID, *, now: datetime) -> Sequence[Row[Any]]:
        """Ends what waits in a window, all at once: its deliveries, as they are from then on."""
        return (await self._connection.execute(_END, {"id": digest_id, "now": now})).all()


def awaited_by(notification_id: UUID) -> Select[UUID | None]:
    """The windows of senders that a notification waits in."""
    return select(Delivery.digest_id).where(Delivery.notification_id == notification_id, _WAITS_FOR_SENDERS)


_WAITS_FOR_SENDERS = and_(Delivery.reason == WaitReason.DIGEST, Delivery.status == DeliveryStatus.SCHEDULED)
# Of a delivery with its notification, in the window that it points to.
_IS_IN = or_(
    and_(
        Delivery.reason.in_([WaitReason.DIGEST, WaitReason.OWN_DIGEST]),
        Delivery.status == DeliveryStatus.SCHEDULED,
        Notification.read_at.is_(None),
        or_(Notification.expires_at.is_(None), Notification.expires_at > func.now()),
    ),
    Delivery.reason == Reason.DIGESTED,
)


def _entered(digest_id: UUID, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether any delivery of a notification points to a window."""
    return (
        exists()
        .where(Delivery.notification_id == Notification.id, Delivery.digest_id == digest_id, *conditions)
        .correlate(Notification)
    )


HOW_MANY = (
    select(func.count(Delivery.notification_id.distinct()))
    .select_from(Delivery)
    .join(Notification)
    .where(Delivery.digest_id == Digest.id, _IS_IN)
    .correlate(Digest)
    .scalar_subquery()
)
"""Of the window that is selected."""

_END = text(
    """
    WITH ended AS (
        UPDATE deliveries AS delivery SET status = 'skipped', next_attempt_at = NULL, updated_at = now(),
            reason = CASE
                WHEN entry.read_at IS NOT NULL THEN 'already_read'
                WHEN entry.expires_at <= :now THEN 'expired'
                ELSE 'digested'
            END
        FROM notifications AS entry
        WHERE delivery.digest_id = :id AND delivery.notification_id = entry.id
            AND delivery.status = 'scheduled' AND delivery.reason IN ('digest', 'own_digest')
        RETURNING delivery.id, delivery.notification_id, delivery.channel, delivery.status, delivery.reason,
            delivery.attempts, delivery.next_attempt_at
    ), told AS (
        INSERT INTO timeline_entries (notification_id, channel, event, reason)
        SELECT notification_id, channel, status, reason FROM ended
    ), settled AS (
        UPDATE notifications SET status = 'sent', sent_at = coalesce(sent_at, now()), updated_at = now()
        WHERE id IN (SELECT notification_id FROM ended) AND NOT EXISTS (
            -- What else is to come of it, or failed, its own workflow knows.
            SELECT FROM deliveries AS other
            WHERE other.notification_id = notifications.id AND other.id NOT IN (SELECT id FROM ended)
                AND other.status NOT IN ('sent', 'delivered', 'skipped', 'cancelled')
        )
    )
    SELECT notification_id, channel, status, reason, attempts, next_attempt_at FROM ended
    """
)
