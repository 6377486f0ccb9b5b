"""The windows in which notifications are gathered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from notifications.contracts.vocabulary import NotificationType
from persistence.models.base import Base, Timestamped, one_of


class Digest(Timestamped, Base):
    """One window of one user, key and type. Its entries are the deliveries with its id.

    `closes_at` is as of the last entry; whoever closes it asks again.
    """

    __tablename__ = "digests"
    __table_args__ = (
        CheckConstraint(one_of("notification_type", NotificationType), name="notification_type"),
        Index(
            "ix_digests_open",
            "user_id",
            "key",
            "notification_type",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_digests_user", "user_id", text("opened_at DESC"), text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    user_id: Mapped[str]
    key: Mapped[str]
    notification_type: Mapped[str]
    window: Mapped[dict[str, Any]]
    opened_at: Mapped[datetime]
    last_entry_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    total: Mapped[int | None]
    """The entries that it told of, once it is closed; without any, it told nothing."""
