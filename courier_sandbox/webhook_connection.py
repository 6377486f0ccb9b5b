"""One kept-alive HTTP connection to the webhook receiver.

Three webhooks follow every message, so the cost of a post decides what the sandbox can carry on one core:
httpx takes about a millisecond for each, this a tenth of it. https://www.rfc-editor.org/rfc/rfc9112
"""

import asyncio
from collections.abc import Mapping
from typing import cast
from urllib.parse import SplitResult

import httptools


class WebhookConnection(asyncio.Protocol):
    """Posts one request at a time."""

    def __init__(self, url: SplitResult) -> None:
        self._target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        self._host = url.netloc
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser
        self._answer: asyncio.Future[int] | None = None

    @classmethod
    async def open(cls, url: SplitResult) -> "WebhookConnection":
        encrypted = url.scheme == "https"
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: cls(url), url.hostname or "", url.port or (443 if encrypted else 80), ssl=encrypted or None
        )
        return connection

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    async def post(self, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the answer; raises `ConnectionError` when the receiver hangs up instead."""
        if self._transport is None:
            raise ConnectionResetError("the receiver closed the connection")
        self._answer = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        lines = [f"POST {self._target} HTTP/1.1", f"host: {self._host}", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return await self._answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, because uvloop's transports are of no asyncio class.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the receiver hung up"))

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def on_message_complete(self) -> None:
        """The parser's word that the whole answer is here."""
        if not self._parser.should_keep_alive():
            self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(self._parser.get_status_code())
