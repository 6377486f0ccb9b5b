"""Processes die in the middle of a batch: everybody is told, nobody twice, and the counters are exact."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from outages import restart
from sqlalchemy import func, select, text
from witness import BASE, as_staff

from deploy.local.launch import LaunchedStack
from persistence.database import Database
from persistence.models import Inbox, InboxEvent, Notification

VICTIMS = ("worker", "temporal", "worker")
USERS = [f"user-{number:05}" for number in range(10_000)]
WITH_EMAIL = USERS[::200]
DEADLINE_SECONDS = 150


@pytest.fixture
async def staff(own_stack: LaunchedStack) -> AsyncIterator[httpx.AsyncClient]:
    async with as_staff(own_stack) as http:
        yield http


async def test_a_batch_survives_the_death_of_its_worker_and_of_temporal(
    own_stack: LaunchedStack, staff: httpx.AsyncClient
) -> None:
    for user in WITH_EMAIL:
        await staff.put(f"{BASE}/recipients/{user}/", json={"email": f"{user}@example.org"})
    announcement = {"title": "Terms", "message": "New terms from June.", "notification_type": "system"}
    response = await staff.post(
        f"{BASE}/notifications/bulk/", json={"users": USERS, "delivery_channels": ["in_app", "email"], **announcement}
    )
    address, accepted_before = response.headers["Location"], -1
    for victim in VICTIMS:
        progress = await _until(staff, address, more_than=accepted_before)
        assert progress["status"] in ("pending", "running"), "over before it could be interrupted"
        accepted_before = progress["accepted"]
        await restart(own_stack, victim)
    batch = await _ended(staff, address)

    assert (batch["status"], batch["total"], batch["accepted"], batch["failed"]) == ("completed", 10_000, 10_000, 0)
    assert batch["notifications"] == {"pending": 0, "sent": 10_000, "failed": 0, "cancelled": 0}
    messages = (await staff.get("/courier-sandbox/messages?page_size=1000")).json()["results"]
    assert Counter(message["user"] for message in messages) == Counter(WITH_EMAIL)
    assert await _inboxes(own_stack) == dict.fromkeys(USERS, (1, 1, True))


async def _until(staff: httpx.AsyncClient, address: str, *, more_than: int) -> dict[str, Any]:
    """The batch's progress, once it has gone on."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            response = await staff.get(address)
            if response.status_code == 200 and response.json()["accepted"] > more_than:
                progress: dict[str, Any] = response.json()
                return progress
            await asyncio.sleep(0.02)


async def _ended(staff: httpx.AsyncClient, address: str) -> dict[str, Any]:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            batch: dict[str, Any] = (await staff.get(address)).json()
            if batch["status"] == "completed" and not batch["notifications"]["pending"]:
                return batch
            await asyncio.sleep(0.2)


async def _inboxes(stack: LaunchedStack) -> dict[str, tuple[int, int, bool]]:
    """By user: the unread count, the unread notifications, and whether the stream has no gap."""
    database = Database(stack.environment["DATABASE_URL"], pool_size=1)
    rows = select(Notification.user_id, func.count().label("n")).group_by(Notification.user_id).subquery()
    events = select(InboxEvent.user_id, func.count().label("n")).group_by(InboxEvent.user_id).subquery()
    async with database.transaction() as transaction:
        # The vendor's reports may still be coming in: all is read as of one moment.
        await transaction.connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        found = await transaction.connection.execute(
            select(Inbox.user_id, Inbox.unread_count, rows.c.n, Inbox.last_seq == events.c.n)
            .join(rows, rows.c.user_id == Inbox.user_id)
            .join(events, events.c.user_id == Inbox.user_id)
        )
        inboxes = {row[0]: (row[1], row[2], row[3]) for row in found}
    await database.close()
    return inboxes
