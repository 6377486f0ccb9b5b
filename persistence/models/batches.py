"""The same notification for many, and who they are."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from notifications.contracts.batches import BatchStatus
from persistence.models.base import Base, one_of


class Batch(Base):
    """One batch and how far it has come, locked and moved on in the transaction of each page.

    `total` is how many there are to be notified: exact for named users and once it is over; for an
    audience that is still being walked through, how many it counted at acceptance.
    """

    __tablename__ = "batches"
    __table_args__ = (
        CheckConstraint(one_of("status", BatchStatus), name="status"),
        Index("ix_batches_newest", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    call_id: Mapped[str]
    fingerprint: Mapped[str]
    content: Mapped[dict[str, Any]]
    """A `NotificationRequest` without its user."""
    audience: Mapped[dict[str, Any] | None]
    """Null when the users are named, in `batch_users`."""
    status: Mapped[str] = mapped_column(server_default=BatchStatus.PENDING.value)
    total: Mapped[int]
    accepted: Mapped[int] = mapped_column(server_default=text("0"))
    failures: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """How many recipients' notifications could not be accepted, by reason."""
    accepted_up_to: Mapped[str | None]
    """The last user, in order, whose page has been accepted."""
    started_up_to: Mapped[str | None]
    """The last user up to whom every notification that waits or leaves through a provider has its workflow."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class BatchUser(Base):
    __tablename__ = "batch_users"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
