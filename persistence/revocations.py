"""Which tokens staff have revoked, in the order in which it was done."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, func, null, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from identity.caller import CannotVerify
from identity.revocations import Read, Revocation
from persistence.database import Database, DatabaseFault, Transaction
from persistence.models import TokenRevocation

Row = dict[str, Any]
# Between two readings others have their turn.
_PER_READ = 1_000


class RevocationRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def revoke_token(self, token_id: str, *, expires_at: datetime | None, by: str) -> Row:
        """Revokes one token. Said again, the later end counts, and none is the latest."""
        statement = insert(TokenRevocation).values(jti=token_id, expires_at=expires_at, revoked_by=by)
        stored, given = TokenRevocation.expires_at, statement.excluded.expires_at
        later = case((or_(stored.is_(None), given.is_(None)), null()), else_=func.greatest(stored, given))
        return await self._put(statement, TokenRevocation.jti, {"expires_at": later})

    async def revoke_user(self, user_id: str, *, issued_before: datetime, by: str) -> Row:
        """Revokes all of a user's tokens that were issued before a moment. Said again, the later moment counts."""
        statement = insert(TokenRevocation).values(user_id=user_id, issued_before=issued_before, revoked_by=by)
        later = func.greatest(TokenRevocation.issued_before, statement.excluded.issued_before)
        return await self._put(statement, TokenRevocation.user_id, {"issued_before": later})

    async def _put(self, statement: Any, key: InstrumentedAttribute[str | None], changes: dict[str, Any]) -> Row:
        # One writer at a time, readers not held up: else a `seq` could be committed after a later one was read.
        await self._connection.execute(text("LOCK TABLE token_revocations IN SHARE ROW EXCLUSIVE MODE"))
        await self._connection.execute(delete(TokenRevocation).where(TokenRevocation.expires_at < func.now()))
        rows = await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[key], set_={"seq": statement.excluded.seq, **changes}
            ).returning(TokenRevocation.__table__)
        )
        return dict(rows.mappings().one())

    async def after(self, seq: int) -> Sequence[Revocation]:
        """The next revocations after a position, in order."""
        rows = await self._connection.execute(
            select(TokenRevocation.__table__)
            .where(
                TokenRevocation.seq > seq,
                or_(TokenRevocation.expires_at.is_(None), TokenRevocation.expires_at > func.now()),
            )
            .order_by(TokenRevocation.seq)
            .limit(_PER_READ)
        )
        return [revocation_in(dict(row)) for row in rows.mappings()]

    async def count(self) -> int:
        return await self._connection.scalar(select(func.count()).select_from(TokenRevocation)) or 0

    async def page(self, *, offset: int, limit: int) -> list[Row]:
        """The newest first."""
        rows = await self._connection.execute(
            select(TokenRevocation.__table__).order_by(TokenRevocation.seq.desc()).offset(offset).limit(limit)
        )
        return [dict(row) for row in rows.mappings()]


def revocation_in(row: Row) -> Revocation:
    return Revocation(seq=row["seq"], token_id=row["jti"], user_id=row["user_id"], issued_before=row["issued_before"])


def revocations_in(database: Database) -> Read:
    """How `identity.revocations` reads them."""

    async def read(seq: int) -> Sequence[Revocation]:
        try:
            async with database.statements() as transaction:
                return await RevocationRepository(transaction).after(seq)
        except DatabaseFault:
            raise CannotVerify("What has been revoked cannot be read right now.") from None

    return read
