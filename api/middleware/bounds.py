"""How much of anything a request may hold, and what no link could be made of: refused before it costs anything."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.middleware.forwarding import AUTHORITY
from api.responses import json_response

BODY_BYTES = 1024 * 1024
ADDRESS_BYTES = 8 * 1024
"""Path and query."""
HEADERS = 100
HEADER_BYTES = 32 * 1024
"""Names and values together; a token alone may have 8 KiB."""

_BODY_TOO_LARGE = f"The body may have at most {BODY_BYTES} bytes."
_LENGTH_DIGITS = 16


class BoundsMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif refusal := _refusal(scope):
            status, detail = refusal
            await json_response({"detail": detail}, status)(scope, receive, send)
        else:
            await self._app(scope, _bounded(receive), send)


def _refusal(scope: Scope) -> tuple[int, str] | None:
    headers = scope["headers"]
    if len(scope["raw_path"]) + len(scope["query_string"]) > ADDRESS_BYTES:
        return 414, f"Path and query may have at most {ADDRESS_BYTES} bytes."
    if len(headers) > HEADERS or sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES:
        return 431, f"A request may have at most {HEADERS} headers, of {HEADER_BYTES} bytes in all."
    if any(name == b"host" and not AUTHORITY.fullmatch(value.decode("latin-1")) for name, value in headers):
        return 400, "Invalid Host header."
    if _content_length(Headers(scope=scope)) > BODY_BYTES:
        return 413, _BODY_TOO_LARGE
    return None


def _content_length(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() and len(length) < _LENGTH_DIGITS else BODY_BYTES + 1


def _bounded(receive: Receive) -> Receive:
    """Holds the bound for a body that comes in chunks, without its length told in advance."""
    received = 0

    async def receive_some() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > BODY_BYTES:
            raise HTTPException(413, _BODY_TOO_LARGE)
        return message

    return receive_some
