"""Socket tickets: issued for a verified token, taken once, soon.

A browser can put nothing but a URL into a WebSocket handshake, and URLs end up in logs. So it asks for a
ticket over REST and puts that there: by the time anybody reads the log, it is worth nothing.
"""

import hashlib
import secrets
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert

from persistence.database import Transaction
from persistence.models import SocketTicket

LIFETIME_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whom a ticket stands for, and which token it was issued for: when that is good no longer, so is the ticket."""

    user_id: str
    is_staff: bool
    token_expires_at: datetime
    token_id: str | None
    token_issued_at: datetime | None


class TicketRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def issue(self, holder: Holder) -> str:
        """A new ticket; what has expired of everybody's is swept out on the way."""
        ticket = secrets.token_urlsafe(32)
        await self._connection.execute(delete(SocketTicket).where(SocketTicket.expires_at < func.now()))
        await self._connection.execute(
            insert(SocketTicket).values(
                digest=_digest(ticket),
                **asdict(holder),
                expires_at=func.now() + timedelta(seconds=LIFETIME_SECONDS),
            )
        )
        return ticket

    async def take(self, ticket: str) -> Holder | None:
        """Whom a ticket stands for; None when it is unknown, expired or taken. It is worth nothing afterwards."""
        rows = await self._connection.execute(
            delete(SocketTicket)
            .where(SocketTicket.digest == _digest(ticket))
            .returning(SocketTicket, (SocketTicket.expires_at > func.now()).label("in_time"))
        )
        row = rows.one_or_none()
        if row is None or not row.in_time:
            return None
        return Holder(**{field.name: getattr(row, field.name) for field in fields(Holder)})


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode(errors="replace")).digest()
