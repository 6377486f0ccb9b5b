"""What the housekeeping has removed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base


class RetentionRun(Base):
    """One run, counted on in the transaction of each removal, so that a crash neither forgets nor doubles any."""

    __tablename__ = "retention_runs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    removed: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """How many, by table; notifications by type, as `notifications/system`."""
