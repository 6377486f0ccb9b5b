"""JSON Web Tokens: what makes one acceptable, and who it says is calling.

After RFC 8725: the algorithm is bound to the key and never taken from the token, `exp` is required, and
audience and issuer are checked when they are configured.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt

from notifications.contracts.limits import USER_CHARS

_ALGORITHM = "HS256"
# A refresh token or one of another kind must not pass for an access token.
_ACCESS = "access"
TOKEN_CHARS = 8_192


class Unauthenticated(Exception):
    """No acceptable credential. `expired` tells one that was good until its time ran out."""

    def __init__(self, detail: str, *, expired: bool = False) -> None:
        super().__init__(detail)
        self.expired = expired


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A caller. `user_id` is text, whatever the claim was: 42 and "42" are the same user."""

    user_id: str
    is_staff: bool
    expires_at: datetime


class TokenVerifier:
    def __init__(self, *, secret: str, audience: str | None = None, issuer: str | None = None) -> None:
        self._secret = secret
        self._audience = audience
        self._issuer = issuer

    def verify(self, token: str) -> Identity:
        """The caller that a token stands for.

        Raises:
            Unauthenticated: with a sentence that tells the caller what is wrong, and nothing of the token.
        """
        if len(token) > TOKEN_CHARS:
            raise Unauthenticated("The token is too long.")
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                options={"require": ["exp"], "verify_aud": self._audience is not None, "verify_sub": False},
            )
            expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The token has expired.", expired=True) from None
        except (jwt.InvalidTokenError, ValueError, OverflowError, RecursionError):
            raise Unauthenticated("The token is not valid.") from None
        if claims.get("token_type", _ACCESS) != _ACCESS:
            raise Unauthenticated("The token is not an access token.")
        return Identity(
            user_id=_user_id(claims),
            is_staff=claims.get("is_staff") is True,
            expires_at=expires_at,
        )


def _user_id(claims: dict[str, Any]) -> str:
    """`user_id` as djangorestframework-simplejwt issues it, else the standard `sub`."""
    value = claims.get("user_id", claims.get("sub"))
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unauthenticated("The token names no user.")
    user_id = str(value)
    if not user_id or len(user_id) > USER_CHARS or not user_id.isprintable():
        raise Unauthenticated("The token names no user.")
    return user_id
