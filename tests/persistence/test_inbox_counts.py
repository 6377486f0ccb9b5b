"""Counts equal rows and streams have no gap, however many act at once."""

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from inbox_world import counted, counted_anew, put_one, somebody

from deploy.local.launch import LaunchedStack
from persistence import events
from persistence.database import Database
from persistence.inbox import InboxRepository, InboxState
from persistence.reading import ReadChange, ReadingRepository
from persistence.treatment import TreatmentRepository
from policy.treatment import Wish


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=10)
    yield database
    await database.close()


async def state(database: Database, user: str) -> InboxState:
    async with database.transaction() as transaction:
        return await InboxRepository(transaction).state(user)


async def mark(database: Database, user: str, ids: list[UUID], *, is_read: bool = True) -> ReadChange:
    async with database.transaction() as transaction:
        return await ReadingRepository(transaction).mark_read(user, ids, is_read=is_read)


async def mark_all(database: Database, user: str, *, is_read: bool = True, up_to_seq: int | None = None) -> ReadChange:
    async with database.transaction() as transaction:
        return await ReadingRepository(transaction).mark_all(user, is_read=is_read, up_to_seq=up_to_seq)


async def change(database: Database, user: str, id: UUID, wish: Wish) -> None:
    async with database.transaction() as transaction:
        await TreatmentRepository(transaction).change(user, id, wish)


async def stream(database: Database, user: str) -> list[int]:
    async with database.transaction() as transaction:
        told = await InboxRepository(transaction).events_after({user: 0}, most=100_000)
        return [event.seq for event in told]


async def test_eight_at_once_on_one_inbox_keep_counts_exact_and_the_stream_gap_free(database: Database) -> None:
    user, chance = somebody(), random.Random(7)  # noqa: S311 - repeatable, not secret
    made = [await put_one(database, user) for _ in range(5)]

    async def act() -> None:
        for _ in range(15):
            match chance.randrange(6):
                case 0 | 1:
                    made.append(await put_one(database, user))
                case 2:
                    await mark(database, user, chance.sample(made, k=3))
                case 3:
                    await mark(database, user, chance.sample(made, k=3), is_read=False)
                case 4:
                    await change(database, user, chance.choice(made), Wish(is_archived=chance.random() < 0.5))
                case _:
                    await mark_all(database, user, is_read=chance.random() < 0.7)

    await asyncio.gather(*(act() for _ in range(8)))
    reached = await state(database, user)
    assert await stream(database, user) == list(range(1, reached.seq + 1))
    assert await counted(database, user) == await counted_anew(database, user)


async def test_two_who_mark_each_others_order_never_deadlock(database: Database) -> None:
    user = somebody()
    made = [await put_one(database, user) for _ in range(20)]
    async with asyncio.timeout(20):
        for _ in range(10):
            await asyncio.gather(
                mark(database, user, made),
                mark(database, user, made[::-1], is_read=False),
                mark_all(database, user),
                put_one(database, user),
            )
    assert await counted(database, user) == await counted_anew(database, user)


async def test_the_first_two_ever_to_touch_an_inbox_at_once_both_count(database: Database) -> None:
    for _ in range(10):
        user = somebody()
        await asyncio.gather(*(put_one(database, user) for _ in range(4)), mark_all(database, user))
        assert await stream(database, user) == list(range(1, (await state(database, user)).seq + 1))


async def test_what_is_rolled_back_leaves_no_gap(database: Database) -> None:
    user = somebody()
    await put_one(database, user)
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the transaction ends in the block
        async with database.transaction() as transaction:
            await InboxRepository(transaction).append(user, [events.all_read(is_read=True, up_to_seq=None)])
            _ = 1 / 0
    await put_one(database, user)
    assert await stream(database, user) == [1, 2]


async def test_several_events_at_once_share_the_last_ones_count(database: Database) -> None:
    user = somebody()
    made = [await put_one(database, user) for _ in range(3)]
    await mark(database, user, made)
    async with database.transaction() as transaction:
        told = await InboxRepository(transaction).events_after({user: 3}, most=10)
    assert [event.unread_count for event in told] == [None, None, 0]


async def test_marking_tells_which_of_the_ids_are_the_users(database: Database) -> None:
    user = somebody()
    mine, theirs = await put_one(database, user), await put_one(database, somebody())
    assert (await mark(database, user, [mine, theirs, uuid4()])).found == {mine}


async def test_marking_what_is_read_changes_and_tells_nothing(database: Database) -> None:
    user = somebody()
    made = await put_one(database, user)
    await mark(database, user, [made])
    before = await state(database, user)
    assert (await mark(database, user, [made])).changed == 0
    assert await state(database, user) == before


async def test_marking_all_of_a_read_inbox_tells_nothing(database: Database) -> None:
    user = somebody()
    await put_one(database, user)
    await mark_all(database, user)
    before = await state(database, user)
    await mark_all(database, user)
    assert await state(database, user) == before


async def test_what_never_entered_the_inbox_was_never_counted(database: Database) -> None:
    user = somebody()
    await put_one(database, user)
    waiting = await put_one(database, user, published_at=None)
    assert (await mark(database, user, [waiting])).unread_count == 1


async def test_marking_all_leaves_what_waits_alone(database: Database) -> None:
    user = somebody()
    await put_one(database, user)
    await put_one(database, user, published_at=None)
    assert (await mark_all(database, user)).changed == 1


@pytest.mark.parametrize(("up_to_seq", "left"), [(0, 3), (1, 2), (2, 1), (3, 0), (4, 0), (99, 0)])
async def test_marking_up_to_an_event_leaves_what_arrived_later(database: Database, up_to_seq: int, left: int) -> None:
    user = somebody()
    for _ in range(3):
        await put_one(database, user)
    assert (await mark_all(database, user, up_to_seq=up_to_seq)).unread_count == left


async def test_the_count_of_somebody_unknown_is_nothing(database: Database) -> None:
    async with database.transaction() as transaction:
        assert await InboxRepository(transaction).unread_count(somebody()) == 0


async def test_a_streams_epoch_stays(database: Database) -> None:
    user = somebody()
    first = await state(database, user)
    await put_one(database, user)
    assert (await state(database, user)).epoch == first.epoch


async def test_events_of_several_users_are_read_each_from_their_position(database: Database) -> None:
    ada, bob = somebody(), somebody()
    for user in (ada, bob, ada, bob, ada):
        await put_one(database, user)
    async with database.transaction() as transaction:
        told = await InboxRepository(transaction).events_after({ada: 1, bob: 2, somebody(): 0}, most=10)
    assert [(event.user_id, event.seq) for event in told] == [(ada, 2), (ada, 3)]


async def test_a_reading_stops_at_its_bound_within_a_user(database: Database) -> None:
    user = somebody()
    for _ in range(3):
        await put_one(database, user)
    async with database.transaction() as transaction:
        told = await InboxRepository(transaction).events_after({user: 0}, most=2)
    assert [event.seq for event in told] == [1, 2]
