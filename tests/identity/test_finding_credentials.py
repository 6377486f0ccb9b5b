"""Where a call may carry its token, and when that place counts."""

import pytest

from identity.caller import Unauthenticated
from identity.credentials import COOKIE, find_token, joined

OURS = "https://app.example"
THEIRS = "https://evil.example"


def found(headers: dict[str, str] | None = None, *, method: str = "GET", query: str | None = None) -> str:
    return find_token(headers or {}, allowed_origins=frozenset({OURS}), method=method, query_token=query)


def is_refused(headers: dict[str, str] | None = None, *, method: str = "GET", query: str | None = None) -> bool:
    try:
        found(headers, method=method, query=query)
    except Unauthenticated:
        return True
    return False


@pytest.mark.parametrize("header", ["Bearer a.b.c", "bearer a.b.c", "BEARER   a.b.c ", "Bearer  a.b.c"])
def test_a_bearer_header_carries_the_token(header: str) -> None:
    assert found({"authorization": header}) == "a.b.c"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic a.b.c", "a.b.c", "Token a.b.c"])
def test_any_other_authorization_is_refused(header: str) -> None:
    assert is_refused({"authorization": header})


def test_another_authorization_is_not_made_good_by_a_query() -> None:
    assert is_refused({"authorization": "Basic x"}, query="q")


def test_a_query_carries_the_token() -> None:
    assert found(query="q") == "q"


def test_an_empty_query_carries_nothing() -> None:
    assert is_refused(query="")


def test_header_and_query_may_agree() -> None:
    assert found({"authorization": "Bearer q"}, query="q") == "q"


def test_header_and_query_may_not_differ() -> None:
    assert is_refused({"authorization": "Bearer h"}, query="q")


def test_nothing_is_refused() -> None:
    assert is_refused()


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_cookie_counts_from_an_allowed_origin(method: str) -> None:
    assert found({"cookie": f"{COOKIE}=c", "origin": OURS}, method=method) == "c"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_cookie_counts_for_a_read_that_the_browser_calls_same_origin(method: str) -> None:
    assert found({"cookie": f"{COOKIE}=c", "sec-fetch-site": "same-origin"}, method=method) == "c"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_needs_its_origin_whatever_the_browser_calls_it(method: str) -> None:
    assert is_refused({"cookie": f"{COOKIE}=c", "sec-fetch-site": "same-origin"}, method=method)


@pytest.mark.parametrize("site", ["same-site", "cross-site", "none", ""])
def test_a_read_from_anywhere_else_has_no_cookie(site: str) -> None:
    assert is_refused({"cookie": f"{COOKIE}=c", "sec-fetch-site": site})


@pytest.mark.parametrize(
    "origin", [THEIRS, "null", "", f"{OURS}/", f"{OURS}.evil.example", OURS.upper(), f"{OURS}:443"]
)
def test_an_origin_counts_only_exactly(origin: str) -> None:
    assert is_refused({"cookie": f"{COOKIE}=c", "origin": origin, "sec-fetch-site": "same-origin"})


def test_a_cookie_without_origin_or_word_of_the_browser_does_not_count() -> None:
    assert is_refused({"cookie": f"{COOKIE}=c"})


def test_no_origins_allowed_means_none() -> None:
    with pytest.raises(Unauthenticated):
        find_token({"cookie": f"{COOKIE}=c", "origin": OURS}, allowed_origins=frozenset(), method="GET")


def test_a_header_that_came_twice_carries_no_token_that_was_sent() -> None:
    twice = joined([("Authorization", "Bearer a.b.c"), ("AUTHORIZATION", "Bearer d.e.f")])
    assert found(twice) not in ("a.b.c", "d.e.f")


def test_cookies_may_come_in_several_headers() -> None:
    assert found(joined([("Cookie", "a=b"), ("Cookie", f"{COOKIE}=c"), ("Origin", OURS)])) == "c"


def test_a_header_counts_from_any_origin() -> None:
    assert found({"authorization": "Bearer h", "origin": THEIRS}, method="POST") == "h"


def test_a_header_goes_before_a_cookie() -> None:
    assert found({"authorization": "Bearer h", "cookie": f"{COOKIE}=c", "origin": OURS}) == "h"


@pytest.mark.parametrize(
    "header",
    [
        f"{COOKIE}=c",
        f"a=b; {COOKIE}=c; d=e",
        f"a=b;{COOKIE}=c",
        f'{COOKIE}="c"',
        f'json={{"a": 1}}; {COOKIE}=c',
        f"a b=c d; {COOKIE}=c",
        f"novalue; {COOKIE}=c",
        f"x[]=1; {COOKIE}=c",
        f"x{COOKIE}=other; {COOKIE}=c",
    ],
)
def test_the_cookie_is_found_among_any_others(header: str) -> None:
    assert found({"cookie": header, "origin": OURS}) == "c"


@pytest.mark.parametrize("header", ["", "a=b", f"x{COOKIE}=c", f"{COOKIE}", f"{COOKIE}=", f"{COOKIE.upper()}=c", ";;;"])
def test_no_such_cookie_is_no_token(header: str) -> None:
    assert is_refused({"cookie": header, "origin": OURS})
