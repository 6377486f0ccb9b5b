"""Every process is killed in turn while notifications are under way: nothing is lost, nothing is sent twice."""

import asyncio
import time
from collections import Counter

import httpx
from outages import killed
from sqlalchemy import Select, func, select, text
from witness import BASE, as_staff

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient, ServiceUnreachable
from persistence.database import Database, DatabaseUnavailable, Transaction
from persistence.models import Inbox, InboxEvent, Notification

VICTIMS = ("worker", "api", "gateway", "temporal", "postgres", "courier", "edge")
NOTIFICATIONS = 200
USERS = 20
# Long enough apart that each kill meets notifications in every stage, short enough that they overlap.
SECONDS_BETWEEN_KILLS = 2.0
DEADLINE_SECONDS = 150


async def test_two_hundred_notifications_survive_the_death_of_every_process(own_stack: LaunchedStack) -> None:
    database = Database(own_stack.environment["DATABASE_URL"], pool_size=2)
    users = [f"user-{number}" for number in range(USERS)]
    await _describe(own_stack, users)

    client = await NotificationsClient.connect(own_stack.temporal_address)
    pause = len(VICTIMS) * SECONDS_BETWEEN_KILLS / NOTIFICATIONS
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_kill_each_in_turn(own_stack))
        accepting = []
        for number in range(NOTIFICATIONS):
            accepting.append(tasks.create_task(_insist(client, users[number % USERS], number)))
            await asyncio.sleep(pause)
    accepted = [task.result() for task in accepting]
    statuses = await _settled(database)

    assert len(set(accepted)) == NOTIFICATIONS
    assert statuses == {"sent": NOTIFICATIONS}
    async with httpx.AsyncClient(base_url=own_stack.url, timeout=20) as http:
        messages = (await http.get("/courier-sandbox/messages?page_size=1000")).json()["results"]
    per_delivery = Counter(message["idempotency_key"].rpartition(":")[0] for message in messages)
    assert len(per_delivery) == NOTIFICATIONS
    assert set(per_delivery.values()) == {1}
    async with database.transaction() as transaction:
        # The vendor's reports may still be coming in: all is read as of one moment.
        await transaction.connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        counted = await _counts(transaction, select(Inbox.user_id, Inbox.unread_count))
        positions = await _counts(transaction, select(Inbox.user_id, Inbox.last_seq))
        unread = await _counts(transaction, select(Notification.user_id, func.count()).group_by(Notification.user_id))
        last = await _counts(
            transaction, select(InboxEvent.user_id, func.max(InboxEvent.seq)).group_by(InboxEvent.user_id)
        )
        events = await _counts(transaction, select(InboxEvent.user_id, func.count()).group_by(InboxEvent.user_id))
    assert counted == unread
    assert positions == last == events
    await database.close()


async def _describe(stack: LaunchedStack, users: list[str]) -> None:
    async with as_staff(stack) as http:
        for user in users:
            answer = await http.put(f"{BASE}/recipients/{user}/", json={"name": user, "email": f"{user}@example.org"})
            answer.raise_for_status()


async def _kill_each_in_turn(stack: LaunchedStack) -> None:
    for victim in VICTIMS:
        async with killed(stack, victim):
            await asyncio.sleep(SECONDS_BETWEEN_KILLS)


async def _insist(client: NotificationsClient, user: str, number: int) -> object:
    """As a service would: the same call with the same key, until it is accepted."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            notification = await client.notify(
                user=user,
                title=f"Booking {number}",
                message="Your session is confirmed.",
                notification_type="booking",
                delivery_channels=["in_app", "email"],
                idempotency_key=f"crash-{number}",
            )
        except ServiceUnreachable:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.5)
        else:
            return notification.id


async def _settled(database: Database) -> dict[str, int]:
    """The notifications by status, once none is pending."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            async with database.transaction() as transaction:
                statuses = await _counts(
                    transaction, select(Notification.status, func.count()).group_by(Notification.status)
                )
        except DatabaseUnavailable:
            statuses = {}
        if sum(statuses.values()) == NOTIFICATIONS and "pending" not in statuses:
            return statuses
        assert time.monotonic() < deadline, statuses
        await asyncio.sleep(0.25)


async def _counts(transaction: Transaction, statement: Select[str, int]) -> dict[str, int]:
    rows = await transaction.connection.execute(statement)
    return {row[0]: row[1] for row in rows}
