"""Pages of other origins: who may read an answer, who may send what, and that the cookie stays out of it."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from api_process import api_process
from rest_door import BASE, UNKNOWN, Door, create, person, staff, wanted

from deploy.local.launch import LaunchedStack

PAGE, COOKIE_PAGE = "https://app.example", "https://inbox.example"
STRANGERS = ["https://evil.example", "https://app.example.evil.example", "http://app.example", "null", PAGE + "/", ""]


@pytest.fixture(scope="module")
def url(stack: LaunchedStack) -> Iterator[str]:
    with api_process(stack, CORS_ORIGINS=f"{PAGE}, https://other.example", ALLOWED_ORIGINS=COOKIE_PAGE) as url:
        yield url


@pytest.fixture
async def api(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url) as client:
        yield client


async def preflight(api: httpx.AsyncClient, origin: str, method: str = "POST", headers: str = "") -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    return await api.options(f"{BASE}/notifications/", headers=asked)


def listed(response: httpx.Response, header: str) -> set[str]:
    return {part.strip() for part in response.headers[header].lower().split(",")}


@pytest.mark.parametrize("origin", [PAGE, "https://other.example", COOKIE_PAGE])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_preflight_of_a_configured_origin_is_granted(api: httpx.AsyncClient, origin: str, method: str) -> None:
    asked = "authorization,content-type,idempotency-key,x-request-id"
    response = await preflight(api, origin, method, asked)
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (200, origin)
    assert method.lower() in listed(response, "Access-Control-Allow-Methods")
    assert set(asked.split(",")) <= listed(response, "Access-Control-Allow-Headers")
    assert "origin" in listed(response, "Vary")
    assert int(response.headers["Access-Control-Max-Age"]) > 0
    assert response.headers["X-Request-ID"]


@pytest.mark.parametrize("origin", STRANGERS)
async def test_a_preflight_of_another_origin_is_not(api: httpx.AsyncClient, origin: str) -> None:
    response = await preflight(api, origin)
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("origin", STRANGERS)
async def test_an_answer_is_not_for_another_origin_to_read(
    stack: LaunchedStack, api: httpx.AsyncClient, origin: str
) -> None:
    response = await person(stack, api).call("GET", "notifications/", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in response.headers
    assert "origin" in listed(response, "Vary")


async def test_a_page_with_a_token_reads_what_it_needs(stack: LaunchedStack, api: httpx.AsyncClient) -> None:
    response = await staff(stack, api).call(
        "POST", "notifications/", json=wanted(person(stack, api).user), headers={"Origin": PAGE}
    )
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (201, PAGE)
    exposed = {"location", "retry-after", "x-request-id", "idempotency-replayed"}
    assert listed(response, "Access-Control-Expose-Headers") == exposed


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"notifications/{UNKNOWN}/", 404),
        ("GET", "notifications/mark_read/", 405),
        ("GET", "notifications/?is_read=perhaps", 400),
        ("GET", f"notifications/?search={'x' * 9000}", 414),
    ],
)
async def test_a_page_may_read_why_it_was_refused(
    stack: LaunchedStack, api: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    response = await person(stack, api).call(method, path, headers={"Origin": PAGE})
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (status, PAGE)


async def test_an_answer_to_a_call_without_an_origin_tells_caches_that_it_depends_on_it(
    stack: LaunchedStack, api: httpx.AsyncClient
) -> None:
    response = await person(stack, api).call("GET", "notifications/")
    assert (response.headers["Vary"], "Access-Control-Allow-Origin" in response.headers) == ("Origin", False)


def with_cookie(stack: LaunchedStack, api: httpx.AsyncClient, origin: str) -> Door:
    user = person(stack, api).user
    return Door(api, user, {"Cookie": f"notifications_token={stack.token(user)}", "Origin": origin})


async def test_the_cookie_counts_for_its_own_origins_alone(stack: LaunchedStack, api: httpx.AsyncClient) -> None:
    ours = await with_cookie(stack, api, COOKIE_PAGE).call("GET", "notifications/")
    theirs = await with_cookie(stack, api, PAGE).call("GET", "notifications/")
    assert (ours.status_code, ours.headers["Access-Control-Allow-Credentials"]) == (200, "true")
    assert (theirs.status_code, "Access-Control-Allow-Credentials" in theirs.headers) == (401, False)


async def test_a_preflight_offers_the_cookie_to_its_own_origins_alone(api: httpx.AsyncClient) -> None:
    ours, theirs = await preflight(api, COOKIE_PAGE), await preflight(api, PAGE)
    assert ours.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Access-Control-Allow-Credentials" not in theirs.headers


async def test_any_origin_is_let_in_when_that_is_asked_for_and_still_without_the_cookie(stack: LaunchedStack) -> None:
    with api_process(stack, CORS_ORIGINS="*", ALLOWED_ORIGINS=COOKIE_PAGE) as url:
        async with httpx.AsyncClient(base_url=url) as api:
            mine = person(stack, api)
            await create(staff(stack, api), mine.user)
            read = await mine.call("GET", "notifications/", headers={"Origin": "https://any.example"})
            forged = await with_cookie(stack, api, "https://any.example").call("GET", "notifications/")
    assert (read.status_code, read.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert "Access-Control-Allow-Credentials" not in read.headers
    assert forged.status_code == 401
