"""Who gets a socket, and how the others are told."""

import asyncio
import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from socket_client import bearer, checked, joined, opened, token_that_expires
from websockets.exceptions import ConnectionClosed, InvalidStatus

from deploy.local.launch import LaunchedStack

EVIL = "https://evil.example"


async def first_frame(stack: LaunchedStack, **options: Any) -> Any:
    async with opened(stack.websocket_url, **options) as connection, asyncio.timeout(8):
        return checked(await connection.recv())


async def refused(stack: LaunchedStack, **options: Any) -> InvalidStatus:
    with pytest.raises(InvalidStatus) as refusal:
        await first_frame(stack, **options)
    return refusal.value


async def closed(stack: LaunchedStack, **options: Any) -> int:
    with pytest.raises(ConnectionClosed) as closing:
        await first_frame(stack, **options)
    assert closing.value.rcvd is not None
    return closing.value.rcvd.code


async def test_a_header_opens_a_socket(stack: LaunchedStack) -> None:
    frame = await first_frame(stack, additional_headers=bearer(stack.token("somebody")))
    assert frame["type"] == "connection_established"


async def test_a_token_in_the_query_opens_a_socket(stack: LaunchedStack) -> None:
    frame = await first_frame(stack, query=f"?token={stack.token('somebody')}")
    assert frame["type"] == "connection_established"


async def test_the_same_token_in_header_and_query_opens_a_socket(stack: LaunchedStack) -> None:
    token = stack.token("somebody")
    frame = await first_frame(stack, query=f"?token={token}", additional_headers=bearer(token))
    assert frame["type"] == "connection_established"


async def test_a_cookie_opens_a_socket_for_a_page_of_ours(stack: LaunchedStack) -> None:
    cookie = {"Cookie": f"theme=dark; notifications_token={stack.token('somebody')}"}
    frame = await first_frame(stack, additional_headers=cookie, origin=stack.url)
    assert frame["type"] == "connection_established"


async def test_the_address_works_without_its_trailing_slash(stack: LaunchedStack) -> None:
    async with opened(
        stack.websocket_url.rstrip("/"), additional_headers=bearer(stack.token("somebody"))
    ) as connection:
        assert checked(await connection.recv())["type"] == "connection_established"


async def test_the_first_frame_has_exactly_the_contracts_keys(stack: LaunchedStack) -> None:
    frame = await first_frame(stack, additional_headers=bearer(stack.token("somebody")))
    assert frame.keys() == {"type", "unread_count", "epoch", "seq", "resumed", "server_time"}


async def test_a_new_users_stream_starts_at_nothing(stack: LaunchedStack) -> None:
    frame = await first_frame(stack, additional_headers=bearer(stack.token(uuid4().hex)))
    assert (frame["unread_count"], frame["seq"], frame["resumed"]) == (0, 0, False)


async def test_the_epoch_is_a_uuid_that_stays(stack: LaunchedStack) -> None:
    token = stack.token(uuid4().hex)
    epochs = [UUID((await first_frame(stack, additional_headers=bearer(token)))["epoch"]) for _ in range(2)]
    assert epochs[0] == epochs[1]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"query": "?token="},
        {"query": "?token=nonsense"},
        {"additional_headers": {"Authorization": "Bearer nonsense"}},
        {"additional_headers": {"Authorization": "Basic bm9ib2R5"}},
    ],
)
async def test_a_program_without_a_good_token_is_refused_with_401(
    stack: LaunchedStack, options: dict[str, Any]
) -> None:
    response = (await refused(stack, **options)).response
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_header_and_query_that_differ_are_401(stack: LaunchedStack) -> None:
    refusal = await refused(
        stack, query=f"?token={stack.token('one')}", additional_headers=bearer(stack.token("other"))
    )
    assert refusal.response.status_code == 401


async def test_a_cookie_without_an_origin_is_401(stack: LaunchedStack) -> None:
    refusal = await refused(stack, additional_headers={"Cookie": f"notifications_token={stack.token('somebody')}"})
    assert refusal.response.status_code == 401


