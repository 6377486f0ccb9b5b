"""Where a call carries its token, and when that place may be trusted.

A header is sent on purpose. A query parameter is too, but ends up in logs, so it serves the WebSocket
handshake alone, where browsers have no other way. A cookie is sent by the browser whoever caused the
call, so it counts only for a call from a page of ours.
"""

from collections.abc import Iterable, Mapping

from identity.caller import Unauthenticated

COOKIE = "notifications_token"
_SAFE_METHODS = {"GET", "HEAD"}


def joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by lower-case name, those that came twice as one (RFC 9110 §5.3): two credentials make none."""
    found: dict[str, str] = {}
    for given, value in headers:
        name = given.lower()
        found[name] = f"{found[name]}{'; ' if name == 'cookie' else ', '}{value}" if name in found else value
    return found


def find_token(
    headers: Mapping[str, str], *, allowed_origins: frozenset[str], method: str, query_token: str | None = None
) -> str:
    """The token of a call; the names of `headers` are in lower case.

    Raises:
        Unauthenticated: there is none, or header and query contradict one another.
    """
    header_token = _bearer(headers.get("authorization"))
    if header_token and query_token and header_token != query_token:
        raise Unauthenticated("Header and query carry different tokens.")
    token = header_token or query_token
    if token:
        return token
    cookie = _cookie(headers.get("cookie"))
    if cookie and _is_our_page(headers, allowed_origins=allowed_origins, method=method):
        return cookie
    raise Unauthenticated("Authentication credentials were not provided.")


def _is_our_page(headers: Mapping[str, str], *, allowed_origins: frozenset[str], method: str) -> bool:
    origin = headers.get("origin")
    if origin is not None:
        return origin in allowed_origins
    # Browsers leave Origin out of a page's own reads, and say so in a header that no script can set.
    return method in _SAFE_METHODS and headers.get("sec-fetch-site") == "same-origin"


def _bearer(header: str | None) -> str | None:
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("The Authorization header must be 'Bearer' and a token.")
    return token.strip()


def _cookie(header: str | None) -> str | None:
    # Not http.cookies: it gives up on ours, too, when another cookie of the site is oddly written.
    for pair in (header or "").split(";"):
        name, _, value = pair.partition("=")
        if name.strip() == COOKIE:
            return value.strip().strip('"')
    return None
