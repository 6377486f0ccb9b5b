"""An occurrence of a recurrence outlives whoever begins with its notifications."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from outages import restart
from temporalio.client import Client
from witness import BASE, DEADLINE_SECONDS, as_staff, queried

from deploy.local.launch import LaunchedStack
from notifications.contracts import names

USERS = [f"user-{number:03}" for number in range(300)]
VICTIMS = ("worker", "postgres", "temporal")


@pytest.fixture
async def http(own_stack: LaunchedStack) -> AsyncIterator[httpx.AsyncClient]:
    async with as_staff(own_stack) as client:
        yield client


async def test_everybody_is_told_once_though_processes_die_meanwhile(
    own_stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    await recur(http)
    temporal = await Client.connect(own_stack.temporal_address)
    await temporal.get_schedule_handle(names.recurrence_schedule_id("weekly")).trigger()
    for number, victim in enumerate(VICTIMS):
        await told(own_stack, at_least=20 + 40 * number)
        assert len(await told(own_stack, at_least=0)) < len(USERS), "over before it was interrupted"
        await restart(own_stack, victim)
    assert await told(own_stack, at_least=len(USERS)) == USERS


async def recur(http: httpx.AsyncClient) -> None:
    """A recurrence that is due only when it is told to be."""
    asked = {
        "key": "weekly",
        "users": USERS,
        "schedule": {"cron": "0 9 1 1 *"},
        "time_zone": "UTC",
        "title": "Your week",
        "message": "Have a look at what is booked.",
        "delivery_channels": ["in_app"],
    }
    (await http.post(f"{BASE}/recurring/", json=asked)).raise_for_status()
    made = datetime.now(UTC)
    while datetime.now(UTC) < made + timedelta(seconds=1):  # Temporal's times are whole seconds
        await asyncio.sleep(0.05)


async def told(stack: LaunchedStack, *, at_least: int) -> list[str]:
    """Whose inboxes have it, each as often as it does, as soon as the database says of so many."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            found = await queried(stack, "SELECT user_id FROM notifications ORDER BY user_id")
            if len(found) >= at_least:
                return [user for (user,) in found]
            await asyncio.sleep(0.1)
