"""Notifications as they are asked for and answered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from api.schemas.content import Content
from api.schemas.deliveries import ChannelDelivery
from api.schemas.fields import Instant, Shape
from api.schemas.words import Key, PreconditionWord, TypeWord, UserId
from notifications.contracts import limits
from notifications.contracts.vocabulary import Channel, NotificationStatus, NotificationType


class NotificationContent(Content):
    notification_type: TypeWord
    notification_key: Key | None = None
    scheduled_for: Instant | None = None
    expires_at: Instant | None = None
    precondition: PreconditionWord | None = None
    digest: dict[str, Any] | None = Field(
        default=None,
        description="Told together with others of the same user, type and key. The window, for the first of them to "
        "open, is `duration` with `seconds`, `quiet` with `seconds` and `at_most_seconds`, `count` with `count` and "
        "`at_most_seconds`, or `daily` with `at`, on the person's own clock: "
        '`{"key": "workshop:7", "window": {"kind": "quiet", "seconds": 300, "at_most_seconds": 3600}}`. '
        "Goes without `escalation`, `scheduled_for` or `precondition`.",
    )


class NotificationCreate(NotificationContent):
    user: UserId


class MarkRead(Shape):
    """No ids means all of them."""

    notification_ids: list[UUID] | None = Field(default=None, max_length=limits.IDS_PER_CALL)
    is_read: bool = True


class MarkSeen(Shape):
    """No ids means all of them."""

    notification_ids: list[UUID] | None = Field(default=None, max_length=limits.IDS_PER_CALL)


class BulkDelete(Shape):
    notification_ids: list[UUID] = Field(min_length=1, max_length=limits.IDS_PER_CALL)


class NotificationItem(Shape):
    id: UUID
    title: str
    message: str
    notification_type: NotificationType
    is_read: bool
    created_at: datetime
    time_since: str
    metadata: dict[str, Any]
    related_object_type: str | None
    related_object_id: str | None
    group_key: str | None


class NotificationSlice(Shape):
    """A page by its place in the list."""

    next: str | None
    previous: str | None
    results: list[NotificationItem]


class NotificationPage(NotificationSlice):
    """A page by its number."""

    count: int


class NotificationDetail(NotificationItem):
    user: str
    user_name: str
    delivery_channel: Channel
    delivery_channels: list[Channel]
    deliveries: list[ChannelDelivery]
    read_at: datetime | None
    is_seen: bool
    seen_at: datetime | None
    digested_in: UUID | None
    """The digest that told of it: a notification of its own."""
    archived_at: datetime | None
    snoozed_until: datetime | None
    status: NotificationStatus
    scheduled_for: datetime | None
    sent_at: datetime | None
    expires_at: datetime | None
    notification_key: str | None
    priority: str
    updated_at: datetime


class AcceptedSoon(Shape):
    id: UUID
    status: NotificationStatus


class Confirmation(Shape):
    message: str


class UpdatedCount(Confirmation):
    updated_count: int


class UnreadCount(Shape):
    unread_count: int


class DeletedCount(Confirmation):
    deleted_count: int


class CountOfType(Shape):
    total: int
    unread: int


class Stats(Shape):
    unread_count: int
    total_count: int
    by_type: dict[NotificationType, CountOfType]
    recent_notifications: list[NotificationItem]


class NotificationGroup(Shape):
    group_key: str
    group_type: str
    count: int
    latest_notification: NotificationItem
    notifications: list[NotificationItem]
