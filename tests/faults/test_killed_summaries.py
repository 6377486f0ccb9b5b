"""A round of weekly summaries outlives whoever begins them."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from outages import killed
from temporalio.client import Client

from deploy.local.launch import LaunchedStack, launched
from notifications import NotificationsClient
from notifications.contracts import names
from notifications.contracts.summaries import SummaryTurn
from policy.summaries import last_due, next_due
from workflows.summaries import SummariesWorkflow

BASE = "/api/v1/drf/notifications"
DEADLINE_SECONDS = 90
PEOPLE = 120
"""More than two pages; begun with at ten in a second, they take long enough to be interrupted."""
VICTIMS = ("worker", "postgres", "temporal")


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedStack]:
    """A stack of its own: other tests would not enjoy this."""
    with launched(tmp_path_factory.mktemp("crashing") / "state") as running:
        yield running


async def test_everybody_is_told_once_though_processes_die_during_the_round(crashing: LaunchedStack) -> None:
    users = [f"user-{number:03}" for number in range(PEOPLE)]
    client = await NotificationsClient.connect(crashing.temporal_address)
    await client.announce(
        users=users, title="One", message="Words.", notification_type="system", delivery_channels=["in_app"]
    )
    async with httpx.AsyncClient(base_url=crashing.url, timeout=20) as http:
        for user in users:
            await _inbox(crashing, http, user, at_least=1)
            address, wanted = f"{BASE}/notification-settings/profile/", {"weekly_summary": True}
            (await http.patch(address, headers=_bearer(crashing, user), json=wanted)).raise_for_status()
        temporal, now = await Client.connect(crashing.temporal_address), datetime.now(UTC)
        turn = SummaryTurn(moment=next_due(UTC, done=last_due(UTC, now=now), now=now))
        handle = await temporal.start_workflow(
            SummariesWorkflow.run, turn, id=names.SUMMARIES_SCHEDULE, task_queue=names.BULK_QUEUE
        )
        for number, victim in enumerate(VICTIMS):
            await _inbox(crashing, http, users[5 + 20 * number], at_least=2)
            assert await _inbox(crashing, http, users[-1], at_least=0) == ["One"], "over before it was interrupted"
            async with killed(crashing, victim):
                pass
        async with asyncio.timeout(DEADLINE_SECONDS):
            await handle.result()
        told = {user: await _inbox(crashing, http, user, at_least=2) for user in users}
    assert [user for user in users if told[user] != ["1 unread notification", "One"]] == []


async def _inbox(stack: LaunchedStack, http: httpx.AsyncClient, user: str, *, at_least: int) -> list[str]:
    """Its titles, as soon as the database answers again and there are so many."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            answer = await http.get(f"{BASE}/notifications/", headers=_bearer(stack, user))
            titles = [item["title"] for item in answer.json()["results"]] if answer.is_success else []
            if answer.is_success and len(titles) >= at_least:
                return titles
            await asyncio.sleep(0.1)


def _bearer(stack: LaunchedStack, user: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {stack.token(user)}"}
