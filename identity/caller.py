"""Who is calling, and the two ways of not knowing: the credential is no good, or nobody can tell right now."""

from dataclasses import dataclass
from datetime import datetime


class Unauthenticated(Exception):
    """No acceptable credential. Its sentence is for the caller, and holds nothing of the credential."""


class TokenEnded(Unauthenticated):
    """A token that was good until its time ran out, or until it was revoked."""


class CannotVerify(Exception):
    """Whether a credential is good cannot be told right now; the same one may be accepted later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A caller. `user_id` is text, whatever the claim was: 42 and "42" are the same user."""

    user_id: str
    is_staff: bool
    expires_at: datetime
    token_id: str | None = None
    """The token's `jti`."""
    issued_at: datetime | None = None
    """The token's `iat`."""
