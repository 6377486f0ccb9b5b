"""A round of weekly summaries outlives whoever begins them."""

import asyncio
from datetime import UTC, datetime

import httpx
from outages import restart
from temporalio.client import Client
from witness import BASE, DEADLINE_SECONDS, bearer, inbox

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient
from notifications.contracts import names
from notifications.contracts.summaries import SummaryTurn
from policy.summaries import last_due, next_due
from workflows.summaries import SummariesWorkflow

PEOPLE = 120
"""More than two pages; begun with at ten in a second, they take long enough to be interrupted."""
VICTIMS = ("worker", "postgres", "temporal")


async def test_everybody_is_told_once_though_processes_die_during_the_round(own_stack: LaunchedStack) -> None:
    users = [f"user-{number:03}" for number in range(PEOPLE)]
    client = await NotificationsClient.connect(own_stack.temporal_address)
    await client.announce(
        users=users, title="One", message="Words.", notification_type="system", delivery_channels=["in_app"]
    )
    async with httpx.AsyncClient(base_url=own_stack.url, timeout=20) as http:
        for user in users:
            await _titles(own_stack, http, user, at_least=1)
            address, wanted = f"{BASE}/notification-settings/profile/", {"weekly_summary": True}
            (await http.patch(address, headers=bearer(own_stack, user), json=wanted)).raise_for_status()
        temporal, now = await Client.connect(own_stack.temporal_address), datetime.now(UTC)
        turn = SummaryTurn(moment=next_due(UTC, done=last_due(UTC, now=now), now=now))
        handle = await temporal.start_workflow(
            SummariesWorkflow.run, turn, id=names.SUMMARIES_SCHEDULE, task_queue=names.BULK_QUEUE
        )
        for number, victim in enumerate(VICTIMS):
            await _titles(own_stack, http, users[5 + 20 * number], at_least=2)
            assert await _titles(own_stack, http, users[-1], at_least=0) == ["One"], "over before it was interrupted"
            await restart(own_stack, victim)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await handle.result()
        told = {user: await _titles(own_stack, http, user, at_least=2) for user in users}
    assert [user for user in users if told[user] != ["1 unread notification", "One"]] == []


async def _titles(stack: LaunchedStack, http: httpx.AsyncClient, user: str, *, at_least: int) -> list[str]:
    return [item["title"] for item in await inbox(stack, http, user, at_least=at_least)]
