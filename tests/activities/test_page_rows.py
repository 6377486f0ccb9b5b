"""A page of a batch writes what a single acceptance would have written, column by column."""

import re
from typing import Any

import pytest
from batch_world import World, reachable, somebody
from sqlalchemy import text

from activities.notification import NotificationActivities
from deploy.local.launch import LaunchedStack
from notifications.contracts.building import build_request
from persistence.database import Database
from persistence.inbox import InboxRepository

TABLES = {
    "notifications": "user_id = :user",
    "deliveries": "notification_id IN (SELECT id FROM notifications WHERE user_id = :user)",
    "inboxes": "user_id = :user",
    "inbox_events": "user_id = :user",
    "notification_words": "user_id = :user",
}
OWN = ("user_id", "call_id", "fingerprint", "batch_id")
"""Columns that tell one notification, or a batch, from another."""
IDS_AND_TIMES = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|20\d\d-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)")
WORDS = {"title": "Terms", "message": "New terms."}
TEMPLATE = {"template_key": "payment.received", "metadata": {"amount": "40 €", "service_name": "Yoga"}}
RELATED = {"related_object_type": "booking", "related_object_id": "7", "group_key": "booking:7", "priority": "high"}


@pytest.fixture
async def world(stack: LaunchedStack) -> Any:
    database = Database(stack.environment["DATABASE_URL"], pool_size=5)
    yield World(database)
    await database.close()


async def written(world: World, user: str) -> dict[str, list[str]]:
    """All that was written for somebody, by table; ids and times only by where they are."""
    rows: dict[str, list[str]] = {}
    async with world.database.statements() as transaction:
        for table, belongs in TABLES.items():
            found = await transaction.connection.scalars(
                text(f"SELECT to_jsonb(each) - cast(:own AS text[]) FROM {table} AS each WHERE {belongs}"),  # noqa: S608 - ours
                {"user": user, "own": list(OWN)},
            )
            rows[table] = sorted(IDS_AND_TIMES.sub("…", str(row)) for row in found)
    return rows


@pytest.mark.parametrize(
    "content",
    [
        {**WORDS, "delivery_channels": ["in_app"]},
        {**WORDS, **RELATED, "delivery_channels": ["in_app", "email", "sms"]},
        {**WORDS, "delivery_channels": ["email"], "notification_type": "review"},
        {**WORDS, "delivery_channels": ["in_app", "email"], "escalation": {"email": 600}},
        {**TEMPLATE, "delivery_channels": ["in_app", "email"], "notification_type": "payment"},
    ],
)
async def test_a_page_writes_what_a_single_acceptance_writes(world: World, content: dict[str, Any]) -> None:
    single, told = users = somebody(2)
    await reachable(world, users)
    async with world.database.transaction() as transaction:
        for user in users:
            await InboxRepository(transaction).lock(user)
        searched = text("UPDATE inboxes SET words = 'complete' WHERE user_id = ANY(:users)")
        await transaction.connection.execute(searched, {"users": users})
    asked = {"notification_type": "system", **content}
    activities = NotificationActivities(database=world.database)
    for _ in range(2):
        await activities.accept(build_request(user=single, **asked))
        await world.all_pages(await world.batch([told], **asked))
    alone = await written(world, single)
    assert (len(alone["notifications"]), len(alone["inboxes"])) == (2, 1)
    assert await written(world, told) == alone
