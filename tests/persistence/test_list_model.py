"""Every list is what a plain reading of all rows gives: filters, orders, pages, cursors and counts, in any mixture."""

import random
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from inbox_world import row, somebody
from sqlalchemy import insert, text

from deploy.local.launch import LaunchedStack
from notifications.contracts.vocabulary import Channel, NotificationStatus, NotificationType
from persistence import searching
from persistence.database import Database
from persistence.drawers import drawer
from persistence.filters import ORDERINGS, ListFilter, Ordering
from persistence.listing import ListingRepository
from persistence.models import Inbox, Notification
from persistence.searching import WordIndexer

Row = dict[str, Any]
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
TITLES = ("Yoga", "yoga with JÖRG", "100% off", "a_b", "Straße", "back\\slash", "é")
SEARCHES = (None, None, "YOGA", "jörg", "100%", "_", "\\", "zzz", "o", "straße", "e", "ÉCOLE", "yoga with jörg")


@pytest.fixture(scope="module")
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=2)
    yield database
    await database.close()


def drawn(chance: random.Random, user: str) -> Row:
    """A notification of any kind; few instants, so that many have the same."""
    created_at = NOON + timedelta(minutes=chance.randrange(20))
    listed_at = created_at + timedelta(minutes=chance.choice([0, 0, 0, 3, 30]))
    place = chance.choice(["inbox"] * 4 + ["archive", "snoozed", "outside"])
    related = chance.choice([(None, None), ("booking", "1"), ("booking", "2"), ("session", "1")])
    return row(
        user,
        notification_type=chance.choice(list(NotificationType)[:3]).value,
        title=chance.choice(TITLES),
        message=chance.choice(["Words.", "Une école", "Two\nlines, YOGA in one"]),
        status=chance.choice(list(NotificationStatus)).value,
        channels=chance.sample([channel.value for channel in Channel], k=chance.randint(1, 3)),
        group_key=chance.choice([None, "room-1", "room-2"]),
        related_object_type=related[0],
        related_object_id=related[1],
        created_at=created_at,
        listed_at=listed_at,
        published_at=None if place == "outside" else listed_at,
        read_at=chance.choice([None, NOON]),
        archived_at=NOON if place == "archive" else None,
        snoozed_until=NOON if place == "snoozed" else None,
    )


def wanted(chance: random.Random) -> ListFilter:
    """A filter of any kind, mostly of few conditions."""

    def perhaps(*values: Any) -> Any:
        return chance.choice(values) if chance.random() < 0.25 else None

    return ListFilter(
        types=chance.choice([(), (), (), (NotificationType.BOOKING,), tuple(NotificationType)[1:3]]),
        is_read=chance.choice([None, None, True, False]),
        archived=chance.random() < 0.15,
        snoozed=chance.random() < 0.1,
        status=perhaps(*NotificationStatus),
        channel=perhaps(*Channel),
        created_after=perhaps(NOON + timedelta(minutes=5)),
        created_before=perhaps(NOON + timedelta(minutes=15)),
        since=perhaps(NOON + timedelta(minutes=8)),
        until=perhaps(NOON + timedelta(minutes=16)),
        related_to=perhaps(("booking", "1"), ("booking", "9")),
        group_key=perhaps("room-1", "room-9"),
        search=chance.choice(SEARCHES),
        ordering=Ordering.of(chance.sample(ORDERINGS, k=chance.randint(0, 3))),
    )


def folder(item: Row) -> str:
    if item["published_at"] is None:
        return "outside"
    return "archive" if item["archived_at"] else "snoozed" if item["snoozed_until"] else "inbox"


def shows(filter: ListFilter, item: Row) -> bool:
    place = folder(item)
    looks_further = filter.status is not None or filter.channel is not None
    conditions: list[bool] = [
        (place == "archive") is filter.archived,
        (place == "snoozed") is filter.snoozed,
        place != "outside" or (looks_further and not filter.archived and not filter.snoozed),
        not filter.types or item["notification_type"] in filter.types,
        filter.is_read is None or (item["read_at"] is not None) is filter.is_read,
        filter.status is None or item["status"] == filter.status,
        filter.channel is None or filter.channel in item["channels"],
        filter.created_after is None or item["created_at"] >= filter.created_after,
        filter.created_before is None or item["created_at"] <= filter.created_before,
        filter.since is None or item["listed_at"] >= filter.since,
        filter.until is None or item["listed_at"] < filter.until,
        filter.related_to is None or (item["related_object_type"], item["related_object_id"]) == filter.related_to,
        filter.group_key is None or item["group_key"] == filter.group_key,
        filter.search is None or any(filter.search.lower() in item[name].lower() for name in ("title", "message")),
    ]
    return all(conditions)


