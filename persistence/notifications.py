"""Notifications: accepting, publishing, settling and reading them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import RowMapping

from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationStatus
from persistence.database import Transaction
from persistence.models import Delivery, Notification, Recipient
from policy.outcomes import notification_status

ITEM_COLUMNS = (
    Notification.id,
    Notification.title,
    Notification.message,
    Notification.notification_type,
    Notification.read_at.is_not(None).label("is_read"),
    Notification.created_at,
    Notification.details.label("metadata"),
    Notification.related_object_type,
    Notification.related_object_id,
    Notification.group_key,
)
"""The columns of one entry of an inbox, as in `events.ITEM_FIELDS`."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One notification in full: its row, its owner's name, its deliveries' rows in channel order."""

    notification: dict[str, Any]
    deliveries: Sequence[dict[str, Any]]


class NotificationRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def insert(self, values: Mapping[str, Any]) -> bool:
        """Adds a notification unless its id is taken; whether it did."""
        added = await self._connection.execute(
            insert(Notification).values(**values).on_conflict_do_nothing().returning(Notification.id)
        )
        return added.first() is not None

    async def get(self, notification_id: UUID) -> RowMapping | None:
        rows = await self._connection.execute(select(Notification.__table__).where(Notification.id == notification_id))
        return rows.mappings().one_or_none()

    async def owner(self, notification_id: UUID) -> str | None:
        return await self._connection.scalar(select(Notification.user_id).where(Notification.id == notification_id))

    async def publish(self, notification_id: UUID) -> dict[str, Any] | None:
        """Lets a waiting notification enter its owner's inbox; None when it is there already."""
        rows = await self._connection.execute(
            update(Notification)
            .where(Notification.id == notification_id, Notification.published_at.is_(None))
            .values(published_at=func.now(), listed_at=func.now(), updated_at=func.now())
            .returning(*ITEM_COLUMNS)
        )
        row = rows.mappings().one_or_none()
        return None if row is None else dict(row)

    async def settle(self, notification_id: UUID) -> NotificationStatus:
        """Brings the notification's status in line with its deliveries', and returns it."""
        statuses = await self._connection.scalars(
            select(Delivery.status).where(Delivery.notification_id == notification_id)
        )
        status = notification_status(map(DeliveryStatus, statuses))
        sent_at = {"sent_at": func.now()} if status is NotificationStatus.SENT else {}
        await self._connection.execute(
            update(Notification)
            .where(Notification.id == notification_id, Notification.status != status)
            .values(status=status, updated_at=func.now(), **sent_at)
        )
        return status

    async def detail(self, notification_id: UUID, *, owner: str | None) -> Detail | None:
        """One notification in full; with an `owner`, only if it is theirs."""
        mine = [Notification.user_id == owner] if owner is not None else []
        found = await self._connection.execute(
            select(Notification.__table__, Recipient.name.label("user_name"))
            .outerjoin(Recipient, Recipient.user_id == Notification.user_id)
            .where(Notification.id == notification_id, *mine)
        )
        notification = found.mappings().one_or_none()
        if notification is None:
            return None
        deliveries = await self._connection.execute(
            select(Delivery.__table__).where(Delivery.notification_id == notification_id)
        )
        rows = [dict(row) for row in deliveries.mappings()]
        return Detail(dict(notification), sorted(rows, key=lambda row: list(Channel).index(row["channel"])))
