"""The words that staff keep, by key, channel and locale."""

from uuid import UUID

from sqlalchemy import UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Timestamped


class Template(Timestamped, Base):
    __tablename__ = "templates"
    __table_args__ = (UniqueConstraint("key", "delivery_channel", "locale"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    key: Mapped[str]
    name: Mapped[str]
    notification_type: Mapped[str]
    delivery_channel: Mapped[str]
    locale: Mapped[str] = mapped_column(server_default="en")
    subject_template: Mapped[str] = mapped_column(server_default="")
    body_template: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
