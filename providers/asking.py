"""Asks whoever wanted a notification whether it is still true: one signed POST, one short answer.

Signed as Standard Webhooks says, so that any of its libraries can check it. https://www.standardwebhooks.com
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from uuid import uuid4

import httpx

from providers.destinations import DestinationRefused, Destinations

_ANSWER_BYTES = 4_096
_SECRET_PREFIX = "whsec_"  # noqa: S105 - the standard's own
_GONE = 410
_OK = 200


class Unanswered(Exception):
    """There was no answer that could be understood; `why` is a word that quotes nothing."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class PreconditionAsker:
    """Follows no redirect, takes no proxy, reads no more than a short answer, and asks no private address."""

    def __init__(self, *, secret: str, destinations: Destinations, timeout_seconds: float) -> None:
        self._key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
        self._destinations = destinations
        self._timeout_seconds = timeout_seconds
        # A connection that was kept would be to the address of another name's question.
        self._client = httpx.AsyncClient(
            trust_env=False, timeout=timeout_seconds, limits=httpx.Limits(max_keepalive_connections=0)
        )

    async def ask(self, url: str, question: Mapping[str, object]) -> bool:
        """The answer to one question; what is gone for good, by 410, is no longer true.

        Raises:
            Unanswered: in any other case. 404 is among them: a wrong route says it, too.
        """
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._ask(httpx.URL(url), json.dumps(question).encode())
        except TimeoutError:
            raise Unanswered("timeout") from None
        except DestinationRefused:
            raise Unanswered("address") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            # Their words quote the address. A name that nothing can look up is a ValueError.
            raise Unanswered("connection") from None

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, url: httpx.URL, body: bytes) -> bool:
        port = url.port or (443 if url.scheme == "https" else 80)
        address = await self._destinations.address(url.host, port)
        async with self._client.stream(
            "POST",
            url.copy_with(host=address),
            content=body,
            headers={
                "Host": url.netloc.decode(),
                "Content-Type": "application/json",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                **signature(self._key, body, message_id=f"ask_{uuid4().hex}", timestamp=int(time.time())),
            },
            # The certificate is to be that of the name.
            extensions={"sni_hostname": url.host},
        ) as response:
            if response.status_code == _GONE:
                return False
            if response.status_code != _OK:
                raise Unanswered(f"status_{response.status_code}")
            return _understood(await _short(response))


def signature(key: bytes, body: bytes, *, message_id: str, timestamp: int) -> dict[str, str]:
    """The three headers of Standard Webhooks. Every question has an id of its own: an answer is never repeated."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{digest}"}


async def _short(response: httpx.Response) -> bytes:
    answer = b""
    async for chunk in response.aiter_raw():
        answer += chunk
        if len(answer) > _ANSWER_BYTES:
            raise Unanswered("too_long")
    return answer


def _understood(answer: bytes) -> bool:
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError):
        raise Unanswered("not_json") from None
    still_true = said.get("still_true") if isinstance(said, dict) else None
    if not isinstance(still_true, bool):
        raise Unanswered("no_answer")
    return still_true
