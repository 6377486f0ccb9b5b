"""The index of words of a large inbox: begun by a search, kept by a trigger, never behind."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from inbox_world import put_one, somebody
from sqlalchemy import text, update

from deploy.local.launch import LaunchedStack
from persistence import searching
from persistence.database import Database
from persistence.filters import ListFilter
from persistence.listing import ListingRepository
from persistence.models import Inbox, Notification
from persistence.notifications import NotificationRepository
from persistence.searching import WordIndexer
from persistence.treatment import TreatmentRepository
from policy.treatment import Wish


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=6)
    yield database
    await database.close()


async def indexed(database: Database, user: str) -> dict[UUID, tuple[str, str]]:
    """Folder and words, by notification, as they are kept."""
    async with database.transaction() as transaction:
        rows = await transaction.connection.execute(
            text("SELECT notification_id, folder, words FROM notification_words WHERE user_id = :user"), {"user": user}
        )
        return {row.notification_id: (row.folder, row.words) for row in rows}


async def true_words(database: Database, user: str) -> dict[UUID, tuple[str, str]]:
    """The same, from the rows that it is kept of."""
    async with database.transaction() as transaction:
        rows = await transaction.connection.execute(
            text(
                "SELECT id, folder, lower(title || chr(31) || message) AS words FROM notifications"
                " WHERE user_id = :user AND folder <> 'outside'"
            ),
            {"user": user},
        )
        return {row.id: (row.folder, row.words) for row in rows}


async def change(database: Database, user: str, made: UUID, wish: Wish) -> None:
    async with database.transaction() as transaction:
        await TreatmentRepository(transaction).change(user, made, wish)


async def test_a_small_inbox_has_no_index(database: Database) -> None:
    user = somebody()
    await put_one(database, user)
    assert await indexed(database, user) == {}


async def test_whatever_happens_to_a_notification_its_words_follow(database: Database) -> None:
    user = somebody()
    before = [await put_one(database, user, title=f"Before {number}") for number in range(3)]
    await WordIndexer(database).index(user)
    await put_one(database, user, title="Since")
    waiting = await put_one(database, user, title="Waiting", published_at=None)
    assert await indexed(database, user) == await true_words(database, user)
    async with database.transaction() as transaction:
        await NotificationRepository(transaction).publish(waiting)
        await transaction.connection.execute(
            update(Notification).where(Notification.id == before[0]).values(title="Edited")
        )
        await TreatmentRepository(transaction).delete(user, [before[1]])
    await change(database, user, before[2], Wish(is_archived=True))
    await change(database, user, waiting, Wish(is_snoozed=True, snoozed_until=datetime.now(UTC) + timedelta(hours=1)))
    kept = await indexed(database, user)
    assert kept == await true_words(database, user)
    assert {words.partition("\x1f")[0] for _, words in kept.values()} == {"edited", "before 2", "since", "waiting"}


async def test_words_that_arrive_while_the_index_is_begun_are_in_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_ROWS_PER_STEP", 3)
    user = somebody()
    made = [await put_one(database, user, title=f"Old {number}") for number in range(20)]
    await asyncio.gather(
        WordIndexer(database).index(user),
        *(put_one(database, user, title=f"New {number}") for number in range(10)),
        *(change(database, user, each, Wish(is_archived=True)) for each in made[::3]),
    )
    assert await indexed(database, user) == await true_words(database, user)


async def test_an_index_that_was_cut_off_is_begun_anew(database: Database) -> None:
    user = somebody()
    made = await put_one(database, user)
    async with database.transaction() as transaction:
        await searching.SearchRepository(transaction, user_id=user).begin_index()
    async with database.statements() as statements:
        # Nothing is in it yet, so nobody may ask it.
        found = await ListingRepository(statements, user_id=user).page(ListFilter(search="title"), offset=0, limit=9)
    assert [item["id"] for item in found] == [made]
    await WordIndexer(database).index(user)
    assert await indexed(database, user) == await true_words(database, user)


@pytest.mark.parametrize(("last_seq", "is_large"), [(searching.LARGE - 1, False), (searching.LARGE, True)])
async def test_a_search_notices_a_large_inbox_once(database: Database, last_seq: int, *, is_large: bool) -> None:
    user = somebody()
    await put_one(database, user)
    async with database.transaction() as transaction:
        await transaction.connection.execute(update(Inbox).where(Inbox.user_id == user).values(last_seq=last_seq))

    async def is_worth_indexing() -> bool:
        async with database.statements() as statements:
            listing = ListingRepository(statements, user_id=user)
            await listing.page(ListFilter(search="title"), offset=0, limit=5)
            return listing.is_worth_indexing

    assert await is_worth_indexing() is is_large
    await WordIndexer(database).index(user)
    assert not await is_worth_indexing()
