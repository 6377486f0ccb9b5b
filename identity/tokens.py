"""JSON Web Tokens: what makes one acceptable. The one way in, for both doors.

After RFC 8725: each key is good for one algorithm, so the algorithm that a token names can only choose
between keys, never how a key is used; nothing else of a header is looked at but `kid`; `exp` is required;
audience and issuer are checked when they are configured.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import jwt

from identity.caller import Identity, Unauthenticated
from identity.claims import identity_in
from identity.keys import ALGORITHMS, KeySet
from identity.revocations import Revocations

_SHARED_SECRET = "HS256"  # noqa: S105 - an algorithm's name
_INVALID = "The token is not valid."
TOKEN_CHARS = 8_192
_REMEMBERED_TOKENS = 2_000

Key = str | jwt.PyJWK


class TokenVerifier:
    """`secrets` are those of HS256, the newest first; `keys` the issuer's public ones, when it has any."""

    def __init__(
        self,
        *,
        secrets: Sequence[str],
        keys: KeySet | None,
        revocations: Revocations,
        audience: str | None = None,
        issuer: str | None = None,
    ) -> None:
        self._secrets = tuple(secrets)
        self._keys = keys
        self._revocations = revocations
        self._audience = audience
        self._issuer = issuer
        # A page asks with the same token again and again, and a key of ours that was replaced is another key.
        self._claims = lru_cache(_REMEMBERED_TOKENS)(self._signed_claims)

    async def run(self) -> None:
        """Keeps keys and revocations current until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._revocations.run())
            if self._keys is not None:
                tasks.create_task(self._keys.run())

    async def verify(self, token: str) -> Identity:
        """The caller that a token stands for.

        Raises:
            Unauthenticated: with a sentence that tells the caller what is wrong, and nothing of the token.
            CannotVerify: its key, or what has been revoked, cannot be asked for right now.
        """
        if len(token) > TOKEN_CHARS:
            raise Unauthenticated("The token is too long.")
        try:
            claims = self._claims(token, await self._keys_for(token))
        except (jwt.InvalidTokenError, ValueError, RecursionError):
            raise Unauthenticated(_INVALID) from None
        identity = identity_in(claims, now=datetime.now(UTC))
        await self._revocations.check(identity)
        return identity

    async def _keys_for(self, token: str) -> tuple[Key, ...]:
        """Those of ours that may have signed a token."""
        if self._keys is None:
            return self._secrets
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm == _SHARED_SECRET:
            return self._secrets
        if algorithm not in ALGORITHMS:
            return ()
        key = await self._keys.find(header.get("kid"), algorithm)
        return () if key is None else (key,)

    def _signed_claims(self, token: str, keys: tuple[Key, ...]) -> dict[str, Any]:
        """What one of these keys has signed. Whether it still holds is not asked here."""
        for key in keys:
            try:
                return jwt.decode(
                    token,
                    key,
                    algorithms=[key.algorithm_name if isinstance(key, jwt.PyJWK) else _SHARED_SECRET],
                    audience=self._audience,
                    issuer=self._issuer,
                    # Times, the user and the token's id are `identity.claims`' to judge.
                    options={
                        "verify_aud": self._audience is not None,
                        "verify_exp": False,
                        "verify_nbf": False,
                        "verify_iat": False,
                        "verify_sub": False,
                        "verify_jti": False,
                    },
                )
            except jwt.InvalidSignatureError:
                continue
        raise Unauthenticated(_INVALID)