def expected(filter: ListFilter, items: list[Row]) -> list[UUID]:
    found = [item for item in items if shows(filter, item)]
    found.sort(key=lambda item: (item["listed_at"], item["id"]), reverse=filter.ordering.newest_first)
    if filter.ordering.read_first is not None:
        found.sort(key=lambda item: (item["read_at"] is not None) is not filter.ordering.read_first)
    return [item["id"] for item in found]


async def an_inbox(database: Database, chance: random.Random) -> tuple[str, list[Row]]:
    user = somebody()
    items = [drawn(chance, user) for _ in range(80)]
    others = [drawn(chance, somebody()) for _ in range(20)]
    drawers: dict[str, int] = {}
    for item in items:
        if folder(item) == "inbox":
            name = drawer(item["notification_type"], is_read=item["read_at"] is not None)
            drawers[name] = drawers.get(name, 0) + 1
    async with database.transaction() as transaction:
        for item in items + others:
            await transaction.connection.execute(insert(Notification).values(item))
        await transaction.connection.execute(
            insert(Inbox).values(user_id=user, drawers=drawers, last_seq=searching.LARGE)
        )
    return user, items


async def by_pages(listing: ListingRepository, filter: ListFilter, size: int) -> list[UUID]:
    found: list[UUID] = []
    while page := await listing.page(filter, offset=len(found), limit=size):
        found += [item["id"] for item in page]
    return found


async def by_cursor(listing: ListingRepository, filter: ListFilter, size: int) -> tuple[list[UUID], list[UUID]]:
    """There, and back again from the last page on."""
    slices = [await listing.slice(filter, None, limit=size)]
    while slices[-1].next:
        slices.append(await listing.slice(filter, slices[-1].next, limit=size))
    there = [item["id"] for each in slices for item in each.rows]
    back = [slices[-1]]
    while back[-1].previous:
        back.append(await listing.slice(filter, back[-1].previous, limit=size))
    return there, [item["id"] for each in reversed(back) for item in each.rows]


def as_it_is(_: pytest.MonkeyPatch) -> None:
    """A search reads the list."""


def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search has an index, of which it makes less use the more it finds."""
    monkeypatch.setattr(searching, "FEW", 5)


@pytest.mark.parametrize("how", [as_it_is, few_are_many], ids=["read through", "indexed"])
@pytest.mark.parametrize("seed", range(3))
async def test_every_list_is_what_a_plain_reading_gives(
    database: Database, monkeypatch: pytest.MonkeyPatch, seed: int, how: Callable[[pytest.MonkeyPatch], None]
) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    user, items = await an_inbox(database, chance)
    how(monkeypatch)
    if how is few_are_many:
        await WordIndexer(database).index(user)
    async with database.statements() as statements:
        for _ in range(60):
            filter = wanted(chance)  # noqa: A001 - the domain's word
            size = chance.randint(1, 7)
            listing = ListingRepository(statements, user_id=user)
            there, back = await by_cursor(listing, filter, size)
            lists = (await by_pages(listing, filter, size), there, back)
            assert lists == (expected(filter, items),) * 3, filter
            assert await listing.count(filter) == len(lists[0]), filter


async def test_nobody_lists_another_by_any_filter(database: Database) -> None:
    chance = random.Random(9)  # noqa: S311 - as above
    await an_inbox(database, chance)
    async with database.statements() as statements:
        stranger = ListingRepository(statements, user_id=somebody())
        for _ in range(40):
            filter = wanted(chance)  # noqa: A001 - the domain's word
            assert await stranger.page(filter, offset=0, limit=100) == []
            assert await stranger.count(filter) == 0


async def test_an_index_that_is_complete_is_asked(database: Database) -> None:
    """Else the tests above would compare one way of reading with itself."""
    user, _ = await an_inbox(database, random.Random(1))  # noqa: S311 - as above
    await WordIndexer(database).index(user)
    async with database.transaction() as transaction:
        await transaction.connection.execute(
            text("DELETE FROM notification_words WHERE user_id = :user"), {"user": user}
        )
        listing = ListingRepository(transaction, user_id=user)
        assert await listing.page(ListFilter(search="yoga"), offset=0, limit=10) == []
        assert await listing.page(ListFilter(search=uuid4().hex), offset=0, limit=10) == []
