"""A digest outlives whoever was to tell it."""

import asyncio
import os
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from deploy.local.launch import LaunchedStack, launched
from notifications import NotificationsClient

DEADLINE_SECONDS = 60
VICTIMS = ("worker", "temporal", "postgres")


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedStack]:
    """A stack of its own: other tests would not enjoy this."""
    with launched(tmp_path_factory.mktemp("crashing") / "state") as running:
        yield running


async def test_digests_are_told_once_and_whole_though_processes_die_as_they_close(crashing: LaunchedStack) -> None:
    client = await NotificationsClient.connect(crashing.temporal_address)
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
        pid = crashing.pid(victim)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    async with httpx.AsyncClient(base_url=crashing.url, timeout=20) as http:
        for user in users:
            (item,) = await _inbox(crashing, http, user)
            assert (item["title"], item["metadata"]["total"]) == ("3 new notifications", 3)


async def _inbox(stack: LaunchedStack, http: httpx.AsyncClient, user: str) -> list[dict[str, Any]]:
    """As soon as the database answers again and anything is in it."""
    headers = {"Authorization": f"Bearer {stack.token(user)}"}
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            answer = await http.get("/api/v1/drf/notifications/notifications/", headers=headers)
            if answer.is_success and (found := answer.json()["results"]):
                return list(found)
            await asyncio.sleep(0.1)
