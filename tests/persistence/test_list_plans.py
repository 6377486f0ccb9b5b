"""How PostgreSQL carries out the lists' own statements: in the order of an index, to the page's end and no further.

Both for these parameters and for any, since a statement that is often asked is planned once for all.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event, text

from deploy.local.launch import CHECKOUT, LaunchedStack
from notifications.contracts.vocabulary import Channel, NotificationStatus, NotificationType
from persistence.database import _PLANNING, Database
from persistence.filters import ListFilter, Ordering
from persistence.grouping import GroupingRepository
from persistence.inbox import InboxRepository
from persistence.listing import ListingRepository
from persistence.searching import WordIndexer

Statement = tuple[str, dict[str, Any]]
Plan = dict[str, Any]
LARGE = "large"
NOW = datetime.now(UTC)
FOLDER, DRAWER, GROUP = "ix_notifications_folder", "ix_notifications_drawer", "ix_notifications_group"
UNSETTLED, RELATED, ID = "ix_notifications_unsettled", "ix_notifications_related", "pk_notifications"

# An inbox of 1,500 among those of 600 others, a minute apart, every third one read.
_ROWS = """
    INSERT INTO notifications (id, user_id, notification_type, title, message, channels, status, priority, group_key,
        related_object_type, related_object_id, published_at, read_at, created_at, listed_at, fingerprint, call_id)
    SELECT gen_random_uuid(), CASE WHEN n % 40 = 0 THEN 'large' ELSE 'small-' || n % 601 END,
        (ARRAY['booking', 'payment', 'session', 'review', 'system', 'message', 'reminder'])[1 + n % 7],
        'Title ' || n, 'Some words about ' || md5(n::text), '{in_app}',
        CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'sent' END, 'normal', CASE WHEN n % 3 = 0 THEN 'room-' || n % 90 END,
        'booking', (n % 1000)::text, at, CASE WHEN n % 3 > 0 THEN at END, at, at, '', ''
    FROM generate_series(1, 60000) AS n, LATERAL (SELECT now() - n * interval '1 minute' AS at) AS moment
"""
_EVENTS = """
    INSERT INTO inbox_events (user_id, seq, message)
    SELECT 'listener-' || n, seq, '{}' FROM generate_series(0, 4999) AS n, generate_series(1, 7) AS seq
"""
_INBOXES = "INSERT INTO inboxes (user_id, last_seq) SELECT DISTINCT user_id, 2000 FROM notifications"


@pytest.fixture(scope="module")
def url(stack: LaunchedStack) -> Iterator[str]:
    """A database with enough in it for the planner to care."""
    name = f"plans_{uuid4().hex}"
    server = create_engine(stack.environment["DATABASE_URL"], isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = stack.environment["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    config = Config()
    config.set_main_option("script_location", str(CHECKOUT / "persistence" / "migrations"))
    config.attributes["url"] = url
    command.upgrade(config, "head")
    scratch = create_engine(url, isolation_level="AUTOCOMMIT")
    with scratch.connect() as connection:
        for statement in (_ROWS, _INBOXES, "VACUUM ANALYZE"):
            connection.exec_driver_sql(statement.replace("%", "%%"))
    scratch.dispose()
    yield url
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(scope="module")
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url, pool_size=1)
    await WordIndexer(database).index(LARGE)
    yield database
    await database.close()


@contextmanager
def overheard(database: Database, *, about: str = "notifications") -> Iterator[list[Statement]]:
    """What the database is asked about a table."""
    statements: list[Statement] = []

    def note(*heard: Any) -> None:
        _, _, statement, parameters, *_ = heard
        if f"FROM {about}" in statement or f"JOIN {about}" in statement:
            statements.append((statement, parameters))

    engine = database._engine.sync_engine  # noqa: SLF001 - the statements are to be those of production
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def plans(url: str, statements: list[Statement]) -> list[Plan]:
    """For each statement, its plan for these parameters and its plan for any, as production's connections plan it."""
    assert statements
    found = []
    async with await psycopg.AsyncConnection.connect(
        url.replace("+psycopg", ""), autocommit=True, options=_PLANNING, prepare_threshold=None
    ) as connection:
        for statement, parameters in statements:
            places = {name: f"${number}" for number, name in enumerate(dict.fromkeys(_NAMES.findall(statement)), 1)}
            for_any = "".join(places.get(part, part) for part in _NAMES.split(statement)).replace("%%", "%")
            explained = await connection.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            found += await explained.fetchall()
            explained = await connection.execute(f"EXPLAIN (FORMAT JSON, GENERIC_PLAN) {for_any}")
            found += await explained.fetchall()
    return [explanation["Plan"] for row in found for explanation in row[0]]


_NAMES = re.compile(r"%\((\w+)\)s")


def nodes(plan: Plan, above: tuple[str, ...] = ()) -> Iterator[tuple[Plan, tuple[str, ...]]]:
    """Each node, with the types of those above it."""
    yield plan, above
    for child in plan.get("Plans", []):
        # A part that is computed by itself is in nobody's way.
        yield from nodes(child, () if "Subplan Name" in child else (*above, plan["Node Type"]))


def scans(plan: Plan) -> set[str]:
    """By what index notifications are read; `table` is without any."""
    return {
        node.get("Index Name", "table")
        for node, _ in nodes(plan)
        if node.get("Relation Name") == "notifications" or node["Node Type"] == "Bitmap Index Scan"
        if node["Node Type"] != "Bitmap Heap Scan"
    }


def sorts_all_it_reads(plan: Plan) -> bool:
    """Whether something is sorted between a scan and the end of the page or the count."""
    for node, above in nodes(plan):
        if node.get("Relation Name") == "notifications":
            ends = [place for place, kind in enumerate(above) if kind in ("Limit", "Aggregate")]
            nearest = above[ends[-1] :] if ends else above
            if any("Sort" in kind for kind in nearest):
                return True
    return False


