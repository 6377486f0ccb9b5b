"""The sandbox's hold on the TCP connection below HTTP, so that a call can go without an answer.

ASGI has no such word: an application that returns or raises without answering gets a 500 sent for it. So the
server's protocol class hands the connection's `abort` to the application in the scope, where ASGI keeps extensions.
"""

import asyncio

from starlette.requests import Request
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_ABORT = "courier_sandbox.abort"


class DroppableConnection(HttpToolsProtocol):
    """uvicorn's HTTP connection, which the application may cut."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_ABORT: {"call": self.transport.abort}}


async def hold(request: Request, seconds: float) -> None:
    """Says nothing until the client leaves or the time is up."""
    try:
        async with asyncio.timeout(seconds):
            await _client_left(request)
    except TimeoutError:
        return


async def cut(request: Request) -> None:
    """Closes the connection in the middle of the call: the client sees it end with no answer."""
    request.scope["extensions"][_ABORT]["call"]()
    # The server answers 500 for an application that returns before it has noticed the end.
    await _client_left(request)


async def _client_left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
