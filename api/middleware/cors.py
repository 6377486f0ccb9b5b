"""Pages of other origins, by the Fetch standard's CORS protocol."""

from collections.abc import Collection
from functools import partial

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_policy = partial(
    CORSMiddleware,
    allow_methods=("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"),
    # Those that Django's own CORS package lets through, which clients may have come to send, and ours.
    allow_headers=("Authorization", "Idempotency-Key", "X-CSRFToken", "X-Request-ID", "X-Requested-With"),
    expose_headers=("Idempotency-Replayed", "Location", "Retry-After", "X-Request-ID"),
)


class CrossOriginMiddleware:
    """Two kinds of origins: pages that may use the cookie, and pages that bring a token in a header.

    Only the first are told that they may read answers to calls with a cookie. What a cookie may do at all
    is decided elsewhere, by the same list (`identity.credentials`).
    """

    def __init__(self, app: ASGIApp, *, cookie_origins: Collection[str], token_origins: Collection[str]) -> None:
        self._cookie_origins = cookie_origins
        self._with_cookie = _policy(app, allow_origins=cookie_origins, allow_credentials=True)
        self._with_token = _policy(app, allow_origins=token_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        may_use_cookie = scope["type"] == "http" and Headers(scope=scope).get("origin") in self._cookie_origins
        await (self._with_cookie if may_use_cookie else self._with_token)(scope, receive, send)
