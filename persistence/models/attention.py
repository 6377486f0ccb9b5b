"""What people with a daily limit were given of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base


class AttentionSlot(Base):
    """A slot given to one delivery. Without a foreign key: a message that was deleted had been seen all the same."""

    __tablename__ = "attention_slots"
    __table_args__ = (Index("ix_attention_slots_user_id", "user_id", "taken_at"),)

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    taken_at: Mapped[datetime]
    """When it was given, moved to the start of each attempt."""
