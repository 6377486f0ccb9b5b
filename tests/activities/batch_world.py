"""Batches on a real database, and the workflows that they would have started."""

from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from temporalio.testing import ActivityEnvironment

from activities.bulk import BulkActivities
from notifications import ServiceUnreachable
from notifications.contracts.batches import BatchRequest, PageInput, PageResult
from notifications.contracts.building_batches import build_batch
from notifications.contracts.notification import NotificationRequest
from persistence.batches import BatchRepository, Row
from persistence.database import Database
from persistence.models import Inbox, InboxEvent, Notification
from persistence.recipients import RecipientRepository


class World:
    """A bulk worker's activities, and the workflows that they would have started."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.started: list[NotificationRequest] = []
        self.starts_left = 1_000_000
        self._activities = BulkActivities(database=database, start=self._start, starts_per_second=10_000)

    async def _start(self, request: NotificationRequest) -> None:
        if not self.starts_left:
            raise ServiceUnreachable
        self.starts_left -= 1
        self.started.append(request)

    async def batch(self, users: list[str], **content: Any) -> BatchRequest:
        words = {} if "template_key" in content else {"title": "Terms", "message": "New terms."}
        given = {"notification_type": "system", "delivery_channels": ["in_app"], **words, **content}
        request = build_batch(users=users, **given)
        await ActivityEnvironment().run(self._activities.accept_batch, request)
        return request

    async def page(self, batch: BatchRequest) -> PageResult:
        page: PageResult = await ActivityEnvironment().run(
            self._activities.accept_page, PageInput(batch_id=batch.batch_id)
        )
        return page

    async def all_pages(self, batch: BatchRequest) -> None:
        while not (await self.page(batch)).is_last:
            pass

    async def row(self, batch: BatchRequest) -> Row:
        async with self.database.statements() as transaction:
            row = await BatchRepository(transaction).get(batch.batch_id)
        assert row is not None
        return row

    async def told(self, batch: BatchRequest) -> list[str]:
        async with self.database.statements() as transaction:
            rows = await transaction.connection.scalars(
                select(Notification.user_id).where(Notification.batch_id == batch.batch_id)
            )
            return sorted(rows)

    async def inboxes(self, users: list[str]) -> dict[str, tuple[int, int, int, int]]:
        """By user: the unread count, the unread rows, the position of the stream, its events."""
        async with self.database.statements() as transaction:
            counted = await transaction.connection.execute(
                select(
                    Inbox.user_id,
                    Inbox.unread_count,
                    _count(Notification.user_id, Notification.read_at.is_(None)),
                    Inbox.last_seq,
                    _count(InboxEvent.user_id),
                ).where(Inbox.user_id.in_(users))
            )
            return {row[0]: (row[1], row[2], row[3], row[4]) for row in counted}


def _count(user: Any, *conditions: Any) -> Any:
    return select(func.count()).where(user == Inbox.user_id, *conditions).correlate(Inbox).scalar_subquery()


def somebody(count: int) -> list[str]:
    crowd = uuid4().hex[:12]
    return [f"user-{crowd}-{number:03}" for number in range(count)]


async def reachable(world: World, users: list[str]) -> None:
    async with world.database.transaction() as transaction:
        for user in users:
            await RecipientRepository(transaction).put(user, {"email": f"{user}@example.org"})
