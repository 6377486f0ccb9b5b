"""Revocations in the database: read in order without missing one, and forgotten when they have expired."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from deploy.local.launch import LaunchedStack
from identity.caller import CannotVerify
from persistence.database import Database
from persistence.revocations import RevocationRepository, revocations_in

HOUR = timedelta(hours=1)
NOBODY_LISTENS = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=10)
    yield database
    await database.close()


async def revoke(database: Database, jti: str, *, expires_at: datetime | None = None) -> int:
    """The position of a new revocation."""
    async with database.transaction() as transaction:
        row = await RevocationRepository(transaction).revoke_token(jti, expires_at=expires_at, by="staff")
    return int(row["seq"])


async def test_a_reader_that_goes_on_from_the_last_one_misses_none_of_many_writers(database: Database) -> None:
    read, seen = revocations_in(database), list[str | None]()
    position = await revoke(database, uuid4().hex)
    wanted = {f"crowd-{uuid4().hex}" for _ in range(60)}

    async def write_slowly(jti: str) -> None:
        async with database.transaction() as transaction:
            await RevocationRepository(transaction).revoke_token(jti, expires_at=None, by="staff")
            await asyncio.sleep(0.002 * (hash(jti) % 5))

    writing = asyncio.gather(*(write_slowly(jti) for jti in wanted))
    async with asyncio.timeout(20):
        while not writing.done() or await read(position):
            for revocation in await read(position):
                seen.append(revocation.token_id)
                position = revocation.seq
    assert wanted <= set(seen)


async def test_what_is_said_again_is_read_again(database: Database) -> None:
    jti, read = uuid4().hex, revocations_in(database)
    first = await revoke(database, jti, expires_at=datetime.now(UTC) + HOUR)
    again = await revoke(database, jti)
    assert jti not in [each.token_id for each in await read(again)]
    assert jti in [each.token_id for each in await read(first)]


async def test_what_has_expired_is_neither_read_nor_kept(database: Database) -> None:
    expired, read = uuid4().hex, revocations_in(database)
    position = await revoke(database, expired, expires_at=datetime.now(UTC) - HOUR)
    assert expired not in [each.token_id for each in await read(position - 1)]
    await revoke(database, uuid4().hex)
    async with database.transaction() as transaction:
        rows = await RevocationRepository(transaction).page(offset=0, limit=1000)
    assert expired not in [row["jti"] for row in rows]


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    async with database.transaction() as transaction:
        await RevocationRepository(transaction).revoke_token(uuid4().hex, expires_at=None, by="staff")
        async with asyncio.timeout(1):
            await revocations_in(database)(0)


async def test_a_database_that_is_away_cannot_tell() -> None:
    database = Database(NOBODY_LISTENS, pool_size=1)
    with pytest.raises(CannotVerify):
        await revocations_in(database)(0)
    await database.close()
