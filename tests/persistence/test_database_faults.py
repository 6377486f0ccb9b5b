"""Errors of the database carry its code and nothing of what was stored."""

import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from inbox_world import SECRET_WORDS, put, put_one, row, somebody
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

import persistence.connection
from deploy.local.launch import LaunchedStack
from persistence.database import Database, DatabaseFault, DatabaseUnavailable
from persistence.models import Notification

NOBODY_LISTENS = f"postgresql+psycopg://nobody:{SECRET_WORDS.replace(' ', '')}@127.0.0.1:1/nothing"


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=1)
    yield database
    await database.close()


async def fault(database: Database, **columns: Any) -> str:
    """Everything that a log could hold of the fault that these columns cause."""
    with pytest.raises(DatabaseFault) as raised:
        async with database.transaction() as transaction:
            await transaction.connection.execute(insert(Notification).values(row(somebody(), **columns)))
    return "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "lost"},
        {"title": None},
        {"title": "\0"},
        {"created_at": object()},
        {"read_at": "soon"},
    ],
    ids=lambda columns: next(iter(columns)),
)
async def test_a_fault_says_nothing_of_the_row(database: Database, columns: dict[str, Any]) -> None:
    assert SECRET_WORDS not in await fault(database, **columns)


async def test_a_statement_that_never_left_says_nothing_of_its_values_either(database: Database) -> None:
    with pytest.raises(DatabaseFault) as raised:
        async with database.transaction() as transaction:
            await transaction.connection.execute(text("SELECT :words, :missing"), {"words": SECRET_WORDS})
    assert SECRET_WORDS not in "".join(traceback.format_exception(raised.value))


async def test_a_fault_names_its_sqlstate(database: Database) -> None:
    assert "CheckViolation 23514" in await fault(database, status="lost")


async def test_a_repeated_key_is_a_fault_without_its_row(database: Database) -> None:
    made = await put_one(database, somebody())
    assert SECRET_WORDS not in await fault(database, id=made)


async def test_a_fault_changes_nothing(database: Database) -> None:
    user = somebody()
    with pytest.raises(DatabaseFault):  # noqa: PT012 - the transaction ends in the block
        async with database.transaction() as transaction:
            await put(transaction, user)
            await transaction.connection.execute(text("SELECT no_such_function()"))
    async with database.transaction() as transaction:
        found = await transaction.connection.scalar(
            text("SELECT count(*) FROM notifications WHERE user_id = :user"), {"user": user}
        )
    assert found == 0


async def test_the_connection_works_again_after_a_fault(database: Database) -> None:
    await fault(database, status="lost")
    await database.ping()


async def test_a_database_that_is_away_is_unavailable() -> None:
    database = Database(NOBODY_LISTENS, pool_size=1)
    with pytest.raises(DatabaseUnavailable):
        await database.ping()
    await database.close()


async def test_a_database_that_is_away_does_not_tell_its_password() -> None:
    database = Database(NOBODY_LISTENS, pool_size=1)
    with pytest.raises(DatabaseUnavailable) as raised:
        await database.ping()
    await database.close()
    assert SECRET_WORDS.replace(" ", "") not in "".join(traceback.format_exception(raised.value))


async def test_a_query_that_takes_too_long_is_cut_off(database: Database) -> None:
    started = datetime.now(UTC)
    with pytest.raises(DatabaseUnavailable):  # noqa: PT012 - the transaction ends in the block
        async with database.transaction() as transaction:
            await transaction.connection.execute(text("SET LOCAL statement_timeout = 50"))
            await transaction.connection.execute(text("SELECT pg_sleep(5)"))
    assert (datetime.now(UTC) - started).total_seconds() < 3


@pytest.mark.parametrize(
    ("setting", "value"), [("statement_timeout", "5s"), ("lock_timeout", "3s"), ("TimeZone", "UTC")]
)
async def test_every_connection_has_its_bounds(database: Database, setting: str, value: str) -> None:
    async with database.transaction() as transaction:
        assert await transaction.connection.scalar(text(f"SHOW {setting}")) == value


async def test_a_server_that_stays_silent_is_unavailable_and_its_connection_is_given_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.ping()
    monkeypatch.setattr(persistence.connection, "SILENCE_SECONDS", 0.2)
    started = datetime.now(UTC)
    with pytest.raises(DatabaseUnavailable):
        async with database.statements() as transaction:
            await transaction.connection.execute(text("SELECT pg_sleep(3)"))
    assert (datetime.now(UTC) - started).total_seconds() < 1
    await database.ping()


async def test_a_refused_statement_does_not_cost_its_connection(database: Database) -> None:
    backends = []
    for _ in range(2):
        async with database.transaction() as transaction:
            backends.append(await transaction.connection.scalar(text("SELECT pg_backend_pid()")))
        with pytest.raises(DatabaseUnavailable):  # noqa: PT012 - the transaction ends in the block
            async with database.transaction() as transaction:
                await transaction.connection.execute(text("SET LOCAL statement_timeout = 20"))
                await transaction.connection.execute(text("SELECT pg_sleep(5)"))
    assert backends[0] == backends[1]


async def test_a_pool_that_is_used_up_is_unavailable(database: Database) -> None:
    async with database.transaction():
        with pytest.raises(DatabaseUnavailable):
            await database.ping()
