"""One message for one recipient, and how its owner has treated it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from notifications.contracts.vocabulary import NotificationStatus, NotificationType
from persistence.drawers import FOLDER
from persistence.models.base import Base, Timestamped, one_of

_NEWEST_FIRST = (text("listed_at DESC"), text("id DESC"))


class Notification(Timestamped, Base):
    """`published_at` is when it entered the inbox: null while it waits, and for ever without in_app.

    `listed_at` orders every list: the creation, moved to the publication of one that was scheduled, so
    that a reminder accepted weeks ago appears on top when it appears, and to the end of a snooze.

    `archived_at` and `snoozed_until` are never both set, and only once it was published: it is in one
    `folder`. Every list is one folder, or one drawer of it by type and reading, in the order of an index.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint(one_of("status", NotificationStatus), name="status"),
        CheckConstraint(one_of("notification_type", NotificationType), name="notification_type"),
        CheckConstraint("archived_at IS NULL OR snoozed_until IS NULL", name="one_folder"),
        Index("ix_notifications_newest", *_NEWEST_FIRST),
        Index("ix_notifications_folder", "user_id", "folder", *_NEWEST_FIRST),
        Index("ix_notifications_drawer", "user_id", "folder", "notification_type", "is_read", *_NEWEST_FIRST),
        Index(
            "ix_notifications_group",
            "user_id",
            "folder",
            "group_key",
            *_NEWEST_FIRST,
            postgresql_where=text("group_key IS NOT NULL"),
        ),
        Index(
            "ix_notifications_grouped",
            "user_id",
            "folder",
            *_NEWEST_FIRST,
            postgresql_include=["group_key"],
            postgresql_where=text("group_key IS NOT NULL"),
        ),
        Index(
            "ix_notifications_related",
            "user_id",
            "folder",
            "related_object_type",
            "related_object_id",
            *_NEWEST_FIRST,
            postgresql_where=text("related_object_id IS NOT NULL"),
        ),
        Index(
            "ix_notifications_unsettled",
            "user_id",
            "folder",
            "status",
            *_NEWEST_FIRST,
            postgresql_where=text("status <> 'sent'"),
        ),
        Index(
            "ix_notifications_unseen",
            "user_id",
            postgresql_where=text("folder = 'inbox' AND seen_at IS NULL"),
        ),
        Index(
            "ix_notifications_waiting_about",
            "related_object_type",
            "related_object_id",
            "id",
            postgresql_where=text("status = 'pending' AND related_object_id IS NOT NULL"),
        ),
        Index("ix_notifications_pending", "user_id", "id", postgresql_where=text("status = 'pending'")),
        Index(
            "ix_notifications_batch",
            "batch_id",
            "user_id",
            "status",
            postgresql_where=text("batch_id IS NOT NULL"),
        ),
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
    is_digest: Mapped[bool] = mapped_column(server_default=text("false"))
    """It tells what its person's own digest has gathered, and is not gathered again."""
    precondition: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """The contract's `Precondition`. Its address may hold a secret, and is shown to nobody."""
    scheduled_for: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    listed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    read_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    folder: Mapped[str] = mapped_column(Computed(FOLDER, persisted=True))
    is_read: Mapped[bool] = mapped_column(Computed("read_at IS NOT NULL", persisted=True))
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id"))
    fingerprint: Mapped[str]
    call_id: Mapped[str]
