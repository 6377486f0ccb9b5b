"""What was changed about notifications before they went out, and what was decided about them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from notifications.contracts.changes import ChangeKind
from persistence.models.base import Base, one_of


class NotificationChange(Base):
    """One change, by the id that makes it happen once. An edit's words wait here until the workflow applies them."""

    __tablename__ = "notification_changes"
    __table_args__ = (CheckConstraint(one_of("kind", ChangeKind), name="kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    notification_id: Mapped[UUID] = mapped_column(ForeignKey("notifications.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    edit: Mapped[dict[str, Any] | None]
    answer: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    applied_at: Mapped[datetime | None]


class TimelineEntry(Base):
    """A decision that no column of the notification or its deliveries keeps: put off, skipped, stopped, failed."""

    __tablename__ = "timeline_entries"
    __table_args__ = (Index("ix_timeline_entries_notification_id", "notification_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    notification_id: Mapped[UUID] = mapped_column(ForeignKey("notifications.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    channel: Mapped[str | None]
    event: Mapped[str]
    reason: Mapped[str | None]
    until: Mapped[datetime | None]
