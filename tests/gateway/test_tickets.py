"""A browser's way in: a ticket in the address instead of a token."""

from uuid import uuid4

import httpx
import pytest
import websockets

from deploy.local.launch import LaunchedStack

TICKETS = "/api/v1/drf/notifications/ws-ticket/"


async def issued(stack: LaunchedStack, http: httpx.AsyncClient, user: str) -> str:
    answer = await http.post(TICKETS, headers={"Authorization": f"Bearer {stack.token(user)}"})
    assert answer.status_code == 201
    assert set(answer.json()) == {"ticket", "expires_in"}
    assert answer.json()["expires_in"] == 30
    return str(answer.json()["ticket"])


async def test_a_ticket_opens_one_socket(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    address = f"{stack.websocket_url}?ticket={await issued(stack, http, f'user-{uuid4().hex}')}"

    async with websockets.connect(address) as socket:
        assert "connection_established" in str(await socket.recv())
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(address)
    assert refused.value.response.status_code == 401


async def test_an_invented_ticket_is_refused(stack: LaunchedStack) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"{stack.websocket_url}?ticket=invented")
    assert refused.value.response.status_code == 401


async def test_a_ticket_needs_a_token(http: httpx.AsyncClient) -> None:
    assert (await http.post(TICKETS)).status_code == 401
