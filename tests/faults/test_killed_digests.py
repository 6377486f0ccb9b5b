"""A digest outlives whoever was to tell it."""

import httpx
from outages import kill
from witness import inbox

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient

VICTIMS = ("worker", "temporal", "postgres")


async def test_digests_are_told_once_and_whole_though_processes_die_as_they_close(own_stack: LaunchedStack) -> None:
    client = await NotificationsClient.connect(own_stack.temporal_address)
    users = [f"user-{number}" for number in range(10)]
    window = {"kind": "quiet", "seconds": 5, "at_most_seconds": 30}
    for title in ("One", "Two", "Three"):
        for user in users:
            await client.notify(
                user=user,
                title=title,
                message="Words.",
                notification_type="payment",
                delivery_channels=["in_app"],
                digest={"key": "k", "window": window},
            )
    for victim in VICTIMS:
        await kill(own_stack, victim)
    async with httpx.AsyncClient(base_url=own_stack.url, timeout=20) as http:
        for user in users:
            (item,) = await inbox(own_stack, http, user)
            assert (item["title"], item["metadata"]["total"]) == ("3 new notifications", 3)
