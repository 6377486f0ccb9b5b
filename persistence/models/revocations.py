"""Tokens that are good no longer, whatever they say themselves."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base


class TokenRevocation(Base):
    """One token by its `jti`, or all of a user's that were issued before a moment; one row for each of them.

    `seq` rises in the order of commits, so that a process that has read up to one has missed none before it.
    """

    __tablename__ = "token_revocations"
    __table_args__ = (
        CheckConstraint(
            "num_nonnulls(jti, user_id) = 1 AND num_nonnulls(jti, issued_before) = 1", name="a_token_or_a_user"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    jti: Mapped[str | None] = mapped_column(unique=True)
    user_id: Mapped[str | None] = mapped_column(unique=True)
    issued_before: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    """When the token ends by itself, and this row is of no more use; None when nobody said."""
    revoked_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
