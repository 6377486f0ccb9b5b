"""People who want a weekly summary, in an empty database of their own, and rounds at any moment to come."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from inbox_world import put_one, somebody
from sqlalchemy import Row, select, text
from temporalio.testing import ActivityEnvironment

from activities.notification import NotificationActivities
from activities.summaries import SummaryActivities
from notifications.contracts.delivery import AcceptResult
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.summaries import SUMMARY_GROUP, SummaryTurn
from persistence.database import Database
from persistence.models import Notification, PreferenceProfile
from persistence.profiles import ProfileRepository


class SummaryWorld:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.started: list[NotificationRequest] = []
        self.starts_left = 1_000_000
        self.rounds = SummaryActivities(database=database, start=self._start, starts_per_second=10_000)
        self._notifications = NotificationActivities(database=database)

    async def _start(self, request: NotificationRequest) -> None:
        if not self.starts_left:
            raise ConnectionError("died")
        self.starts_left -= 1
        self.started.append(request)

    async def person(self, *unread: str, zone: str = "UTC") -> str:
        """Somebody who wants summaries, and has these titles in their inbox, the newest last."""
        user = somebody()
        await self.put_profile(user, weekly_summary=True, time_zone=zone)
        for title in unread:
            await self.put(user, title=title)
        return user

    async def put_profile(self, user: str, **values: Any) -> None:
        async with self.database.transaction() as transaction:
            await ProfileRepository(transaction, user_id=user).put(values)

    async def put(self, user: str, **columns: Any) -> UUID:
        return await put_one(self.database, user, **columns)

    async def profile(self, user: str) -> Row[datetime | None, str | None]:
        found = select(PreferenceProfile.next_summary_at, PreferenceProfile.summary_week)
        async with self.database.statements() as transaction:
            return (await transaction.connection.execute(found.where(PreferenceProfile.user_id == user))).one()

    async def due(self, user: str) -> datetime:
        moment, _ = await self.profile(user)
        assert moment is not None
        return moment

    async def round(self, moment: datetime) -> int:
        """A whole round for a moment to come, without what it begins; how many it has begun."""
        progress = await ActivityEnvironment().run(self.rounds.begin, SummaryTurn(moment=moment))
        assert progress.is_done
        return int(progress.begun)

    async def accept(self) -> list[AcceptResult]:
        """The first step of all that was started, which may be asked for again and again."""
        return [await ActivityEnvironment().run(self._notifications.accept, request) for request in self.started]

    async def summaries(self, user: str) -> list[Row[Any]]:
        wanted = (Notification.user_id == user, Notification.group_key == SUMMARY_GROUP)
        found = select(Notification.__table__).where(*wanted).order_by(Notification.created_at)
        async with self.database.statements() as transaction:
            return list((await transaction.connection.execute(found)).all())

    async def execute(self, statement: str, **parameters: Any) -> Any:
        async with self.database.transaction() as transaction:
            return await transaction.connection.execute(text(statement), parameters)


@asynccontextmanager
async def summary_world(url: str) -> AsyncIterator[SummaryWorld]:
    database = Database(url, pool_size=5)
    world = SummaryWorld(database)
    yield world
    await world.execute("TRUNCATE inboxes, inbox_events, notifications, preference_profiles, recipients CASCADE")
    await database.close()
