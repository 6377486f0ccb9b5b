"""Single-use entries to a socket."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base


class SocketTicket(Base):
    """Kept as a digest: who reads the table cannot use what is in it."""

    __tablename__ = "socket_tickets"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    is_staff: Mapped[bool] = mapped_column(server_default=text("false"))
    token_expires_at: Mapped[datetime]
    token_id: Mapped[str | None]
    token_issued_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
