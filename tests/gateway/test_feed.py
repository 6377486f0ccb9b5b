"""Events reach sockets whoever wrote them, and whether or not anybody hinted at them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import uuid4

import pytest
from socket_client import joined, seqs

from deploy.local.launch import LaunchedStack
from persistence import events
from persistence.database import Database
from persistence.hints import HintSender
from persistence.inbox import InboxRepository
from ws_gateway.connections import Connection, ConnectionRegistry
from ws_gateway.feed import EventFeed

EVENT = events.all_read(is_read=True, up_to_seq=None)


@pytest.fixture
async def mute(stack: LaunchedStack) -> AsyncIterator[Database]:
    """A database whose commits nobody is told of."""
    database = Database(stack.environment["DATABASE_URL"], pool_size=4)
    yield database
    await database.close()


async def append(database: Database, user: str, times: int = 1) -> None:
    async with database.transaction() as transaction:
        await InboxRepository(transaction).append(user, [EVENT] * times)


async def test_an_event_without_a_hint_arrives_by_the_sweep(stack: LaunchedStack, mute: Database) -> None:
    user = uuid4().hex
    async with joined(stack, user) as socket:
        await append(mute, user, 3)
        assert seqs([await socket.next() for _ in range(3)]) == [1, 2, 3]


@pytest.fixture
def registry() -> ConnectionRegistry:
    return ConnectionRegistry()


@pytest.fixture
async def feed(stack: LaunchedStack, mute: Database, registry: ConnectionRegistry) -> AsyncIterator[EventFeed]:
    feed = EventFeed(database=mute, hints_url=stack.environment["DATABASE_URL"], registry=registry)
    running = asyncio.create_task(feed.run())
    yield feed
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def present(registry: ConnectionRegistry, user: str, *, position: int = 0) -> Connection:
    connection = Connection(user, position=position)
    registry.add(connection)
    return connection


async def frames(connection: Connection, number: int) -> list[bytes]:
    async with asyncio.timeout(5):
        return [(await connection.next_frame()).frame for _ in range(number)]


async def test_a_hint_is_enough_for_the_sweep_to_find_nothing(
    stack: LaunchedStack, feed: EventFeed, registry: ConnectionRegistry
) -> None:
    hints = HintSender(stack.environment["DATABASE_URL"])
    sending = asyncio.create_task(hints.run())
    telling = Database(stack.environment["DATABASE_URL"], pool_size=1, hints=hints)
    user = uuid4().hex
    connection = present(registry, user)
    for _ in range(3):
        await append(telling, user)
        await frames(connection, 1)
    sending.cancel()
    await telling.close()
    assert feed.sweep_finds <= 1  # one, when a sweep is quicker than the hint of its moment


async def test_what_the_sweep_finds_is_counted(feed: EventFeed, mute: Database, registry: ConnectionRegistry) -> None:
    user = uuid4().hex
    connection = present(registry, user)
    await append(mute, user)
    await frames(connection, 1)
    assert feed.sweep_finds == 1


async def test_more_events_than_one_reading_holds_all_arrive(
    feed: EventFeed, mute: Database, registry: ConnectionRegistry
) -> None:
    users = [f"{uuid4().hex}-{number}" for number in range(5)]
    connections = [present(registry, user) for user in users]
    for user in users:
        await append(mute, user, 500)
    feed.wake(users)
    assert [len(await frames(connection, 500)) for connection in connections] == [500] * 5


async def test_a_connection_that_comes_back_during_a_reading_misses_nothing(
    feed: EventFeed, mute: Database, registry: ConnectionRegistry
) -> None:
    user = uuid4().hex
    await append(mute, user, 10)
    live = present(registry, user, position=10)
    for number in range(20):
        await append(mute, user)
        feed.wake([user])
        await asyncio.sleep(0)  # the reading for `live` is under way
        late = present(registry, user, position=number)
        feed.wake([user])
        await frames(live, 1)
        assert seqs_of(await frames(late, 11)) == list(range(number + 1, number + 12))
        registry.remove(late)


def seqs_of(raw: list[bytes]) -> list[int]:
    return [int(frame.rpartition(b'"seq":')[2].rstrip(b"}")) for frame in raw]
