"""What staff see of everybody: bounded pieces in an index's order, however much there is."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from inbox_world import put_one, somebody
from sqlalchemy import insert, text
from sqlalchemy.dialects import postgresql

from deploy.local.launch import LaunchedStack
from persistence import rates, recent
from persistence.database import Database, Transaction
from persistence.models import Attempt, Delivery
from persistence.rates import Rate, RateRepository
from persistence.recent import RecentFilter, RecentRepository
from persistence.slicing import Cursor, Slice


def long_ago() -> datetime:
    """A whole minute in a year that no other test writes to."""
    return datetime(1990, 1, 1, tzinfo=UTC) + timedelta(minutes=uuid4().int % 10**7)


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=2)
    yield database
    await database.close()


async def piece(database: Database, filter: RecentFilter, cursor: Cursor | None = None, *, limit: int = 20) -> Slice:
    async with database.statements() as transaction:
        return await RecentRepository(transaction).slice(filter, cursor, limit=limit)


def ids(found: Slice) -> list[UUID]:
    return [row["id"] for row in found.rows]


@pytest.mark.parametrize("for_one", [True, False], ids=["one", "everybody"])
async def test_a_page_that_found_too_few_says_where_to_go_on(
    database: Database, monkeypatch: pytest.MonkeyPatch, *, for_one: bool
) -> None:
    monkeypatch.setattr(recent, "MOST_READ", 3)
    user, start = somebody(), long_ago()
    wanted = await put_one(database, user, title=f"Sought by {user}", listed_at=start)
    for second in range(1, 5):
        await put_one(database, user, listed_at=start + timedelta(seconds=second))
    sought = RecentFilter(user=user if for_one else None, search=f"sought BY {user}")
    first = await piece(database, sought, Cursor(start + timedelta(seconds=5), uuid4()))
    assert (first.rows, first.previous) == ([], None)
    assert first.next
    assert ids(await piece(database, sought, first.next)) == [wanted]


async def test_a_full_page_goes_on_after_its_last_row(database: Database) -> None:
    user = somebody()
    made = [await put_one(database, user) for _ in range(5)][::-1]
    sought = RecentFilter(user=user)
    first = await piece(database, sought, limit=3)
    second = await piece(database, sought, first.next, limit=3)
    assert (ids(first), ids(second), second.next) == (made[:3], made[3:], None)


async def test_one_users_folders_are_one_list(database: Database) -> None:
    user, now = somebody(), datetime.now(UTC)
    waiting = await put_one(database, user, published_at=None)
    await put_one(database, somebody())
    inside = await put_one(database, user, listed_at=now + timedelta(seconds=1))
    assert ids(await piece(database, RecentFilter(user=user))) == [inside, waiting]


async def tried(database: Database, outcome: str, started_at: datetime) -> None:
    notification, delivery = await put_one(database, somebody(), listed_at=started_at, published_at=started_at), uuid4()
    values = {"id": delivery, "notification_id": notification, "channel": "sms", "status": "sent", "rule": "user_on"}
    async with database.transaction() as transaction:
        await transaction.connection.execute(insert(Delivery).values(values))
        attempt = {"delivery_id": delivery, "number": 1, "key_generation": 0}
        await transaction.connection.execute(insert(Attempt).values(outcome=outcome, started_at=started_at, **attempt))


async def test_tries_are_counted_in_their_minute_by_how_they_ended(database: Database) -> None:
    minute = long_ago()
    for second, outcome in enumerate(["accepted", "accepted", "busy", "started", "rejected"]):
        await tried(database, outcome, minute + timedelta(seconds=second))
    await tried(database, "accepted", minute + timedelta(seconds=60))
    async with database.statements() as transaction:
        found = await RateRepository(transaction).per_minute(minute, minute + timedelta(seconds=61))
    assert found == [
        Rate(minute, "in_app", 5, 0),
        Rate(minute, "sms", 2, 2),
        Rate(minute + timedelta(minutes=1), "in_app", 1, 0),
        Rate(minute + timedelta(minutes=1), "sms", 1, 0),
    ]


async def test_where_there_is_too_much_to_count_it_begins_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "MOST_COUNTED", 2)
    minute = long_ago()
    for number in range(4):
        await tried(database, "accepted", minute + timedelta(minutes=number))
    async with database.statements() as transaction:
        begin = await RateRepository(transaction).begin(10, now=minute + timedelta(minutes=5))
    assert begin == minute + timedelta(minutes=2)


class Listener:
    """A connection that only hears what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        self.asked.append((statement, parameters))
        return self

    def mappings(self) -> list[Any]:
        return []

    def one_or_none(self) -> None:
        return None

    def scalar_one(self) -> datetime:
        return long_ago()

    def __iter__(self) -> Any:
        return iter([])


Asking = Callable[[Transaction], Awaitable[object]]


async def plans_of(database: Database, ask: Asking) -> list[str]:
    """PostgreSQL's plans of all that is asked, as of tables too large to be read whole."""
    listener: Any = Listener()
    await ask(Transaction(listener))
    dialect: Any = postgresql.dialect
    plans = []
    async with database.transaction() as transaction:
        for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin"):
            await transaction.connection.execute(text(f"SET LOCAL enable_{way} = off"))
        for statement, parameters in listener.asked:
            bound = statement.bindparams(**parameters) if parameters else statement
            words = bound.compile(dialect=dialect(), compile_kwargs={"literal_binds": True})
            lines = await transaction.connection.execute(text(f"EXPLAIN {words}".replace(":", r"\:")))
            plans.append("\n".join(line for (line,) in lines))
    return plans


@pytest.mark.parametrize("cursor", [None, Cursor(datetime.now(UTC), uuid4())], ids=["first", "deep"])
@pytest.mark.parametrize(
    ("filter", "index"),
    [
        (RecentFilter(), "ix_notifications_newest"),
        (RecentFilter(search="lotus"), "ix_notifications_newest"),
        (RecentFilter(user="ada", search="lotus"), "ix_notifications_folder"),
    ],
    ids=["all", "search", "user"],
)
async def test_a_piece_is_read_from_an_index_and_ends(
    database: Database, filter: RecentFilter, index: str, cursor: Cursor | None
) -> None:
    plans = await plans_of(database, lambda each: RecentRepository(each).slice(filter, cursor, limit=20))
    assert len(plans) == 2
    for plan in plans:
        assert f"using {index} on notifications" in plan
        assert "Limit" in plan
        assert "Seq Scan" not in plan


async def test_rates_are_read_from_indexes(database: Database) -> None:
    begin, counting = (
        await plans_of(database, lambda each: RateRepository(each).begin(60, now=datetime.now(UTC))),
        await plans_of(database, lambda each: RateRepository(each).per_minute(datetime.now(UTC), datetime.now(UTC))),
    )
    for plan in [*begin, *counting]:
        assert "ix_attempts_started_at on attempts" in plan
        assert "ix_notifications_newest on notifications" in plan
        assert "Seq Scan" not in plan
