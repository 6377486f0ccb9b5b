"""One address for each spelling of it: what existing clients write more than one way."""

from starlette.types import ASGIApp, Receive, Scope, Send

_MEANT_EMPTY = (b"cursor",)
"""Asks for the first page by cursor; every other parameter without a value is one that was not given."""


class AddressMiddleware:
    """Adds the trailing slash, without a redirect that would drop a POST's body, and takes out empty parameters."""

    def __init__(self, app: ASGIApp, *, base_path: str) -> None:
        self._app = app
        self._base_path = base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self._base_path):
            if not scope["path"].endswith("/"):
                scope = {**scope, "path": f"{scope['path']}/"}
            query = scope["query_string"]
            if b"=&" in query or query.endswith(b"="):
                scope = {**scope, "query_string": _given(query)}
        await self._app(scope, receive, send)


def _given(query: bytes) -> bytes:
    pairs = [pair.partition(b"=") for pair in query.split(b"&")]
    return b"&".join(b"".join(pair) for pair in pairs if pair[2] or pair[0] in _MEANT_EMPTY)
