"""What the gateway tells its operators."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from own_gateway import OwnGateway, own_gateway
from prometheus_client.parser import text_string_to_metric_families
from raw_socket import BINARY, frame, raw
from socket_client import joined, notify
from sqlalchemy import text

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient
from persistence.database import Database


@pytest.fixture
async def gateway(stack: LaunchedStack) -> AsyncIterator[OwnGateway]:
    async with own_gateway(stack, GATEWAY_CONNECTIONS_PER_USER="1") as running:
        yield running


async def samples(gateway: OwnGateway) -> dict[str, float]:
    """The page's values, by name and labels."""
    async with httpx.AsyncClient() as http:
        page = await http.get(f"http://{gateway.host}:{gateway.port}/metrics")
    assert page.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        "".join([sample.name, *(f" {key}={value}" for key, value in sample.labels.items())]): sample.value
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
    }


async def counted(gateway: OwnGateway, name: str, value: float) -> None:
    """Returns when a value is there; what a socket's end adds is added a moment later."""
    async with asyncio.timeout(8):
        while (await samples(gateway)).get(name) != value:
            await asyncio.sleep(0.02)


async def test_connections_are_counted_while_they_are_open(stack: LaunchedStack, gateway: OwnGateway) -> None:
    async with joined(stack, uuid4().hex, url=gateway.socket_url), joined(stack, uuid4().hex, url=gateway.socket_url):
        await counted(gateway, "gateway_connections", 2)
        assert (await samples(gateway))["gateway_users"] == 2
    await counted(gateway, "gateway_connections", 0)
    await counted(gateway, "gateway_closes_total code=1000", 2)


async def test_an_event_is_timed_from_its_commit_to_its_write(
    stack: LaunchedStack, client: NotificationsClient, gateway: OwnGateway
) -> None:
    user = uuid4().hex
    await notify(client, user)
    async with joined(stack, user, url=gateway.socket_url) as socket:
        position = {**socket.established, "seq": 0}
        await notify(client, user)
        await socket.first("new_notification")
        assert (await socket.ask(type="resume", epoch=position["epoch"], seq=0))["resumed"]
        await socket.until(lambda frame: frame["type"] == "new_notification" and frame["seq"] == 2)
    found = await samples(gateway)
    # A replayed event is as old as its client was away.
    assert found["gateway_commit_to_socket_seconds_count"] == 1
    assert 0 < found["gateway_commit_to_socket_seconds_sum"] < 5


async def test_refusals_and_evictions_are_counted_by_reason(stack: LaunchedStack, gateway: OwnGateway) -> None:
    user = uuid4().hex
    assert await gateway.status("/ws/notifications/") == 401
    async with (
        raw(gateway.host, gateway.port, stack.token(user)) as socket,
        httpx.AsyncClient() as http,
    ):
        assert (await http.get(f"http://{gateway.host}:{gateway.port}/nowhere")).status_code == 404
        await socket.write(frame(BINARY))
        assert await socket.close_code() == 4009
    await counted(gateway, "gateway_handshakes_refused_total reason=unauthenticated", 1)
    await counted(gateway, "gateway_closes_total code=4009", 1)


async def test_a_client_that_is_sent_away_to_start_afresh_is_counted(stack: LaunchedStack, gateway: OwnGateway) -> None:
    user = uuid4().hex
    database = Database(stack.environment["DATABASE_URL"], pool_size=1)
    async with joined(stack, user, url=gateway.socket_url) as socket:
        async with database.transaction() as transaction:
            await transaction.connection.execute(
                text("UPDATE inboxes SET epoch = gen_random_uuid() WHERE user_id = :user"), {"user": user}
            )
        assert (await socket.closing())[0] == 1011
    await database.close()
    await counted(gateway, "gateway_evictions_total reason=astray", 1)
    await counted(gateway, "gateway_closes_total code=1011", 1)


async def test_nothing_of_any_user_is_told(stack: LaunchedStack, gateway: OwnGateway) -> None:
    user = f"canary-{uuid4().hex}"
    async with joined(stack, user, url=gateway.socket_url), httpx.AsyncClient() as http:
        page = await http.get(f"http://{gateway.host}:{gateway.port}/metrics")
    assert user not in page.text


async def test_the_page_is_not_behind_the_public_address(http: httpx.AsyncClient) -> None:
    for path in ("/metrics", "/ws/metrics", "/ws/notifications/metrics", "/ws/notifications/../../metrics"):
        assert "gateway_connections" not in (await http.get(path)).text
