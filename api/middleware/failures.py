"""No error escapes as anything but JSON, and none gives away what went wrong."""

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.responses import json_response
from observability import where

log = structlog.get_logger("api")


class FailureMiddleware:
    """Answers 500 with the request's id, under which the place of the error is logged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            if scope["type"] != "http":
                raise
            log.critical("request failed", method=scope["method"], path=scope["path"], error=where(error))
            if started:
                raise
            request_id = structlog.contextvars.get_contextvars()["request_id"]
            answer = json_response({"detail": "Internal server error.", "request_id": request_id}, 500)
            await answer(scope, receive, send)
