"""Who is reached, where, and what they have switched on or off."""

from uuid import UUID

from sqlalchemy import UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Timestamped


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
    """One user's switches for one type. No row means the type's defaults."""

    __tablename__ = "notification_settings"
    __table_args__ = (UniqueConstraint("user_id", "notification_type"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    user_id: Mapped[str]
    notification_type: Mapped[str]
    in_app_enabled: Mapped[bool]
    email_enabled: Mapped[bool]
    sms_enabled: Mapped[bool]
    push_enabled: Mapped[bool]
