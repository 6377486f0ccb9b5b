"""What holds for every answer: ids, error shapes, addresses, bounds, and what is told about the API itself."""

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
    ("content", "fault"),
    [
        (b"{nonsense", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b'{"user":\n ]', "Expecting value: line 2 column 2 (char 10)"),
        (b'{"user": "\xff"}', "'utf-8' codec can't decode byte 0xff in position 10: invalid start byte"),
        (b"[" * 100_000, "maximum recursion depth exceeded"),
        (b'{"user": ' + b"9" * 5000 + b"}", "Exceeds the limit"),
    ],
    ids=["words", "lines", "bytes", "depth", "digits"],
)
async def test_a_body_that_is_no_json_is_400_in_drfs_words(
    stack: LaunchedStack, http: httpx.AsyncClient, content: bytes, fault: str
) -> None:
    response = await staff(stack, http).call(
        "POST", "notifications/", content=content, headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, list(response.json())) == (400, ["detail"])
    assert response.json()["detail"].startswith(f"JSON parse error - {fault}")


@pytest.mark.parametrize("told", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"])
async def test_a_body_that_is_not_sent_as_json_is_415_in_drfs_words(
    stack: LaunchedStack, http: httpx.AsyncClient, told: str
) -> None:
    response = await person(stack, http).call(
        "POST", "notifications/mark_read/", content=b"is_read=true", headers={"Content-Type": told}
    )
    assert response.status_code == 415
    assert response.json() == {"detail": f'Unsupported media type "{told}" in request.'}


async def test_a_body_of_an_unnamed_kind_is_415(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    response = await person(stack, http).call("POST", "notifications/mark_read/", content=b'{"is_read": true}')
    assert (response.status_code, response.json()["detail"]) == (415, 'Unsupported media type "" in request.')


@pytest.mark.parametrize("told", ["application/json; charset=utf-8", "APPLICATION/JSON"])
async def test_json_may_be_named_in_any_spelling(stack: LaunchedStack, http: httpx.AsyncClient, told: str) -> None:
    response = await person(stack, http).call(
        "POST", "notifications/mark_read/", content=b"{}", headers={"Content-Type": told}
    )
    assert response.status_code == 200


@pytest.mark.parametrize("told", ["application/json", "application/x-www-form-urlencoded", "text/plain", None])
@pytest.mark.parametrize("path", ["notifications/mark_read/", "notifications/mark_all_read/"])
async def test_where_a_body_is_optional_an_empty_one_of_any_kind_is_none(
    stack: LaunchedStack, http: httpx.AsyncClient, path: str, told: str | None
) -> None:
    headers = {"Content-Type": told} if told else {}
    response = await person(stack, http).call("POST", path, headers=headers)
    assert (response.status_code, response.json()["updated_count"]) == (200, 0)


async def test_where_no_body_is_asked_for_any_is_ignored(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    response = await person(stack, http).call("POST", "notifications/mark_all_read/", data={"a": "b"})
    assert response.status_code == 200


async def test_a_body_that_is_no_object_is_400(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    response = await staff(stack, http).call("POST", "notifications/", json=[1])
    assert (response.status_code, list(response.json())) == (400, ["non_field_errors"])


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
