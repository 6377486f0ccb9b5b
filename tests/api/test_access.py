"""Who may do what: every route from the side of its owner, of another, of staff and of nobody."""

from dataclasses import replace

import httpx
import pytest
from rest_door import Door, anybody, create, person, staff, wanted

from deploy.local.launch import LaunchedStack

# Statuses for owner, another person, staff, anybody.
ROUTES = {
    ("GET", "notifications/"): (200, 200, 200, 401),
    ("POST", "notifications/"): (403, 403, 201, 401),
    ("GET", "notifications/{id}/"): (200, 404, 200, 401),
    ("POST", "notifications/{id}/mark_as_read/"): (200, 404, 404, 401),
    ("POST", "notifications/{id}/mark_as_unread/"): (200, 404, 404, 401),
    ("POST", "notifications/mark_read/"): (200, 200, 200, 401),
    ("POST", "notifications/mark_all_read/"): (200, 200, 200, 401),
    ("GET", "notifications/unread_count/"): (200, 200, 200, 401),
    ("GET", "notification-settings/"): (200, 200, 200, 401),
    ("POST", "notification-settings/"): (201, 201, 200, 401),
    ("PUT", "recipients/{user}/"): (403, 403, 200, 401),
    ("PATCH", "recipients/{user}/"): (403, 403, 200, 401),
    ("GET", "recipients/{user}/"): (403, 403, 200, 401),
    ("DELETE", "recipients/{user}/"): (403, 403, 204, 401),
}
BODIES = {
    "notifications/": wanted("somebody"),
    "notification-settings/": {"notification_type": "review"},
    "recipients/{user}/": {"name": "Ada"},
}


@pytest.fixture(scope="module")
async def doors(stack: LaunchedStack, http: httpx.AsyncClient) -> dict[str, Door]:
    by = staff(stack, http)
    await by.call("POST", "notification-settings/", json={"notification_type": "review"})
    return {"owner": person(stack, http), "another": person(stack, http), "staff": by, "nobody": anybody(http)}


@pytest.fixture
async def owned(doors: dict[str, Door]) -> str:
    """A notification of the owner, whom staff have described."""
    await doors["staff"].call("PUT", f"recipients/{doors['owner'].user}/", json={"name": "Ada"})
    return str((await create(doors["staff"], doors["owner"].user))["id"])


@pytest.mark.parametrize("who", ["owner", "another", "staff", "nobody"])
@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
async def test_a_route_lets_in_whom_it_is_for(
    doors: dict[str, Door], owned: str, route: tuple[str, str], who: str
) -> None:
    method, path = route
    address = path.format(id=owned, user=doors["owner"].user)
    response = await doors[who].call(method, address, json=BODIES.get(path) if method != "GET" else None)
    assert response.status_code == ROUTES[route][list(doors).index(who)]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_401_asks_for_a_bearer_token(http: httpx.AsyncClient, method: str, path: str) -> None:
    response = await anybody(http).call(method, path.format(id="x", user="x"), json=BODIES.get(path))
    assert (response.headers["WWW-Authenticate"], response.json()) == (
        "Bearer",
        {"detail": "Authentication credentials were not provided."},
    )


async def test_a_bad_token_is_401(http: httpx.AsyncClient) -> None:
    response = await Door(http, "", {"Authorization": "Bearer nonsense"}).call("GET", "notifications/")
    assert (response.status_code, response.json()) == (401, {"detail": "The token is not valid."})


async def test_403_has_drfs_shape(doors: dict[str, Door]) -> None:
    response = await doors["owner"].call("POST", "notifications/", json=wanted("somebody"))
    assert response.json() == {"detail": "You do not have permission to perform this action."}


async def test_a_token_in_the_query_is_no_credential_for_rest(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    response = await anybody(http).call("GET", "notifications/", params={"token": stack.token("somebody")})
    assert response.status_code == 401


def with_cookie(stack: LaunchedStack, http: httpx.AsyncClient, **headers: str) -> Door:
    mine = person(stack, http)
    return replace(mine, headers={"Cookie": f"notifications_token={stack.token(mine.user)}", **headers})


async def test_a_cookie_serves_a_write_from_a_page_of_ours(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    page = with_cookie(stack, http, Origin=stack.url)
    assert (await page.call("POST", "notifications/mark_all_read/")).status_code == 200


async def test_a_cookie_serves_a_pages_own_read_without_an_origin(
    stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    page = with_cookie(stack, http, **{"Sec-Fetch-Site": "same-origin"})
    assert (await page.call("GET", "notifications/")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "notifications/mark_all_read/", {}),
        ("POST", "notifications/mark_all_read/", {"Sec-Fetch-Site": "same-origin"}),
        ("POST", "notifications/mark_all_read/", {"Origin": "https://evil.example"}),
        ("POST", "notifications/mark_all_read/", {"Origin": "null"}),
        ("GET", "notifications/", {}),
        ("GET", "notifications/", {"Sec-Fetch-Site": "cross-site"}),
        ("GET", "notifications/", {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}),
    ],
)
async def test_a_cookie_is_nothing_from_any_other_page(
    stack: LaunchedStack, http: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]
) -> None:
    assert (await with_cookie(stack, http, **headers).call(method, path)).status_code == 401
