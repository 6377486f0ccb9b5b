"""A database with notifications of any age in it, and the housekeeping's activities."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from inbox_world import put_one
from sqlalchemy import text
from temporalio.testing import ActivityEnvironment

from activities.retention import RetentionActivities
from notifications.contracts.maintenance import RetentionTurn
from persistence.database import Database

OLD = timedelta(days=800)
"""Older than anything is kept."""


class RetentionWorld:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.activities = RetentionActivities(database=database)

    async def run(self, run_id: UUID | None = None) -> dict[str, int]:
        """A whole run, as the workflow asks for it; what it has removed."""
        turn = RetentionTurn(run_id=run_id or uuid4())
        environment = ActivityEnvironment()
        await environment.run(self.activities.begin, turn)
        next_turn: RetentionTurn | None = turn
        while next_turn is not None:
            next_turn = (await environment.run(self.activities.remove_notifications, next_turn)).next_turn
        await environment.run(self.activities.remove_leftovers, turn)
        report = await environment.run(self.activities.conclude, turn)
        return dict(report.removed)

    async def put(self, user: str, *, age: timedelta = OLD, **columns: Any) -> UUID:
        """A notification that was listed so long ago, counted and told as any other."""
        then = datetime.now(UTC) - age
        return await put_one(
            self.database, user, **{"listed_at": then, "created_at": then, "published_at": then, **columns}
        )

    async def execute(self, statement: str, **parameters: Any) -> Any:
        async with self.database.transaction() as transaction:
            return await transaction.connection.execute(text(statement), parameters)

    async def scalar(self, statement: str, **parameters: Any) -> Any:
        async with self.database.transaction() as transaction:
            return await transaction.connection.scalar(text(statement), parameters)


@asynccontextmanager
async def retention_world(url: str) -> AsyncIterator[RetentionWorld]:
    database = Database(url, pool_size=5)
    world = RetentionWorld(database)
    yield world
    await world.execute(_EMPTY)
    await database.close()


_EMPTY = """
    TRUNCATE inboxes, inbox_events, notifications, notification_words, anchors, digests, batches, attention_slots,
        socket_tickets, token_revocations, retention_runs CASCADE
"""
