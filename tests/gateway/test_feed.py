"""Events reach sockets whoever wrote them, and whether or not anybody hinted at them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from uuid import uuid4

import pytest
from socket_client import joined, seqs
from sqlalchemy import text

from deploy.local.launch import LaunchedStack
from persistence import events
from persistence.database import Database
from persistence.hints import HintSender
from persistence.inbox import InboxRepository, Position
from ws_gateway.connections import Connection, ConnectionRegistry, Eviction
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


async def start_of(database: Database, user: str) -> Position:
    """Where the user's stream starts, and all of it is still to come."""
    async with database.statements() as transaction:
        state = await InboxRepository(transaction).state(user)
    return Position(state.epoch, 0)


def present(registry: ConnectionRegistry, user: str, position: Position) -> Connection:
    connection = Connection(user, position)
    registry.add(connection)
    return connection


def evictions(connection: Connection) -> list[Eviction]:
    """Why it was to be ended, each time."""
    reasons: list[Eviction] = []
    connection.evict = reasons.append
    return reasons


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
    connection = present(registry, user, await start_of(telling, user))
    for _ in range(3):
        await append(telling, user)
        await frames(connection, 1)
    sending.cancel()
    await telling.close()
    assert feed.sweep_finds <= 1  # one, when a sweep is quicker than the hint of its moment


async def test_what_the_sweep_finds_is_counted(feed: EventFeed, mute: Database, registry: ConnectionRegistry) -> None:
    user = uuid4().hex
    connection = present(registry, user, await start_of(mute, user))
    await append(mute, user)
    await frames(connection, 1)
    assert feed.sweep_finds == 1


async def test_more_events_than_one_reading_holds_all_arrive(
    feed: EventFeed, mute: Database, registry: ConnectionRegistry
) -> None:
    users = [f"{uuid4().hex}-{number}" for number in range(5)]
    connections = [present(registry, user, await start_of(mute, user)) for user in users]
    for user in users:
        await append(mute, user, 500)
    feed.wake(users)
    assert [len(await frames(connection, 500)) for connection in connections] == [500] * 5


async def test_a_connection_that_comes_back_during_a_reading_misses_nothing(
    feed: EventFeed, mute: Database, registry: ConnectionRegistry
) -> None:
    user = uuid4().hex
    start = await start_of(mute, user)
    await append(mute, user, 10)
    live = present(registry, user, start._replace(seq=10))
    sent_away = evictions(live)
    for number in range(20):
        await append(mute, user)
        feed.wake([user])
        await asyncio.sleep(0)  # the reading for `live` is under way
        late = present(registry, user, start._replace(seq=number))
        late.evict = live.evict
        feed.wake([user])
        await frames(live, 1)
        assert seqs_of(await frames(late, 11)) == list(range(number + 1, number + 12))
        registry.remove(late)
    assert sent_away == []


async def test_an_event_that_comes_during_a_sweep_sends_nobody_away(
    feed: EventFeed, mute: Database, registry: ConnectionRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = uuid4().hex
    connection = present(registry, user, await start_of(mute, user))
    sent_away = evictions(connection)
    overtaken: asyncio.Queue[int] = asyncio.Queue()
    last_positions = InboxRepository.last_positions

    async def slowly(inbox: InboxRepository, users: Sequence[str]) -> Mapping[str, Position]:
        ends = await last_positions(inbox, users)
        await append(mute, user)
        feed.wake([user])
        await frames(connection, 1)
        overtaken.put_nowait(ends[user].seq)
        return ends

    monkeypatch.setattr(InboxRepository, "last_positions", slowly)
    async with asyncio.timeout(10):
        # When there is a second one, the first has come to its end.
        assert [await overtaken.get() for _ in range(2)] == [0, 1]
    assert sent_away == []


@pytest.mark.parametrize("kept", [0, 1, 2_500])
@pytest.mark.usefixtures("feed")
async def test_a_connection_whose_next_event_is_not_kept_is_sent_away(
    mute: Database, registry: ConnectionRegistry, kept: int
) -> None:
    user = uuid4().hex
    connection = present(registry, user, await start_of(mute, user))
    sent_away: asyncio.Queue[Eviction] = asyncio.Queue()
    connection.evict = sent_away.put_nowait
    async with mute.transaction() as transaction:
        await InboxRepository(transaction).append(user, [EVENT] * (1 + kept))
        await transaction.connection.execute(
            text("DELETE FROM inbox_events WHERE user_id = :user AND seq = 1"), {"user": user}
        )
    async with asyncio.timeout(5):
        assert await sent_away.get() is Eviction.ASTRAY


def seqs_of(raw: list[bytes]) -> list[int]:
    return [int(frame.rpartition(b'"seq":')[2].rstrip(b"}")) for frame in raw]
