"""Lists in a total order, and bound to their owner."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from inbox_world import put, put_one, somebody

from deploy.local.launch import LaunchedStack
from persistence.database import Database
from persistence.filters import ORDERINGS, ListFilter, Ordering
from persistence.listing import ListingRepository
from persistence.notifications import NotificationRepository

INSTANT = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=2)
    yield database
    await database.close()


async def pages(database: Database, user: str, filter: ListFilter, *, size: int) -> list[UUID]:
    """The ids of page after page, until one is empty."""
    found: list[UUID] = []
    async with database.transaction() as transaction:
        listing = ListingRepository(transaction, user_id=user)
        while page := await listing.page(filter, offset=len(found), limit=size):
            found += [item["id"] for item in page]
    return found


@pytest.mark.parametrize("ordering", ORDERINGS)
async def test_rows_of_the_same_instant_are_on_one_page_each(database: Database, ordering: str) -> None:
    user = somebody()
    async with database.transaction() as transaction:
        made = {await put(transaction, user, listed_at=INSTANT, created_at=INSTANT) for _ in range(25)}
    listed = await pages(database, user, ListFilter(ordering=Ordering.of([ordering])), size=4)
    assert (len(listed), set(listed)) == (25, made)


async def test_rows_of_the_same_instant_keep_their_order(database: Database) -> None:
    user = somebody()
    for _ in range(10):
        await put_one(database, user, listed_at=INSTANT)
    assert await pages(database, user, ListFilter(), size=3) == await pages(database, user, ListFilter(), size=100)


async def test_what_is_published_later_is_listed_by_its_publication(database: Database) -> None:
    user = somebody()
    scheduled = await put_one(database, user, published_at=None)
    earlier = await put_one(database, user)
    async with database.transaction() as transaction:
        await NotificationRepository(transaction).publish(scheduled)
    assert await pages(database, user, ListFilter(), size=10) == [scheduled, earlier]


async def test_a_notification_is_published_once(database: Database) -> None:
    scheduled = await put_one(database, somebody(), published_at=None)
    async with database.transaction() as transaction:
        notifications = NotificationRepository(transaction)
        assert await notifications.publish(scheduled)
        assert await notifications.publish(scheduled) is None


async def test_a_count_is_of_what_is_listed(database: Database) -> None:
    user = somebody()
    await put_one(database, user, notification_type="payment")
    await put_one(database, user, published_at=None)
    await put_one(database, somebody())
    async with database.transaction() as transaction:
        assert await ListingRepository(transaction, user_id=user).count(ListFilter()) == 1
