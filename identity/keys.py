"""The issuer's public keys, as it publishes them (a JWK set, RFC 7517), kept current.

Reading is blocking work for nobody: it is bounded in time and size, and shared by all who wait for it.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import structlog
from jwt import PyJWK

from identity.caller import CannotVerify
from identity.sharing import Shared

# What a key may sign with is decided by the key (RFC 8725 §3.1): its type and curve.
_ALGORITHM_OF = {"RSA": "RS256", "EC P-256": "ES256", "OKP Ed25519": "EdDSA"}
ALGORITHMS = tuple(_ALGORITHM_OF.values())

_MAX_AGE_SECONDS = 86_400.0
_COOL_DOWN_SECONDS = 10.0
_FETCH_SECONDS = 3.0
_DOCUMENT_BYTES = 128 * 1024
# RFC 7518 §3.3 asks for at least as many.
_RSA_BITS = 2048

log = structlog.get_logger("identity")

Name = tuple[str | None, str]
"""A key's `kid` and its algorithm."""


class KeySet:
    """The keys of one issuer.

    They are read every five minutes, so a key that was withdrawn is good for no longer; and once more for a
    token that names a key we do not have, since the issuer may have begun to use a new one. Whatever the
    tokens name, the issuer is asked at most once in ten seconds. While it does not answer, or answers with
    something else than keys, the last ones stay good, for a day.
    """

    def __init__(
        self, url: str, *, refresh_seconds: float = 300.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._refresh_seconds = refresh_seconds
        self._clock = clock
        # One for good: making it reads the certificates of this machine.
        self._http = httpx.AsyncClient(timeout=_FETCH_SECONDS, headers={"Accept-Encoding": "identity"})
        self._keys: dict[Name, PyJWK] = {}
        self._asked_at = self._answered_at = float("-inf")
        self._answers = False
        self._fetch = Shared(self._ask)

    async def run(self) -> None:
        """Reads the keys now and then until cancelled."""
        async with self._http:
            while True:
                await self._fetch()
                await asyncio.sleep(self._refresh_seconds if self._answers else _COOL_DOWN_SECONDS)

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """The key with this id for this algorithm; without an id the only one for it. None when there is none.

        Raises:
            CannotVerify: there may be one, but the issuer does not answer.
        """
        key = self._known(kid, algorithm)
        if key is None and self._clock() - self._asked_at > _COOL_DOWN_SECONDS:
            await self._fetch()
            key = self._known(kid, algorithm)
        if key is None and not self._answers:
            raise CannotVerify("The issuer's keys cannot be read right now.")
        return key

    def _known(self, kid: str | None, algorithm: str) -> PyJWK | None:
        if self._clock() - self._answered_at > _MAX_AGE_SECONDS:
            self._keys = {}
        if kid is not None:
            return self._keys.get((kid, algorithm))
        fitting = [key for (_, used_with), key in self._keys.items() if used_with == algorithm]
        return fitting[0] if len(fitting) == 1 else None

    async def _ask(self) -> None:
        asked_at = self._clock()
        try:
            keys = published(await self._document())
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, ValueError) as error:
            self._answers = False
            log.warning("signing keys not read", error=type(error).__name__)
        else:
            if keys.keys() != self._keys.keys():
                log.info("signing keys changed", keys=len(keys))
            self._keys, self._answered_at, self._answers = keys, asked_at, True
        self._asked_at = self._clock()

    async def _document(self) -> bytes:
        document = b""
        async with asyncio.timeout(_FETCH_SECONDS), self._http.stream("GET", self._url) as answer:
            # A redirect is an error, too: the address is the one that was configured.
            answer.raise_for_status()
            async for chunk in answer.aiter_raw():
                document += chunk
                if len(document) > _DOCUMENT_BYTES:
                    raise ValueError("more than a key set")
        return document


def published(document: bytes) -> dict[Name, PyJWK]:
    """The keys in a JWK set that can check a signature; of those with the same name the first.

    Any other is passed over: one for another use or algorithm, one that is too weak or broken, and, above
    all, one that is secret: whoever can read it can sign with it.

    Raises:
        ValueError: the document is no JWK set.
    """
    content = orjson.loads(document)
    found = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(found, list):
        raise ValueError("not a key set")  # noqa: TRY004 - what is wrong is the document
    keys: dict[Name, PyJWK] = {}
    for jwk in found:
        try:
            key = _verifying(jwk)
        except Exception:  # noqa: BLE001, S112 - whatever is wrong with one key, it must not cost the others
            continue
        if key is not None:
            keys.setdefault((key.key_id, key.algorithm_name), key)
    return keys


def _verifying(jwk: dict[str, Any]) -> PyJWK | None:
    algorithm = _ALGORITHM_OF.get(f"{jwk.get('kty')} {jwk.get('crv', '')}".rstrip())
    is_for_us = (
        algorithm is not None
        and jwk.get("alg", algorithm) == algorithm
        and jwk.get("use", "sig") == "sig"
        and "verify" in jwk.get("key_ops", ["verify"])
        and isinstance(jwk.get("kid"), str | None)
        and "d" not in jwk
    )
    if not is_for_us:
        return None
    key = PyJWK(jwk, algorithm)
    return None if algorithm == "RS256" and key.key.key_size < _RSA_BITS else key
