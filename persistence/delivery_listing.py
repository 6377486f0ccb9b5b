"""Deliveries as staff look for them: whose, where and how they ended, never what they said or to which address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal_column, select

from notifications.contracts.vocabulary import Channel, DeliveryStatus
from persistence.database import Transaction
from persistence.models import Attempt, Delivery, Notification
from persistence.slicing import Cursor, Place, Slice, slice_of

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """What a list shows; everything given must hold."""

    status: DeliveryStatus | None = None
    channel: Channel | None = None
    reason: str | None = None
    user: str | None = None
    notification: UUID | None = None


class DeliveryListing:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def slice(self, filter: DeliveryFilter, cursor: Cursor | None, *, limit: int) -> Slice:
        """Newest first."""
        return await slice_of(self._connection, _ENTRIES.where(*_conditions(filter)), _PLACE, cursor, limit=limit)

    async def get(self, delivery_id: UUID) -> Row | None:
        rows = await self._connection.execute(_ENTRIES.where(Delivery.id == delivery_id))
        row = rows.mappings().one_or_none()
        return None if row is None else dict(row)

    async def attempts(self, delivery_id: UUID) -> Sequence[Row]:
        """Every try of a delivery, in order."""
        rows = await self._connection.execute(
            select(Attempt.__table__).where(Attempt.delivery_id == delivery_id).order_by(Attempt.number)
        )
        return [dict(row) for row in rows.mappings()]


_ENTRIES: Select[*tuple[Any, ...]] = select(
    Delivery.id,
    Delivery.notification_id,
    Notification.user_id,
    Delivery.channel,
    Delivery.status,
    Delivery.reason,
    Delivery.provider,
    Delivery.provider_message_id,
    Delivery.attempts,
    Delivery.redrives,
    Delivery.next_attempt_at,
    Delivery.created_at,
    Delivery.updated_at,
    Delivery.sent_at,
    Delivery.delivered_at,
).join(Notification, Notification.id == Delivery.notification_id)
_PLACE = Place(Delivery.created_at, Delivery.id)


def _conditions(filter: DeliveryFilter) -> list[ColumnElement[bool]]:
    wanted = {
        Delivery.channel: filter.channel,
        Delivery.reason: filter.reason,
        Notification.user_id: filter.user,
        Delivery.notification_id: filter.notification,
    }
    # Written out, because a partial index serves only a status that is known when the plan is made.
    status = [] if filter.status is None else [Delivery.status == literal_column(f"'{filter.status.value}'")]
    return [*status, *(column == value for column, value in wanted.items() if value is not None)]
