"""Anchors, and the reminders that hang on them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from notifications.contracts.reminders import ReminderStatus
from persistence.models.base import Base, Timestamped, one_of


class Anchor(Timestamped, Base):
    """The thing that reminders hang on, such as `booking:123`, and when it starts."""

    __tablename__ = "anchors"

    anchor: Mapped[str] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime]


class Reminder(Timestamped, Base):
    """One user's reminder at one offset; `content` is the request of the notification that it fires."""

    __tablename__ = "reminders"
    __table_args__ = (
        CheckConstraint(one_of("status", ReminderStatus), name="status"),
        Index("ix_reminders_waiting", "anchor", "fires_at", postgresql_where=text("status = 'waiting'")),
        Index("ix_reminders_anchor", "anchor", "user_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    anchor: Mapped[str] = mapped_column(ForeignKey("anchors.anchor", ondelete="CASCADE"))
    user_id: Mapped[str]
    offset_seconds: Mapped[int]
    fires_at: Mapped[datetime]
    status: Mapped[str]
    content: Mapped[dict[str, Any]]
    notification_id: Mapped[UUID | None]