LISTS: dict[str, tuple[ListFilter, str]] = {
    "the inbox": (ListFilter(), FOLDER),
    "oldest first": (ListFilter(ordering=Ordering.of(["created_at"])), FOLDER),
    "unread first": (ListFilter(ordering=Ordering.of(["is_read"])), DRAWER),
    "read first, oldest first": (ListFilter(ordering=Ordering.of(["-is_read", "created_at"])), DRAWER),
    "unread": (ListFilter(is_read=False), DRAWER),
    "read": (ListFilter(is_read=True), DRAWER),
    "a type": (ListFilter(types=(NotificationType.REVIEW,)), DRAWER),
    "types": (
        ListFilter(
            types=(
                NotificationType.REVIEW,
                NotificationType.PAYMENT,
            )
        ),
        DRAWER,
    ),
    "unread of a type": (ListFilter(types=(NotificationType.REVIEW,), is_read=False), DRAWER),
    "the archive": (ListFilter(archived=True), FOLDER),
    "what sleeps": (ListFilter(snoozed=True), FOLDER),
    "sent": (ListFilter(status=NotificationStatus.SENT), FOLDER),
    "failed": (ListFilter(status=NotificationStatus.FAILED), UNSETTLED),
    "by channel": (ListFilter(channel=Channel.IN_APP), FOLDER),
    "by a rare channel": (ListFilter(channel=Channel.SMS), FOLDER),
    "a day": (ListFilter(since=NOW - timedelta(days=2), until=NOW - timedelta(days=1)), FOLDER),
    "created after": (ListFilter(created_after=NOW - timedelta(days=30)), FOLDER),
    "created before": (ListFilter(created_before=NOW - timedelta(days=2)), FOLDER),
    "a group": (ListFilter(group_key="room-30"), GROUP),
    "unread of a group": (ListFilter(group_key="room-30", is_read=False), GROUP),
    "about an object": (ListFilter(related_to=("booking", "40")), RELATED),
    "a rare word": (ListFilter(search="title 40"), ID),
    "a rare word, unread": (ListFilter(search="title 40", is_read=False), ID),
    "a word of all": (ListFilter(search="some words"), FOLDER),
    "a letter": (ListFilter(search="o"), FOLDER),
    "a word of all, unread": (ListFilter(search="some words", is_read=False), DRAWER),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_is_read_in_the_order_of_its_index(
    url: str, database: Database, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("persistence.searching.FEW", 100)
    filter, index = LISTS[name]  # noqa: A001 - the domain's word
    with overheard(database) as statements:
        async with database.statements() as transaction:
            listing = ListingRepository(transaction, user_id=LARGE)
            await listing.page(filter, offset=0, limit=20)
            await listing.page(filter, offset=40, limit=20)
            first = await listing.slice(filter, None, limit=5)
            for cursor in (first.next, first.previous):
                await listing.slice(filter, cursor, limit=5)
    for plan in await plans(url, statements):
        assert scans(plan) == {index}, plan
        assert not sorts_all_it_reads(plan), plan


@pytest.mark.parametrize("name", LISTS)
async def test_a_count_is_read_by_an_index_if_it_is_read_at_all(url: str, database: Database, name: str) -> None:
    filter, _ = LISTS[name]  # noqa: A001 - the domain's word
    with overheard(database) as statements:
        async with database.statements() as transaction:
            await ListingRepository(transaction, user_id=LARGE).count(filter)
    if filter.is_of_drawers:
        assert statements == []
    elif statements:
        assert all("table" not in scans(plan) for plan in await plans(url, statements))


async def test_groups_are_read_in_the_order_of_their_indexes(url: str, database: Database) -> None:
    with overheard(database) as statements:
        async with database.statements() as transaction:
            grouping = GroupingRepository(transaction, user_id=LARGE, entries_per_group=10)
            await grouping.day("today", since=NOW - timedelta(days=1), until=None)
            await grouping.older(than=NOW - timedelta(days=1))
            await grouping.by_key(most=100)
    for plan in await plans(url, statements):
        assert scans(plan) <= {FOLDER, DRAWER, GROUP, "ix_notifications_grouped"}, plan
        assert not sorts_all_it_reads(plan), plan


async def test_events_are_read_by_their_index_before_anything_is_known_of_their_month(
    url: str, database: Database
) -> None:
    users = [f"listener-{number}" for number in range(200)]
    async with database.statements() as transaction:
        await transaction.connection.execute(text(_EVENTS))
        with overheard(database, about="inbox_events") as statements:
            events = await InboxRepository(transaction).events_after(dict.fromkeys(users, 5), most=2000)
    assert [(event.user_id, event.seq) for event in events] == [(user, seq) for user in sorted(users) for seq in (6, 7)]
    for plan in await plans(url, statements):
        index = f"inbox_events_{NOW:%Y_%m}_pkey"
        looks = [node.get("Index Cond", "") for node, _ in nodes(plan) if node.get("Index Name") == index]
        assert looks
        assert all("user_id" in look for look in looks), plan


async def test_a_sort_of_all_and_a_scan_of_the_table_would_be_noticed(url: str) -> None:
    whole = "SELECT * FROM notifications WHERE user_id = %(user)s ORDER BY title LIMIT 20"
    aside = "SELECT count(*) FROM notifications WHERE message LIKE %(user)s"
    assert [sorts_all_it_reads(plan) for plan in await plans(url, [(whole, {"user": LARGE})])] == [True, True]
    assert [scans(plan) for plan in await plans(url, [(aside, {"user": LARGE})])] == [{"table"}, {"table"}]
