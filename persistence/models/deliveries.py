"""One notification on one channel, and every try at it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from notifications.contracts.vocabulary import Channel, DeliveryStatus
from persistence.models.base import Base, Timestamped, one_of
from policy.retries import Outcome


class Delivery(Timestamped, Base):
    """`subject` and `body` are what this channel says, rendered once, at acceptance.

    `key_generation` counts the provider idempotency keys used so far; see `names.send_key`.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("notification_id", "channel"),
        CheckConstraint(one_of("status", DeliveryStatus), name="status"),
        CheckConstraint(one_of("channel", Channel), name="channel"),
        Index(
            "ix_deliveries_provider_message_id",
            "provider_message_id",
            postgresql_where=text("provider_message_id IS NOT NULL"),
        ),
        Index("ix_deliveries_digest", "digest_id", postgresql_where=text("digest_id IS NOT NULL")),
        Index("ix_deliveries_created_at", text("created_at DESC"), text("id DESC")),
        Index(
            "ix_deliveries_failed",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_where=text("status = 'failed'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    notification_id: Mapped[UUID] = mapped_column(ForeignKey("notifications.id", ondelete="CASCADE"))
    channel: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str | None]
    rule: Mapped[str]
    """Which rule of `policy.channels` decided at acceptance."""
    subject: Mapped[str] = mapped_column(server_default="")
    body: Mapped[str] = mapped_column(server_default="")
    template_id: Mapped[UUID | None]
    template_version: Mapped[int | None]
    """The version whose words these are, in `template_versions`; null for a caller's own words."""
    provider: Mapped[str | None]
    provider_message_id: Mapped[str | None]
    provider_status: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    key_generation: Mapped[int] = mapped_column(server_default=text("0"))
    redrives: Mapped[int] = mapped_column(server_default=text("0"))
    earlier_attempts: Mapped[int] = mapped_column(server_default=text("0"))
    """Made before it was last redriven, after which the waits between attempts begin anew."""
    next_attempt_at: Mapped[datetime | None]
    """Set while it waits: for its time, or to be tried again."""
    escalates_after_seconds: Mapped[int | None]
    """Sent only if the notification is still unread this long after it entered the inbox."""
    digest_id: Mapped[UUID | None] = mapped_column(ForeignKey("digests.id", ondelete="SET NULL"))
    """The window that gathers it. It is in there while it waits for that, and was told if its reason says so."""
    has_slot: Mapped[bool] = mapped_column(server_default=text("false"))
    """It was given a slot of its person's attention budget, and goes out without asking again."""
    unanswered_since: Mapped[datetime | None]
    """Since when nobody could say whether it is still true."""
    answer_holds_until: Mapped[datetime | None]
    """Until then it may be tried once without asking again."""
    cancel_requested_at: Mapped[datetime | None]
    """Cancelled while a provider was being asked, whose answer decides."""
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]


class Attempt(Base):
    """One try of a delivery at a provider, written before the call and completed after it.

    One that stays `started` belongs to a process that died in between; its key tells whether the
    provider had accepted it.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        CheckConstraint(one_of("outcome", Outcome), name="outcome"),
        Index("ix_attempts_started_at", "started_at"),
    )

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    key_generation: Mapped[int]
    outcome: Mapped[str] = mapped_column(server_default=Outcome.STARTED.value)
    status_code: Mapped[int | None]
    retry_after_seconds: Mapped[float | None]
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    finished_at: Mapped[datetime | None]
