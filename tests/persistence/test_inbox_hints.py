"""Hints name whose inbox moved: after the commit, in few and small payloads, whatever carries them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import orjson
import psycopg
import pytest
from inbox_world import put, somebody
from nats_server import nats_server

from deploy.local.launch import LaunchedStack
from deploy.local.state import free_port
from notifications.contracts.limits import USER_CHARS
from persistence.database import Database
from persistence.hint_buses import HintsLost, hint_bus
from persistence.hints import HintSender, _payloads, listen


@dataclass(frozen=True, slots=True)
class Bus:
    """What carries the hints; `restart` breaks every sender's connection."""

    url: str
    restart: Callable[[], Awaitable[None]]


@pytest.fixture(params=["postgresql", "nats"])
async def bus(request: pytest.FixtureRequest, stack: LaunchedStack) -> AsyncIterator[Bus]:
    if request.param == "nats":
        async with nats_server() as server:

            async def restart() -> None:
                await server.kill()
                await server.start()

            yield Bus(server.url, restart)
    else:
        url, name = stack.environment["DATABASE_URL"], uuid4().hex
        yield Bus(f"{url}?application_name={name}", partial(break_connections, url, name))


@asynccontextmanager
async def sending(url: str) -> AsyncIterator[HintSender]:
    hints = HintSender(url)
    running = asyncio.create_task(hints.run())
    try:
        yield hints
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[AsyncIterator[list[str]]]:
    hints = listen(url)
    assert await anext(hints) == []  # listens from here on
    try:
        yield hints
    finally:
        await hints.aclose()  # type: ignore[attr-defined] # a generator


async def heard(hints: AsyncIterator[list[str]], users: Iterable[str]) -> list[list[str]]:
    """The hints, other tests' users left out, until all of these were named."""
    wanted, payloads = set(users), []
    async with asyncio.timeout(5):
        while wanted:
            payload = [user for user in await anext(hints) if user in wanted]
            if payload:
                payloads.append(payload)
                wanted -= set(payload)
    return payloads


async def test_a_commit_that_moves_an_inbox_is_hinted_at(stack: LaunchedStack, bus: Bus) -> None:
    url, user = stack.environment["DATABASE_URL"], somebody()
    async with sending(bus.url) as hints, listening(bus.url) as ears:
        database = Database(url, pool_size=1, hints=hints)
        async with database.transaction() as transaction:
            await put(transaction, user)
        assert await heard(ears, [user]) == [[user]]
        await database.close()


async def test_what_is_rolled_back_is_not_hinted_at(stack: LaunchedStack) -> None:
    url, lost, kept = stack.environment["DATABASE_URL"], somebody(), somebody()
    async with sending(url) as hints, listening(url) as ears:
        database = Database(url, pool_size=1, hints=hints)
        with suppress(ZeroDivisionError):
            async with database.transaction() as transaction:
                await put(transaction, lost)
                _ = 1 / 0
        async with database.transaction() as transaction:
            await put(transaction, kept)
        named: set[str] = set()
        async with asyncio.timeout(5):
            while kept not in named:
                named.update(await anext(ears))
        assert lost not in named
        await database.close()


async def test_a_burst_becomes_few_hints(bus: Bus) -> None:
    users = [somebody() for _ in range(200)]
    async with sending(bus.url) as hints, listening(bus.url) as ears:
        for user in users:
            hints.send([user])
        assert len(await heard(ears, users)) <= 2


async def test_a_user_named_often_in_a_moment_is_hinted_at_once(bus: Bus) -> None:
    user, last = somebody(), somebody()
    async with sending(bus.url) as hints, listening(bus.url) as ears:
        hints.send([user] * 100)
        hints.send([last])
        named: list[str] = []
        async with asyncio.timeout(5):
            while last not in named:
                named += await anext(ears)
        assert named.count(user) == 1


async def test_more_users_than_one_payload_holds_are_all_hinted_at(bus: Bus) -> None:
    users = [f"{somebody()}-{'ß' * 100}" for _ in range(200)]
    async with sending(bus.url) as hints, listening(bus.url) as ears:
        hints.send(users)
        await heard(ears, users)


async def test_a_lost_connection_is_opened_again(bus: Bus) -> None:
    first, again = somebody(), somebody()

    async def send_on(hints: HintSender) -> None:
        while True:
            hints.send([again])
            await asyncio.sleep(0.05)

    async with sending(bus.url) as hints:
        async with listening(bus.url) as ears:
            hints.send([first])
            await heard(ears, [first])
            await bus.restart()
            with pytest.raises(HintsLost):
                await heard(ears, [again])
        repeating = asyncio.create_task(send_on(hints))
        async with listening(bus.url) as ears:
            assert await heard(ears, [again]) == [[again]]
        repeating.cancel()


async def break_connections(url: str, name: str) -> None:
    async with await psycopg.AsyncConnection.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        broken = await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", [name]
        )
        assert await broken.fetchall() == [(True,), (True,)]


@pytest.mark.parametrize("user", ["a", "ß" * USER_CHARS, "😀" * USER_CHARS, '"\\' * (USER_CHARS // 2)])
def test_no_payload_is_too_large_for_postgresql(user: str) -> None:
    users = [f"{number}{user}" for number in range(2_000)]
    assert max(len(payload.encode()) for payload in _payloads(users)) < 8_000


def test_the_payloads_name_everybody_once() -> None:
    users = [f"user-{number}" for number in range(2_000)]
    assert [user for payload in _payloads(users) for user in orjson.loads(payload)] == users


def test_nobody_makes_no_payload() -> None:
    assert list(_payloads([])) == []


async def test_a_listener_survives_a_payload_of_somebody_else(bus: Bus) -> None:
    user = somebody()
    async with sending(bus.url) as hints, listening(bus.url) as ears, hint_bus(bus.url).publishing() as publish:
        await publish("nonsense")
        hints.send([user])
        assert await heard(ears, [user]) == [[user]]


@pytest.mark.parametrize("scheme", ["nats", "postgresql+psycopg"])
async def test_a_bus_that_is_away_is_an_error_without_its_password(scheme: str) -> None:
    bus = hint_bus(f"{scheme}://somebody:canary@127.0.0.1:{free_port()}")
    with pytest.raises(HintsLost) as lost:
        async with bus.payloads():
            pass
    assert "canary" not in str(lost.value)


async def test_a_bus_that_hangs_is_given_up(bus: Bus) -> None:
    async with asyncio.timeout(15):
        async with silent_server() as port:
            with pytest.raises(HintsLost):
                async with hint_bus(f"{bus.url.partition('://')[0]}://127.0.0.1:{port}").publishing():
                    pass


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """Accepts connections and says nothing."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
