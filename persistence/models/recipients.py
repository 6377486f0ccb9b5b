"""Who is reached, where, and what they have switched on or off."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from notifications.contracts.vocabulary import DigestFrequency
from persistence.models.base import Base, Timestamped, one_of


class Recipient(Timestamped, Base):
    """A person as the marketplace knows them. Addresses live here and nowhere else."""

    __tablename__ = "recipients"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(server_default="")
    email: Mapped[str | None]
    phone_number: Mapped[str | None]
    push_tokens: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    locale: Mapped[str] = mapped_column(server_default="en")
    time_zone: Mapped[str] = mapped_column(server_default="UTC")


class NotificationSetting(Timestamped, Base):
    """One user's switches for one type. No row, or null, is one that the user has not touched."""

    __tablename__ = "notification_settings"
    __table_args__ = (UniqueConstraint("user_id", "notification_type"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    user_id: Mapped[str]
    notification_type: Mapped[str]
    in_app_enabled: Mapped[bool | None]
    email_enabled: Mapped[bool | None]
    sms_enabled: Mapped[bool | None]
    push_enabled: Mapped[bool | None]


class PreferenceProfile(Timestamped, Base):
    """What a person wants whatever the type. Not the marketplace's to forget, so not a part of the recipient."""

    __tablename__ = "preference_profiles"
    __table_args__ = (
        CheckConstraint(one_of("digest", DigestFrequency), name="digest"),
        CheckConstraint("daily_limit > 0", name="daily_limit"),
        Index(
            "ix_preference_profiles_next_summary_at",
            "next_summary_at",
            "user_id",
            postgresql_where=text("next_summary_at IS NOT NULL"),
        ),
    )

    user_id: Mapped[str] = mapped_column(primary_key=True)
    in_app_enabled: Mapped[bool | None]
    email_enabled: Mapped[bool | None]
    sms_enabled: Mapped[bool | None]
    push_enabled: Mapped[bool | None]
    opted_out_channels: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    quiet_hours: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    digest: Mapped[str] = mapped_column(server_default="off")
    digest_time: Mapped[str] = mapped_column(server_default="09:00")
    """The local time of a daily digest, `HH:MM`."""
    daily_limit: Mapped[int | None]
    """External, non-urgent messages within a day."""
    weekly_summary: Mapped[bool] = mapped_column(server_default=text("false"))
    next_summary_at: Mapped[datetime | None]
    """Set as long as summaries are wanted; see `persistence.summaries`."""
    summary_week: Mapped[str | None]
    """The last week that is done with, told or not."""
