"""Revoked tokens."""

from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from api.schemas.fields import Instant, Shape
from identity.claims import LEEWAY, is_name
from notifications.contracts.limits import KEY_CHARS, USER_CHARS


def _name(value: str) -> str:
    if not is_name(value, longest=len(value)):
        raise ValueError("Must be a single line of text.")
    return value


def _as_text(value: object) -> object:
    """42 and "42" are the same user."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("Out of range.") from None


def _not_ahead(instant: datetime) -> datetime:
    # An issuer whose clock is ahead has issued tokens until then; later ones are not ours to forbid.
    if instant > datetime.now(UTC) + LEEWAY:
        raise ValueError("Must not be in the future.")
    return instant


def _ahead(instant: datetime) -> datetime:
    if instant <= datetime.now(UTC):
        raise ValueError("Must be in the future.")
    return instant


TokenId = Annotated[str, Field(min_length=1, max_length=KEY_CHARS), AfterValidator(_name)]
UserId = Annotated[str, Field(min_length=1, max_length=USER_CHARS), AfterValidator(_name), BeforeValidator(_as_text)]
Past = Annotated[Instant, AfterValidator(_in_utc), AfterValidator(_not_ahead)]
Future = Annotated[Instant, AfterValidator(_in_utc), AfterValidator(_ahead)]


class RevocationCreate(Shape):
    """Either `jti`, one token; or `user`, all of theirs."""

    jti: TokenId | None = None
    expires_at: Future | None = Field(
        default=None, description="With `jti`: the token's `exp`. Without it the revocation is remembered for good."
    )
    user: UserId | None = Field(default=None, examples=["mallory"])
    issued_before: Past | None = Field(
        default=None, description="With `user`: tokens issued since then stay good. The default is now."
    )

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        if (self.jti is None) == (self.user is None):
            raise ValueError("Give either jti or user.")
        if self.user is None and self.issued_before is not None:
            raise ValueError("issued_before goes with user.")
        if self.jti is None and self.expires_at is not None:
            raise ValueError("expires_at goes with jti.")
        return self


class Revocation(Shape):
    id: UUID
    jti: str | None
    user: str | None
    issued_before: datetime | None
    expires_at: datetime | None
    revoked_by: str
    created_at: datetime


class RevocationPage(Shape):
    count: int
    next: str | None
    previous: str | None
    results: list[Revocation]
