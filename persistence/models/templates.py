"""The words that staff keep, by key, channel and locale, and all that they ever were."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Timestamped


class Worded:
    """What a version of a template consists of."""

    key: Mapped[str]
    name: Mapped[str]
    notification_type: Mapped[str]
    delivery_channel: Mapped[str]
    locale: Mapped[str] = mapped_column(server_default="en")
    subject_template: Mapped[str] = mapped_column(server_default="")
    body_template: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))


class Template(Worded, Timestamped, Base):
    """The current version of each template."""

    __tablename__ = "templates"
    __table_args__ = (UniqueConstraint("key", "delivery_channel", "locale"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    version: Mapped[int] = mapped_column(server_default=text("1"))


class TemplateVersion(Worded, Base):
    """Every version of each template, the current one included.

    They outlive their template, without a foreign key to it: deliveries name the version that they said.
    """

    __tablename__ = "template_versions"

    template_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
