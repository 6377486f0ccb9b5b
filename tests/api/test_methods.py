"""What an address takes: HEAD, OPTIONS, and 405 for the rest, wherever an `{id}` lies beside it."""

import re

import httpx
import pytest
from rest_door import BASE, UNKNOWN, anybody, person, staff

from deploy.local.launch import LaunchedStack

JSON = ["application/json"]
LIST, DETAIL = "GET, POST, HEAD, OPTIONS", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "notifications/", LIST),
        ("GET", "notifications/mark_read/", "POST, OPTIONS"),
        ("GET", "notifications/mark_all_read/", "POST, OPTIONS"),
        ("GET", "notifications/bulk_delete/", "POST, OPTIONS"),
        ("DELETE", "notifications/stats/", "GET, HEAD, OPTIONS"),
        ("PUT", "notifications/unread_count/", "GET, HEAD, OPTIONS"),
        ("POST", "notifications/unread_count", "GET, HEAD, OPTIONS"),
        ("GET", f"notifications/{UNKNOWN}/mark_as_read/", "POST, OPTIONS"),
        ("HEAD", "notifications/mark_read/", "POST, OPTIONS"),
        ("GET", "notification-settings/bulk_update/", "POST, OPTIONS"),
        ("DELETE", "notification-settings/reset_to_defaults/", "POST, OPTIONS"),
        ("POST", f"notification-settings/{UNKNOWN}/", DETAIL),
        ("PATCH", "notification-templates/", LIST),
        ("POST", "recipients/ada/", DETAIL),
        ("GET", "webhooks/courier/", "POST, OPTIONS"),
        ("TRACE", "notifications/", LIST),
    ],
)
async def test_a_method_that_an_address_lacks_is_405_and_told_which_it_has(
    stack: LaunchedStack, http: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await staff(stack, http).call(method, path)
    assert (response.status_code, response.headers["Allow"]) == (405, allowed)
    if method != "HEAD":
        assert response.json() == {"detail": f'Method "{method}" not allowed.'}


async def test_no_address_answers_for_a_method_that_it_does_not_promise(http: httpx.AsyncClient) -> None:
    """Every word beside an `{id}`, however many there will be."""
    paths = (await http.get("/openapi.json")).json()["paths"]
    for path, operations in paths.items():
        for method in {"get", "post", "put", "patch", "delete"} - operations.keys():
            response = await http.request(method, re.sub(r"\{\w+\}", UNKNOWN, path))
            assert response.status_code == 405, (method, path)
            allowed = set(response.headers["Allow"].lower().split(", "))
            assert allowed - {"head", "options"} == operations.keys()


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (f"{BASE}/notifications/", LIST),
        (f"{BASE}/notifications", LIST),
        (f"{BASE}/notification-settings/{UNKNOWN}/", DETAIL),
        (f"{BASE}/notifications/mark_read/", "POST, OPTIONS"),
        ("/healthz", "GET, HEAD, OPTIONS"),
    ],
)
async def test_options_describes_an_address_as_drf_does(http: httpx.AsyncClient, path: str, allowed: str) -> None:
    response = await http.options(path)
    assert (response.status_code, response.headers["Allow"]) == (200, allowed)
    described = response.json()
    assert described.keys() == {"name", "description", "renders", "parses"}
    assert (described["renders"], described["parses"]) == (JSON, JSON)
    assert described["name"]


async def test_options_of_an_address_that_does_not_exist_is_404(http: httpx.AsyncClient) -> None:
    response = await anybody(http).call("OPTIONS", "nothing/")
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


@pytest.mark.parametrize(
    "path", ["notifications/", "notifications", "notifications/unread_count/", "notifications/stats/"]
)
async def test_head_is_get_without_its_body(stack: LaunchedStack, http: httpx.AsyncClient, path: str) -> None:
    mine = person(stack, http)
    got, head = await mine.call("GET", path), await mine.call("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"]
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json"])
async def test_head_works_for_those_who_watch_the_service(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.head(path)).status_code == 200


async def test_head_needs_the_same_token_as_get(http: httpx.AsyncClient) -> None:
    assert (await anybody(http).call("HEAD", "notifications/")).status_code == 401
