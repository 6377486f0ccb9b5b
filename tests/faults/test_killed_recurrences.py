"""An occurrence of a recurrence outlives whoever begins with its notifications."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest
from outages import killed
from temporalio.client import Client

from deploy.local.launch import LaunchedStack, launched
from notifications.contracts import names

BASE = "/api/v1/drf/notifications"
DEADLINE_SECONDS = 90
USERS = [f"user-{number:03}" for number in range(300)]
VICTIMS = ("worker", "postgres", "temporal")


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedStack]:
    """A stack of its own: other tests would not enjoy this."""
    with launched(tmp_path_factory.mktemp("crashing") / "state") as running:
        yield running


@pytest.fixture
async def http(crashing: LaunchedStack) -> AsyncIterator[httpx.AsyncClient]:
    bearer = {"Authorization": f"Bearer {crashing.token('staff', staff=True)}"}
    async with httpx.AsyncClient(base_url=f"{crashing.url}{BASE}", headers=bearer, timeout=20) as client:
        yield client


async def test_everybody_is_told_once_though_processes_die_meanwhile(
    crashing: LaunchedStack, http: httpx.AsyncClient
) -> None:
    await recur(http)
    temporal = await Client.connect(crashing.temporal_address)
    await temporal.get_schedule_handle(names.recurrence_schedule_id("weekly")).trigger()
    for number, victim in enumerate(VICTIMS):
        await told(crashing, at_least=20 + 40 * number)
        assert len(await told(crashing, at_least=0)) < len(USERS), "over before it was interrupted"
        async with killed(crashing, victim):
            pass
    assert await told(crashing, at_least=len(USERS)) == USERS


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
    (await http.post("/recurring/", json=asked)).raise_for_status()
    made = datetime.now(UTC)
    while datetime.now(UTC) < made + timedelta(seconds=1):  # Temporal's times are whole seconds
        await asyncio.sleep(0.05)


async def told(stack: LaunchedStack, *, at_least: int) -> list[str]:
    """Whose inboxes have it, each as often as it does, as soon as the database says of so many."""
    url = stack.environment["DATABASE_URL"].replace("+psycopg", "")
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            with suppress(psycopg.OperationalError):
                async with await psycopg.AsyncConnection.connect(url, connect_timeout=3) as connection:
                    found = await connection.execute("SELECT user_id FROM notifications ORDER BY user_id")
                    users = [user for (user,) in await found.fetchall()]
                if len(users) >= at_least:
                    return users
            await asyncio.sleep(0.1)
