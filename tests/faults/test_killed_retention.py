"""A night's housekeeping outlives whoever does it: all that is old goes, once, and every count stays exact."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import psycopg
import pytest
from outages import killed
from temporalio.client import Client

from deploy.local.launch import LaunchedStack, launched
from notifications import NotificationsClient
from notifications.contracts import names

BASE = "/api/v1/drf/notifications"
DEADLINE_SECONDS = 90
USERS = [f"user-{number:04}" for number in range(3_000)]
VICTIMS = ("worker", "postgres", "temporal")
_AGED = """
    UPDATE notifications SET created_at = created_at - interval '800 days', listed_at = listed_at - interval '800 days',
        published_at = published_at - interval '800 days'
"""
_WRONG = """
    SELECT inbox.user_id FROM inboxes AS inbox LEFT JOIN inbox_events AS event USING (user_id)
    GROUP BY inbox.user_id, inbox.unread_count, inbox.last_seq
    HAVING inbox.unread_count <> 0 OR inbox.last_seq <> 2 OR array_agg(event.seq ORDER BY event.seq) <> '{1,2}'
"""
"""Not told of one that came and one that went, each once; or with a count that is off."""


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedStack]:
    """A stack of its own: other tests would not enjoy this."""
    with launched(tmp_path_factory.mktemp("crashing") / "state") as running:
        yield running


async def test_what_is_old_goes_once_though_processes_die_meanwhile(crashing: LaunchedStack) -> None:
    client = await NotificationsClient.connect(crashing.temporal_address)
    await client.announce(
        users=USERS, title="One", message="Words.", notification_type="system", delivery_channels=["in_app"]
    )
    while await left(crashing) < len(USERS):
        await asyncio.sleep(0.2)
    await asked(crashing, _AGED)
    temporal = await Client.connect(crashing.temporal_address)
    handle = await temporal.start_workflow(
        names.RETENTION_WORKFLOW, id=names.RETENTION_SCHEDULE, task_queue=names.BULK_QUEUE
    )
    before = len(USERS)
    for victim in VICTIMS:
        while (now := await left(crashing)) == before:
            await asyncio.sleep(0.02)
        assert now > 0, "over before it was interrupted"
        async with killed(crashing, victim):
            pass
        before = await left(crashing)
    async with asyncio.timeout(DEADLINE_SECONDS):
        await handle.result()
    assert await left(crashing) == 0
    assert await asked(crashing, _WRONG) == []
    bearer = {"Authorization": f"Bearer {crashing.token('staff', staff=True)}"}
    async with httpx.AsyncClient(base_url=f"{crashing.url}{BASE}", headers=bearer, timeout=20) as http:
        (run,) = (await http.get("/maintenance/")).raise_for_status().json()["results"]
    assert run["removed"]["notifications/system"] == len(USERS)
    assert run["finished_at"] is not None


async def left(stack: LaunchedStack) -> int:
    count: int
    ((count,),) = await asked(stack, "SELECT count(*) FROM notifications")
    return count


async def asked(stack: LaunchedStack, statement: str) -> list[tuple[Any, ...]]:
    """As soon as the database answers."""
    url = stack.environment["DATABASE_URL"].replace("+psycopg", "")
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            with suppress(psycopg.OperationalError):
                async with await psycopg.AsyncConnection.connect(url, connect_timeout=3) as connection:
                    found = await connection.execute(statement.encode())
                    return await found.fetchall() if found.description else []
            await asyncio.sleep(0.1)
