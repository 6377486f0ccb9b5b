"""How much one client, and all together, may ask: what is refused, how it is told, and that others do not notice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import pytest
from own_gateway import OwnGateway, own_gateway
from raw_socket import RawSocket, connected, handshake
from socket_client import Socket, bearer, checked, joined, opened
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from deploy.local.launch import LaunchedStack
from ws_gateway.limits import Allowance, NoSeat, Seats

FEW = {
    "GATEWAY_CONNECTIONS": "6",
    "GATEWAY_CONNECTIONS_PER_USER": "2",
    "GATEWAY_HANDSHAKES": "5",
    "GATEWAY_HANDSHAKE_SECONDS": "1",
    "GATEWAY_MESSAGES_PER_SECOND": "2",
}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_allowance_is_five_seconds_worth_at_once() -> None:
    allowance = Allowance(2, clock=Clock())
    assert [allowance.spend() >= 0 for _ in range(12)] == [True] * 10 + [False] * 2


def test_an_allowance_comes_back_with_time_and_never_beyond_itself() -> None:
    clock = Clock()
    allowance = Allowance(2, clock=clock)
    for _ in range(10):
        allowance.spend()
    clock.now = 1.0
    assert [allowance.spend() >= 0 for _ in range(3)] == [True, True, False]
    clock.now = 1_000.0
    assert allowance.spend() == 9


def test_what_was_overdrawn_must_be_waited_for() -> None:
    clock = Clock()
    allowance = Allowance(2, clock=clock)
    for _ in range(14):
        allowance.spend()
    clock.now = 2.0
    assert allowance.spend() == -1


def test_a_seat_is_given_back() -> None:
    seats = Seats(1)
    for _ in range(2):
        seats.take("ada")
        with pytest.raises(NoSeat):
            seats.take("ada")
        seats.give_back("ada")


async def test_who_says_too_much_is_told_and_then_closed_with_4029(stack: LaunchedStack) -> None:
    async with own_gateway(stack, **FEW) as gateway, two(stack, gateway) as (quiet, loud):
        for number in range(40):
            await loud.send(type="ping", op_id=str(number))
        answers, code = await loud.everything()
        kinds = [answer.get("code", answer["type"]) for answer in answers]
        assert kinds[:10] == ["pong"] * 10
        assert {"too_many"} == set(kinds[11:])
        assert [answer["op_id"] for answer in answers] == [str(number) for number in range(len(answers))]
        assert code == 4029
        assert (await quiet.ask(type="ping"))["type"] == "pong"


async def test_a_pause_makes_good_for_having_said_too_much(stack: LaunchedStack) -> None:
    async with own_gateway(stack, **FEW) as gateway, two(stack, gateway) as (socket, _):
        for _ in range(12):
            await socket.send(type="ping")
        async with asyncio.timeout(8):
            while (await socket.ask(type="get_unread_count")).get("code") == "too_many":
                await asyncio.sleep(0.7)  # or the asking itself would be too much


async def test_a_users_newest_connection_too_many_is_closed_with_4029_and_the_others_stay(stack: LaunchedStack) -> None:
    user = uuid4().hex
    headers = bearer(stack.token(user))
    async with own_gateway(stack, **FEW) as gateway, AsyncExitStack() as resources:
        first, second = [
            await resources.enter_async_context(joined(stack, user, url=gateway.socket_url)) for _ in range(2)
        ]
        async with opened(gateway.socket_url, additional_headers=headers) as third:
            with pytest.raises(ConnectionClosed) as closed:
                await third.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4029
        assert [(await each.ask(type="ping"))["type"] for each in (first, second)] == ["pong"] * 2
        async with joined(stack, uuid4().hex, url=gateway.socket_url):
            pass
        await second.connection.close()
        async with asyncio.timeout(8):
            while not await seated(gateway, headers):
                await asyncio.sleep(0.02)


async def test_a_full_gateway_refuses_with_503_and_says_when_to_come_back(stack: LaunchedStack) -> None:
    async with own_gateway(stack, **FEW) as gateway, AsyncExitStack() as resources:
        for _ in range(6):
            await resources.enter_async_context(joined(stack, uuid4().hex, url=gateway.socket_url))
        with pytest.raises(InvalidStatus) as refused:
            async with joined(stack, uuid4().hex, url=gateway.socket_url):
                pass
        assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (503, "2")
        assert await gateway.status("/healthz") == 200


async def test_a_handshake_that_never_ends_is_cut_off_and_makes_room(stack: LaunchedStack) -> None:
    """Slowloris: connections that say half a handshake and then a byte now and again."""
    async with own_gateway(stack, **FEW) as gateway, AsyncExitStack() as resources:
        start = handshake(gateway.host, gateway.port, stack.token("slow"))[:-2]
        slow = [await resources.enter_async_context(connected(gateway.host, gateway.port)) for _ in range(5)]
        for each in slow:
            await each.write(start)
        async with connected(gateway.host, gateway.port) as late:
            await late.write(start)
            assert await late.is_ended()
        drops = [asyncio.create_task(drip(each)) for each in slow]
        assert all(await asyncio.gather(*(each.is_ended() for each in slow)))
        for drop in drops:
            drop.cancel()
        async with asyncio.timeout(8):
            while not await seated(gateway, bearer(stack.token("patient"))):
                await asyncio.sleep(0.02)


@asynccontextmanager
async def two(stack: LaunchedStack, gateway: OwnGateway) -> AsyncIterator[tuple[Socket, Socket]]:
    """Connections of two users."""
    async with (
        joined(stack, uuid4().hex, url=gateway.socket_url) as one,
        joined(stack, uuid4().hex, url=gateway.socket_url) as other,
    ):
        yield one, other


async def drip(socket: RawSocket) -> None:
    while True:
        await socket.write(b"X-Slow: 1\r\n")
        await asyncio.sleep(0.1)


async def seated(gateway: OwnGateway, headers: dict[str, str]) -> bool:
    """Whether a new connection gets its first frame."""
    try:
        async with opened(gateway.socket_url, additional_headers=headers) as socket:
            checked(await socket.recv())
    except (ConnectionClosed, InvalidHandshake, OSError):
        return False
    return True
