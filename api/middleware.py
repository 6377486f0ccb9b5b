"""What holds for every request: an id, one canonical address, a bounded body, and a 500 that gives nothing away."""

from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.responses import json_response
from observability import where

BODY_BYTES = 1024 * 1024
_TOO_LARGE = f"The body may have at most {BODY_BYTES} bytes."
_REQUEST_ID_CHARS = 64
_LENGTH_DIGITS = 16

log = structlog.get_logger("api")


class RequestMiddleware:
    """Outermost: every answer carries `X-Request-ID`, and no error escapes as anything but JSON."""

    def __init__(self, app: ASGIApp, *, base_path: str) -> None:
        self._app = app
        self._base_path = base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers.get("x-request-id"))
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        # The form without its trailing slash works too, without a redirect that would drop a POST's body.
        if scope["path"].startswith(self._base_path) and not scope["path"].endswith("/"):
            scope = {**scope, "path": f"{scope['path']}/"}
        if _content_length(headers) > BODY_BYTES:
            await json_response({"detail": _TOO_LARGE}, 413)(scope, receive, send_with_id)
            return
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, _bounded(receive), send_with_id)
            except Exception as error:
                log.critical("request failed", method=scope["method"], path=scope["path"], error=where(error))
                if started:
                    raise
                answer = json_response({"detail": "Internal server error.", "request_id": request_id}, 500)
                await answer(scope, receive, send_with_id)


def _bounded(receive: Receive) -> Receive:
    """Holds the bound for a body that comes in chunks, without its length told in advance."""
    received = 0

    async def receive_some() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > BODY_BYTES:
            raise HTTPException(413, _TOO_LARGE)
        return message

    return receive_some


def _content_length(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() and len(length) < _LENGTH_DIGITS else BODY_BYTES + 1


def _request_id(given: str | None) -> str:
    """The caller's own id if it is fit to be logged, else a new one."""
    if given and len(given) <= _REQUEST_ID_CHARS and given.replace("-", "").isalnum() and given.isascii():
        return given
    return uuid4().hex
