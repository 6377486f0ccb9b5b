"""How much of anything a request may hold."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from rest_door import BASE, person, refusal, staff

from api.middleware.bounds import ADDRESS_BYTES, BODY_BYTES, HEADER_BYTES, HEADERS
from deploy.local.launch import LaunchedStack
from notifications.contracts import limits


@pytest.fixture
async def api(stack: LaunchedStack) -> AsyncIterator[httpx.AsyncClient]:
    """Without the edge, which adds headers of its own."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{stack.environment['API_PORT']}") as client:
        yield client


def of_length(size: int) -> str:
    """A path and query of so many bytes."""
    path = f"{BASE}/notifications/?unknown="
    return path + "x" * (size - len(path) + 1)  # the question mark is part of neither


@pytest.mark.parametrize(("size", "status"), [(ADDRESS_BYTES, 200), (ADDRESS_BYTES + 1, 414)])
async def test_path_and_query_are_bounded(stack: LaunchedStack, api: httpx.AsyncClient, size: int, status: int) -> None:
    response = await api.get(of_length(size), headers=person(stack, api).headers)
    assert response.status_code == status
    if status == 414:
        assert list(response.json()) == ["detail"]


async def test_a_long_path_is_bounded_as_a_long_query_is(http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{BASE}/{'x' * ADDRESS_BYTES}/")).status_code == 414


@pytest.mark.parametrize(("more", "status"), [(HEADERS - 10, 200), (HEADERS + 1, 431)])
async def test_the_number_of_headers_is_bounded(
    stack: LaunchedStack, api: httpx.AsyncClient, more: int, status: int
) -> None:
    headers = {f"X-Header-{number}": "x" for number in range(more)}
    assert (await person(stack, api).call("GET", "notifications/", headers=headers)).status_code == status


async def test_the_size_of_the_headers_is_bounded(stack: LaunchedStack, api: httpx.AsyncClient) -> None:
    headers = {"X-Header": "x" * HEADER_BYTES}
    response = await person(stack, api).call("GET", "notifications/", headers=headers)
    assert (response.status_code, list(response.json())) == (431, ["detail"])


@pytest.mark.parametrize("host", ["[::1", 'a"b', "a/b", "user@host", "host:port", "a b"])
async def test_a_host_that_no_link_could_be_made_of_is_400(
    stack: LaunchedStack, api: httpx.AsyncClient, host: str
) -> None:
    response = await person(stack, api).call("GET", "notifications/", headers={"Host": host})
    assert (response.status_code, response.json()) == (400, {"detail": "Invalid Host header."})


@pytest.mark.parametrize(("size", "status"), [(BODY_BYTES, 400), (BODY_BYTES + 1, 413)])
async def test_the_body_is_bounded(stack: LaunchedStack, http: httpx.AsyncClient, size: int, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    response = await staff(stack, http).call("POST", "notifications/", content=b" " * size, headers=headers)
    assert (response.status_code, list(response.json())) == (status, ["detail"])


@pytest.mark.parametrize("path", ["notifications/", "webhooks/courier/"])
async def test_a_body_that_hides_its_length_is_bounded_too(
    stack: LaunchedStack, http: httpx.AsyncClient, path: str
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 65_536

    assert (await staff(stack, http).call("POST", path, content=chunks())).status_code == 413


@pytest.mark.parametrize("path", ["notifications/mark_read/", "notifications/bulk_delete/"])
@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 400)])
async def test_the_ids_of_one_call_are_bounded(
    stack: LaunchedStack, http: httpx.AsyncClient, path: str, more: int, status: int
) -> None:
    ids = [f"00000000-0000-4000-8000-{number:012}" for number in range(limits.IDS_PER_CALL + more)]
    response = await person(stack, http).call("POST", path, json={"notification_ids": ids})
    assert response.status_code == status
    assert status == 200 or list(response.json()) == ["notification_ids"]


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"deeper": value}
    return value


@pytest.mark.parametrize(
    "metadata",
    [nested(limits.METADATA_DEPTH + 1), nested(200), {"x": "y" * limits.METADATA_BYTES}, {"x": 2**63}],
    ids=["one too deep", "far too deep", "large", "huge number"],
)
async def test_metadata_is_bounded(stack: LaunchedStack, http: httpx.AsyncClient, metadata: dict[str, Any]) -> None:
    assert list(await refusal(staff(stack, http), metadata=metadata)) == ["metadata"]
