"""Notifications: accepting, publishing, settling and reading them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Text, bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.engine import RowMapping

from notifications.contracts.notification import NotificationRequest
from notifications.contracts.vocabulary import (
    Channel,
    DeliveryStatus,
    NotificationStatus,
    NotificationType,
    Priority,
)
from persistence import events
from persistence.database import Transaction
from persistence.drawers import drawer
from persistence.models import Delivery, Notification, Recipient
from policy.outcomes import notification_status

ITEM_COLUMNS = (
    Notification.id,
    Notification.title,
    Notification.message,
    Notification.notification_type,
    Notification.is_read,
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


# One statement, so that it is one transaction and one trip. What it reads of the world was read before.
_ACCEPT = text(
    """
    WITH added AS (
        INSERT INTO notifications (
            id, user_id, notification_type, title, message, channels, status, priority, metadata, template_key,
            related_object_type, related_object_id, group_key, notification_key, supersede_key, precondition,
            scheduled_for, expires_at, sent_at, published_at, listed_at, created_at, fingerprint, call_id, is_digest
        )
        VALUES (
            :id, :user_id, :notification_type, :title, :text, :channels, :status, :priority,
            cast(:metadata AS jsonb), :template_key, :related_object_type, :related_object_id, :group_key,
            :notification_key, :supersede_key, cast(:precondition AS jsonb), :scheduled_for, :expires_at, :sent_at,
            :published_at, :listed_at, :created_at, :fingerprint, :call_id, :is_digest
        )
        ON CONFLICT DO NOTHING
        RETURNING id
    ), delivered AS (
        INSERT INTO deliveries (
            id, notification_id, channel, status, reason, rule, subject, body, template_id, template_version,
            sent_at, delivered_at, next_attempt_at, escalates_after_seconds
        )
        SELECT one.id, added.id, channel, status, reason, rule, subject, body, template_id, template_version,
            sent_at, delivered_at, next_attempt_at, escalates_after_seconds
        FROM added, jsonb_to_recordset(cast(:deliveries AS jsonb)) AS one (
            id uuid, channel text, status text, reason text, rule text, subject text, body text,
            template_id uuid, template_version int,
            sent_at timestamptz, delivered_at timestamptz, next_attempt_at timestamptz, escalates_after_seconds int
        )
        RETURNING *
    ), told AS (
        -- What waits for its time is told by that, an entry of a digest by its window.
        INSERT INTO timeline_entries (notification_id, channel, event, reason, until)
        SELECT notification_id, channel, 'waiting', reason, next_attempt_at
        FROM delivered WHERE status = 'scheduled' AND reason NOT IN ('scheduled', 'digest')
    ), moved AS (
        INSERT INTO inboxes AS inbox (user_id, last_seq, unread_count, drawers)
        SELECT :user_id, 1, 1, jsonb_build_object(cast(:drawer AS text), 1)
        FROM added WHERE cast(:message AS jsonb) IS NOT NULL
        ON CONFLICT (user_id) DO UPDATE SET
            last_seq = inbox.last_seq + 1,
            unread_count = inbox.unread_count + 1,
            drawers = inbox.drawers
                || jsonb_build_object(cast(:drawer AS text), coalesce(cast(inbox.drawers ->> :drawer AS int), 0) + 1)
        RETURNING last_seq, unread_count
    ), appended AS (
        INSERT INTO inbox_events (user_id, seq, message, unread_count)
        SELECT :user_id, last_seq, cast(:message AS jsonb), unread_count FROM moved
    )
    SELECT id FROM added
    """
).bindparams(bindparam("channels", type_=ARRAY(TEXT)))

_STATUSES = text(
    """
    SELECT notification.status, array_agg(delivery.status) AS deliveries
    FROM notifications AS notification JOIN deliveries AS delivery ON delivery.notification_id = notification.id
    WHERE notification.id = :id
    GROUP BY notification.id
    """
)
_SETTLE = text(
    """
    UPDATE notifications SET status = :status, updated_at = now(),
        sent_at = CASE WHEN :status = 'sent' THEN now() ELSE sent_at END
    WHERE id = :id
    """
)

_OWNER = bindparam("owner", type_=Text)
_DETAIL = (
    select(Notification.__table__, Recipient.name.label("user_name"))
    .outerjoin(Recipient, Recipient.user_id == Notification.user_id)
    .where(Notification.id == bindparam("id"), or_(_OWNER.is_(None), Notification.user_id == _OWNER))
)
_DELIVERIES = select(Delivery.__table__).where(Delivery.notification_id == bindparam("id"))


class NotificationRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def accept(
        self, values: Mapping[str, Any], deliveries: Sequence[Mapping[str, Any]], message: events.Message | None
    ) -> bool:
        """Adds a notification with its deliveries and, with a `message`, its place in the inbox; all or nothing.

        False when its id is taken: then nothing was written.
        """
        added = await self._connection.execute(
            _ACCEPT,
            {
                **values,
                "text": values["message"],
                "metadata": orjson.dumps(values["metadata"]).decode(),
                "precondition": values["precondition"] and orjson.dumps(values["precondition"]).decode(),
                "deliveries": orjson.dumps(deliveries).decode(),
                "message": None if message is None else orjson.dumps(message).decode(),
                "drawer": drawer(values["notification_type"], is_read=False),
            },
        )
        if added.first() is None:
            return False
        if message is not None:
            self._transaction.moved_inboxes.add(values["user_id"])
        return True

    async def get(self, notification_id: UUID) -> RowMapping | None:
        rows = await self._connection.execute(select(Notification.__table__).where(Notification.id == notification_id))
        return rows.mappings().one_or_none()

    async def owner(self, notification_id: UUID) -> str | None:
        return await self._connection.scalar(select(Notification.user_id).where(Notification.id == notification_id))

    async def resumed(self, notification_id: UUID) -> NotificationRequest | None:
        """The request with which the workflow of an accepted notification runs once more: ids alone, no words."""
        row = await self.get(notification_id)
        if row is None:
            return None
        return NotificationRequest(
            notification_id=row["id"],
            call_id=row["call_id"],
            fingerprint=row["fingerprint"],
            user=row["user_id"],
            notification_type=NotificationType(row["notification_type"]),
            priority=Priority(row["priority"]),
            resumed=True,
        )

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
        found = (await self._connection.execute(_STATUSES, {"id": notification_id})).one()
        status = notification_status(map(DeliveryStatus, found.deliveries))
        if status != found.status:
            await self._connection.execute(_SETTLE, {"id": notification_id, "status": status.value})
        return status

    async def detail(self, notification_id: UUID, *, owner: str | None) -> Detail | None:
        """One notification in full; with an `owner`, only if it is theirs."""
        found = await self._connection.execute(_DETAIL, {"id": notification_id, "owner": owner})
        notification = found.mappings().one_or_none()
        if notification is None:
            return None
        deliveries = await self._connection.execute(_DELIVERIES, {"id": notification_id})
        rows = [dict(row) for row in deliveries.mappings()]
        return Detail(dict(notification), sorted(rows, key=lambda row: list(Channel).index(row["channel"])))
