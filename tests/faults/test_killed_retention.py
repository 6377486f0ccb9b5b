"""A night's housekeeping outlives whoever does it: all that is old goes, once, and every count stays exact."""

import asyncio

from outages import restart
from temporalio.client import Client
from witness import BASE, DEADLINE_SECONDS, as_staff, queried

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient
from notifications.contracts import names

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


async def test_what_is_old_goes_once_though_processes_die_meanwhile(own_stack: LaunchedStack) -> None:
    client = await NotificationsClient.connect(own_stack.temporal_address)
    await client.announce(
        users=USERS, title="One", message="Words.", notification_type="system", delivery_channels=["in_app"]
    )
    while await left(own_stack) < len(USERS):
        await asyncio.sleep(0.2)
    await queried(own_stack, _AGED)
    temporal = await Client.connect(own_stack.temporal_address)
    handle = await temporal.start_workflow(
        names.RETENTION_WORKFLOW, id=names.RETENTION_SCHEDULE, task_queue=names.BULK_QUEUE
    )
    before = len(USERS)
    for victim in VICTIMS:
        while (now := await left(own_stack)) == before:
            await asyncio.sleep(0.02)
        assert now > 0, "over before it was interrupted"
        await restart(own_stack, victim)
        before = await left(own_stack)
    async with asyncio.timeout(DEADLINE_SECONDS):
        await handle.result()
    assert await left(own_stack) == 0
    assert await queried(own_stack, _WRONG) == []
    async with as_staff(own_stack) as http:
        (run,) = (await http.get(f"{BASE}/maintenance/")).raise_for_status().json()["results"]
    assert run["removed"]["notifications/system"] == len(USERS)
    assert run["finished_at"] is not None


async def left(stack: LaunchedStack) -> int:
    count: int
    ((count,),) = await queried(stack, "SELECT count(*) FROM notifications")
    return count
