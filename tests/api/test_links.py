"""Links are absolute, and lead back the way the request came."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from api_process import api_process
from rest_door import BASE, Door, create_many, person, staff, wanted

from deploy.local.launch import LaunchedStack


@pytest.fixture(scope="module")
async def owner(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    mine = person(stack, http)
    await create_many(staff(stack, http), mine.user, ["1", "2", "3"])
    return mine


@pytest.fixture(scope="module")
def distrusting_url(stack: LaunchedStack) -> Iterator[str]:
    with api_process(stack, FORWARDED_ALLOW_IPS="192.0.2.1") as url:
        yield url


@pytest.fixture
async def api(stack: LaunchedStack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{stack.environment['API_PORT']}") as client:
        yield client


async def links(door: Door, http: httpx.AsyncClient, **headers: str) -> set[str]:
    """What the middle page's links begin with."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    response = await http.get(f"{BASE}/notifications/?page=2&page_size=1", headers=door.headers | told)
    return {response.json()[link].split(BASE)[0] for link in ("next", "previous")}


@pytest.mark.parametrize(
    ("forwarded", "origin"),
    [
        ({"X_Forwarded_Proto": "https", "X_Forwarded_Host": "notes.example"}, "https://notes.example"),
        ({"X_Forwarded_Proto": "https", "X_Forwarded_Host": "notes.example:8443"}, "https://notes.example:8443"),
        (
            {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "notes.example", "X_Forwarded_Port": "443"},
            "https://notes.example",
        ),
        (
            {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "notes.example", "X_Forwarded_Port": "8443"},
            "https://notes.example:8443",
        ),
        ({"X_Forwarded_Proto": "http", "X_Forwarded_Host": "notes.example, inner"}, "http://notes.example"),
        ({"X_Forwarded_Proto": "https", "X_Forwarded_Host": "[2001:db8::1]"}, "https://[2001:db8::1]"),
    ],
)
async def test_a_trusted_proxy_tells_where_the_request_was_sent(
    owner: Door, api: httpx.AsyncClient, forwarded: dict[str, str], origin: str
) -> None:
    assert await links(owner, api, **forwarded) == {origin}


@pytest.mark.parametrize("host", ['a"b', "a/b", "user@host", "[::1", "", "a b"])
async def test_a_host_that_is_none_is_not_taken_over(owner: Door, api: httpx.AsyncClient, host: str) -> None:
    assert await links(owner, api, X_Forwarded_Host=host) == {str(api.base_url).rstrip("/")}


async def test_somebody_else_tells_nothing(owner: Door, distrusting_url: str) -> None:
    async with httpx.AsyncClient(base_url=distrusting_url) as api:
        forwarded = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "evil.example"}
        assert await links(owner, api, **forwarded) == {distrusting_url}


async def test_the_edge_keeps_its_own_scheme_host_and_port(stack: LaunchedStack, owner: Door) -> None:
    assert await links(owner, owner.http) == {stack.url}


async def test_the_edge_passes_on_what_ends_tls_in_front_of_it(owner: Door) -> None:
    forwarded = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "notes.example"}
    assert await links(owner, owner.http, **forwarded) == {"https://notes.example"}


async def test_links_of_an_address_without_its_slash_have_it(owner: Door) -> None:
    page = (await owner.call("GET", "notifications?page_size=1")).json()
    assert page["next"].split("?")[0].endswith(f"{BASE}/notifications/")


@pytest.mark.parametrize("path", ["notifications/", "notifications"])
async def test_the_location_of_what_was_created_leads_to_it(
    stack: LaunchedStack, http: httpx.AsyncClient, path: str
) -> None:
    by = staff(stack, http)
    created = await by.call("POST", path, json=wanted(person(stack, http).user))
    assert created.headers["Location"] == f"{stack.url}{BASE}/notifications/{created.json()['id']}/"
    assert (await http.get(created.headers["Location"], headers=by.headers)).status_code == 200
