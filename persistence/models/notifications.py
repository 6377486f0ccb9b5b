"""One message for one recipient, and how its owner has treated it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from notifications.contracts.vocabulary import NotificationStatus, NotificationType
from persistence.models.base import Base, Timestamped, one_of


class Notification(Timestamped, Base):
    """`published_at` is when it entered the inbox: null while it waits, and for ever without in_app.

    `listed_at` orders every list: the creation, moved to the publication of one that was scheduled, so
    that a reminder accepted weeks ago appears on top when it appears.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint(one_of("status", NotificationStatus), name="status"),
        CheckConstraint(one_of("notification_type", NotificationType), name="notification_type"),
        Index(
            "ix_notifications_inbox",
            "user_id",
            text("listed_at DESC"),
            text("id DESC"),
            postgresql_where=text("published_at IS NOT NULL"),
        ),
        Index(
            "ix_notifications_unread",
            "user_id",
            text("listed_at DESC"),
            text("id DESC"),
            postgresql_where=text("published_at IS NOT NULL AND read_at IS NULL"),
        ),
        Index("ix_notifications_user_all", "user_id", text("listed_at DESC"), text("id DESC")),
        Index("ix_notifications_pending", "user_id", "id", postgresql_where=text("status = 'pending'")),
        Index(
            "ix_notifications_superseded",
            "user_id",
            "supersede_key",
            postgresql_where=text("status = 'pending' AND supersede_key IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    notification_type: Mapped[str]
    title: Mapped[str]
    message: Mapped[str]
    channels: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    status: Mapped[str] = mapped_column(server_default=NotificationStatus.PENDING.value)
    priority: Mapped[str]
    # Named apart from `Base.metadata`.
    details: Mapped[dict[str, Any]] = mapped_column("metadata", server_default=text("'{}'"))
    template_key: Mapped[str | None]
    related_object_type: Mapped[str | None]
    related_object_id: Mapped[str | None]
    group_key: Mapped[str | None]
    notification_key: Mapped[str | None]
    supersede_key: Mapped[str | None]
    scheduled_for: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    listed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    read_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    fingerprint: Mapped[str]
    call_id: Mapped[str]