async def test_a_page_without_a_good_token_is_closed_with_4001(stack: LaunchedStack) -> None:
    assert await closed(stack, origin=stack.url) == 4001


async def test_a_page_with_an_expired_token_is_closed_with_4003(stack: LaunchedStack) -> None:
    token = token_that_expires(stack, "somebody", at=time.time() - 60)
    assert await closed(stack, origin=stack.url, query=f"?token={token}") == 4003


@pytest.mark.parametrize("credential", ["header", "query", "cookie"])
async def test_a_page_of_another_origin_is_refused_with_403(stack: LaunchedStack, credential: str) -> None:
    token = stack.token("somebody")
    ways: dict[str, dict[str, Any]] = {
        "header": {"additional_headers": bearer(token)},
        "query": {"query": f"?token={token}"},
        "cookie": {"additional_headers": {"Cookie": f"notifications_token={token}"}},
    }
    assert (await refused(stack, origin=EVIL, **ways[credential])).response.status_code == 403


async def test_another_path_is_404(stack: LaunchedStack) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with opened(f"{stack.websocket_url}other/", additional_headers=bearer(stack.token("somebody"))):
            pass
    assert refusal.value.response.status_code == 404


@pytest.mark.parametrize(
    "query", ["?epoch=x", "?seq=1", "?epoch=x&seq=one", "?epoch=x&seq=-1", f"?epoch=x&seq={9**20}"]
)
async def test_half_a_position_is_closed_with_4009(stack: LaunchedStack, query: str) -> None:
    assert await closed(stack, additional_headers=bearer(stack.token("somebody")), query=query) == 4009


async def test_a_token_that_runs_out_closes_its_socket_with_4003(stack: LaunchedStack) -> None:
    token = token_that_expires(stack, "somebody", at=time.time() + 2)
    async with joined(stack, "somebody", token=token) as socket:
        assert (await socket.closing())[0] == 4003


async def test_a_refreshed_token_keeps_the_socket_open(stack: LaunchedStack) -> None:
    expires_at = int(time.time()) + 2
    async with joined(stack, "somebody", token=token_that_expires(stack, "somebody", at=expires_at)) as socket:
        await socket.ask(type="refresh_token", token=stack.token("somebody"))
        while time.time() < expires_at + 0.2:
            assert (await socket.ask(type="ping"))["type"] == "pong"
            await asyncio.sleep(0.05)
        assert (await socket.ask(type="ping"))["type"] == "pong"


async def test_a_token_that_runs_out_sooner_than_the_one_before_closes_when_it_does(stack: LaunchedStack) -> None:
    async with joined(stack, "somebody") as socket:
        await socket.ask(type="refresh_token", token=token_that_expires(stack, "somebody", at=time.time() + 2))
        assert (await socket.closing())[0] == 4003


async def test_a_bad_token_at_a_refresh_closes_with_4003(stack: LaunchedStack) -> None:
    async with joined(stack, "somebody") as socket:
        await socket.send(type="refresh_token", token="nonsense")
        assert (await socket.closing())[0] == 4003


async def test_another_users_token_at_a_refresh_closes_with_4003(stack: LaunchedStack) -> None:
    async with joined(stack, "somebody") as socket:
        await socket.send(type="refresh_token", token=stack.token("somebody else"))
        assert (await socket.closing())[0] == 4003


async def test_a_frame_that_is_too_large_closes_with_1009(stack: LaunchedStack) -> None:
    async with joined(stack, "somebody") as socket:
        await socket.send(type="ping", padding="x" * 17_000)
        assert (await socket.closing())[0] == 1009


async def test_a_binary_frame_closes_with_4009(stack: LaunchedStack) -> None:
    async with joined(stack, "somebody") as socket:
        await socket.connection.send(b'{"type": "ping"}')
        assert (await socket.closing())[0] == 4009
