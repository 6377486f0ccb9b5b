"""Where a request was sent to, as the proxies in front saw it: what absolute links are made of."""

import re
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

AUTHORITY = re.compile(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?", re.ASCII)
_USUAL_PORTS = {"http": "80", "https": "443"}


class ForwardedMiddleware(ProxyHeadersMiddleware):
    """Takes host and port from a trusted proxy, as uvicorn's own takes the scheme and the client's address."""

    def __init__(self, app: ASGIApp, *, trusted: str) -> None:
        super().__init__(app, trusted)  # type: ignore[arg-type] # the same protocol, spelled with other types

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        client = scope.get("client")
        if scope["type"] == "http" and client and client[0] in self.trusted_hosts:
            authority = _authority(Headers(scope=scope))
            if authority:
                others = [pair for pair in scope["headers"] if pair[0] != b"host"]
                scope = {**scope, "headers": [(b"host", authority.encode()), *others]}
        await super().__call__(scope, receive, send)  # type: ignore[arg-type]


def _authority(headers: Mapping[str, str]) -> str | None:
    """Host and port of the original request, the port left out where it is the scheme's own."""
    found = AUTHORITY.fullmatch(headers.get("x-forwarded-host", "").split(",")[0].strip())
    if found is None:
        return None
    port = headers.get("x-forwarded-port", "").strip()
    scheme = headers.get("x-forwarded-proto", "").strip()
    if found[2] or not port.isdecimal() or port == _USUAL_PORTS.get(scheme):
        return found[0]
    return f"{found[0]}:{port}"
