"""What holds for every answer: ids, error shapes, addresses, bounds, and what is told about the API itself."""

from collections.abc import AsyncIterator

import httpx
import pytest
from rest_door import BASE, anybody, create, person, staff

from deploy.local.launch import LaunchedStack


@pytest.mark.parametrize("path", ["/healthz", f"{BASE}/notifications/", f"{BASE}/nothing/", "/openapi.json"])
async def test_every_answer_carries_a_request_id(http: httpx.AsyncClient, path: str) -> None:
    assert len((await http.get(path)).headers["X-Request-ID"]) == 32


async def test_the_callers_own_request_id_is_kept(http: httpx.AsyncClient) -> None:
    assert (await http.get("/healthz", headers={"X-Request-ID": "trace-7"})).headers["X-Request-ID"] == "trace-7"


@pytest.mark.parametrize("given", ["x" * 65, "two words", "<script>", ""])
async def test_a_request_id_unfit_for_a_log_is_replaced(http: httpx.AsyncClient, given: str) -> None:
    assert (await http.get("/healthz", headers={"X-Request-ID": given})).headers["X-Request-ID"] != given


@pytest.mark.parametrize(
    "path", ["notifications", "notifications/unread_count", "notification-settings", "notifications/mark_all_read"]
)
async def test_the_trailing_slash_is_optional_without_a_redirect(
    stack: LaunchedStack, http: httpx.AsyncClient, path: str
) -> None:
    method = "POST" if path.endswith("mark_all_read") else "GET"
    assert (await person(stack, http).call(method, path)).status_code == 200


async def test_a_post_without_the_trailing_slash_keeps_its_body(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    body = {"notification_ids": ["123"]}
    response = await person(stack, http).call("POST", "notifications/mark_read", json=body)
    assert list(response.json()) == ["notification_ids"]


async def test_an_address_that_does_not_exist_is_404_in_drfs_shape(http: httpx.AsyncClient) -> None:
    response = await anybody(http).call("GET", "nothing/")
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "notifications/"), ("PUT", "notifications/unread_count/"), ("GET", "webhooks/courier/")],
)
async def test_a_method_that_a_route_lacks_is_405(
    stack: LaunchedStack, http: httpx.AsyncClient, method: str, path: str
) -> None:
    response = await person(stack, http).call(method, path)
    assert (response.status_code, response.json()) == (405, {"detail": f'Method "{method}" not allowed.'})


@pytest.mark.parametrize("content", [b"{nonsense", b"\xff\xfe"])
async def test_a_body_that_is_no_json_is_400_in_drfs_shape(
    stack: LaunchedStack, http: httpx.AsyncClient, content: bytes
) -> None:
    response = await staff(stack, http).call(
        "POST", "notifications/", content=content, headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, list(response.json())) == (400, ["detail"])


async def test_a_body_that_is_no_object_is_400(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    response = await staff(stack, http).call("POST", "notifications/", json=[1])
    assert (response.status_code, list(response.json())) == (400, ["non_field_errors"])


async def test_a_body_of_more_than_a_megabyte_is_413(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    response = await staff(stack, http).call("POST", "notifications/", content=b" " * (1024 * 1024 + 1))
    assert (response.status_code, list(response.json())) == (413, ["detail"])


@pytest.mark.parametrize("path", ["notifications/", "webhooks/courier/"])
async def test_a_body_that_hides_its_length_is_bounded_too(
    stack: LaunchedStack, http: httpx.AsyncClient, path: str
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 65_536

    assert (await staff(stack, http).call("POST", path, content=chunks())).status_code == 413


async def test_a_page_of_another_origin_is_not_let_in_by_cors(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    response = await person(stack, http).call("GET", "notifications/", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in response.headers


async def test_readiness_names_what_was_asked(http: httpx.AsyncClient) -> None:
    response = await http.get("/readyz")
    assert (response.status_code, response.json()) == (
        200,
        {"status": "ok", "checks": {"database": "ok", "temporal": "ok", "gateway": "ok"}},
    )


async def test_liveness_needs_no_token(http: httpx.AsyncClient) -> None:
    assert (await http.get("/healthz")).json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("notifications/", {"get", "post"}),
        ("notifications/{id}/", {"get"}),
        ("notifications/mark_read/", {"post"}),
        ("notifications/mark_all_read/", {"post"}),
        ("notifications/unread_count/", {"get"}),
        ("notifications/{id}/mark_as_read/", {"post"}),
        ("notifications/{id}/mark_as_unread/", {"post"}),
        ("notification-settings/", {"get", "post"}),
        ("recipients/{user}/", {"get", "put", "patch", "delete"}),
        ("webhooks/courier/", {"post"}),
    ],
)
async def test_openapi_lists_the_route(http: httpx.AsyncClient, path: str, methods: set[str]) -> None:
    paths = (await http.get("/openapi.json")).json()["paths"]
    assert methods <= paths[f"{BASE}/{path}"].keys()


async def test_openapi_promises_no_422(http: httpx.AsyncClient) -> None:
    paths = (await http.get("/openapi.json")).json()["paths"]
    statuses = {status for path in paths.values() for operation in path.values() for status in operation["responses"]}
    assert "422" not in statuses


async def test_the_details_keys_are_those_that_openapi_promises(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    promised = (await http.get("/openapi.json")).json()["components"]["schemas"]["NotificationDetail"]["properties"]
    assert (await create(staff(stack, http), "somebody")).keys() == promised.keys()
