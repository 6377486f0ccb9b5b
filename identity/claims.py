"""What the claims of a token with a good signature say: whom it stands for, and from when to when."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from identity.caller import Identity, TokenEnded, Unauthenticated
from notifications.contracts.limits import KEY_CHARS, USER_CHARS

_INVALID = "The token is not valid."
# A refresh token or one of another kind must not pass for an access token.
_ACCESS = "access"
# The clock of the issuer may be ahead of ours, and a token just issued must work at once. The end of a token
# knows no leeway: nothing is lost there but those seconds.
LEEWAY = timedelta(seconds=5)


def identity_in(claims: Mapping[str, Any], *, now: datetime) -> Identity:
    """The caller.

    Raises:
        TokenEnded: the token was good until its time ran out.
        Unauthenticated: it is not good, or not yet.
    """
    expires_at, issued_at = _instant(claims, "exp"), _instant(claims, "iat")
    if expires_at is None:
        raise Unauthenticated(_INVALID)
    if expires_at <= now:
        raise TokenEnded("The token has expired.")
    for begins_at in (issued_at, _instant(claims, "nbf")):
        if begins_at is not None and begins_at > now + LEEWAY:
            raise Unauthenticated("The token is not valid yet.")
    if claims.get("token_type", _ACCESS) != _ACCESS:
        raise Unauthenticated("The token is not an access token.")
    return Identity(
        user_id=_user_id(claims),
        is_staff=claims.get("is_staff") is True,
        expires_at=expires_at,
        token_id=_token_id(claims),
        issued_at=issued_at,
    )


def _instant(claims: Mapping[str, Any], name: str) -> datetime | None:
    """A NumericDate of RFC 7519 §2: a number of seconds, with or without a fraction; None when it is not there."""
    if name not in claims:
        return None
    seconds = claims[name]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise Unauthenticated(_INVALID)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise Unauthenticated(_INVALID) from None


def _user_id(claims: Mapping[str, Any]) -> str:
    """`user_id` as djangorestframework-simplejwt issues it, else the standard `sub`."""
    value = claims.get("user_id", claims.get("sub"))
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not is_name(value, longest=USER_CHARS):
        raise Unauthenticated("The token names no user.")
    return str(value)


def _token_id(claims: Mapping[str, Any]) -> str | None:
    """`jti`. One that no revocation could name would make a token that nobody can revoke."""
    if "jti" not in claims:
        return None
    if not is_name(claims["jti"], longest=KEY_CHARS):
        raise Unauthenticated(_INVALID)
    return str(claims["jti"])


def is_name(value: object, *, longest: int) -> bool:
    """Whether a value can name a user or a token: everywhere, and in one line."""
    return isinstance(value, str) and 0 < len(value) <= longest and value.isprintable()
