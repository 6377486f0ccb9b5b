"""Courier's outbound webhooks: signed, posted, and posted again when the receiver fails.

The signature covers the very bytes that are sent: https://www.courier.com/docs/guides/getting-started/outbound-webhooks
"""

import asyncio
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import SplitResult, urlsplit

from courier_sandbox.webhook_connection import WebhookConnection

_RETRY_DELAYS_SECONDS = (0.2, 1.0, 5.0)
_TIMEOUT_SECONDS = 10
# Enough to keep a receiver busy without a queue in front of it.
_CONNECTIONS_AT_ONCE = 16


class Webhooks:
    """Posts to one receiver over a few kept-alive connections; with no URL it does nothing."""

    def __init__(self, *, url: str | None, secret: str) -> None:
        self._url = urlsplit(url) if url else None
        self._secret = secret.encode()
        self._idle: list[WebhookConnection] = []
        self._slots = asyncio.Semaphore(_CONNECTIONS_AT_ONCE)

    async def send(self, update: dict[str, Any]) -> None:
        """Returns when the receiver took it, or was given up on."""
        if self._url is None:
            return
        body = json.dumps(update, separators=(",", ":")).encode()
        for delay_seconds in (*_RETRY_DELAYS_SECONDS, None):
            if await self._post(self._url, body) or delay_seconds is None:
                return
            await asyncio.sleep(delay_seconds)

    def close(self) -> None:
        for connection in self._idle:
            connection.close()

    async def _post(self, url: SplitResult, body: bytes) -> bool:
        headers = {"content-type": "application/json", "courier-signature": sign(body, self._secret, time.time_ns())}
        async with self._slots:
            connection = None
            try:
                async with asyncio.timeout(_TIMEOUT_SECONDS):
                    connection = self._take_idle() or await WebhookConnection.open(url)
                    status = await connection.post(headers, body)
            except OSError:  # timeouts among them
                if connection is not None:
                    connection.close()
                return False
            self._idle.append(connection)
            return status // 100 == 2  # noqa: PLR2004 - the class of successes

    def _take_idle(self) -> WebhookConnection | None:
        while self._idle:
            if (connection := self._idle.pop()).is_open:
                return connection
        return None


def sign(body: bytes, secret: bytes, now_ns: int) -> str:
    timestamp = str(now_ns // 1_000_000)
    signature = hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},signature={signature}"
