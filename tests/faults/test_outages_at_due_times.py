"""A process hangs, or dies, while reminders and schedules fall due: each goes out once, not early, and not much later.

`PAUSE_SECONDS=30 make test ARGS=tests/faults/test_outages_at_due_times.py` makes them hang for longer.
"""

import asyncio
import os
from collections import Counter
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from outages import killed, paused

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient

PAUSE = timedelta(seconds=float(os.environ.get("PAUSE_SECONDS", "6")))
LEAD = timedelta(seconds=4)
"""From the first being made until the first is due."""
SCHEDULED, BOOKINGS = 12, 6
"""Each booking reminds two people."""
AFTERWARDS = timedelta(seconds=20)
"""In which what was held up goes out: connections are made anew, and Temporal's own retries come round."""
VICTIMS = ("worker", "temporal", "postgres", "courier")


class Appointments:
    """What is due for two people while something goes wrong; by title, when."""

    def __init__(self, stack: LaunchedStack, client: NotificationsClient) -> None:
        self._stack, self._client = stack, client
        self.users = [f"{name}-{uuid4().hex[:8]}" for name in ("client", "practitioner")]
        self.due: dict[tuple[str, str], datetime] = {}

    async def make(self) -> datetime:
        """Due evenly over the outage; returns when the first is."""
        headers = {"Authorization": f"Bearer {self._stack.token('staff', staff=True)}"}
        async with httpx.AsyncClient(base_url=self._stack.url, headers=headers, timeout=30) as http:
            for user in self.users:
                path = f"/api/v1/drf/notifications/recipients/{user}/"
                (await http.put(path, json={"email": f"{user}@example.org"})).raise_for_status()
        first = datetime.now(UTC) + LEAD
        words: dict[str, Any] = {"message": "Bring a mat.", "delivery_channels": ["in_app", "email"], "escalation": {}}
        async with asyncio.TaskGroup() as making:
            for number in range(SCHEDULED):
                title, due = f"Scheduled {number}", first + PAUSE * number / SCHEDULED
                self.due[self.users[0], title] = due
                making.create_task(
                    self._client.notify(
                        user=self.users[0], notification_type="session", title=title, scheduled_for=due, **words
                    )
                )
            for number in range(BOOKINGS):
                title, due = f"Booking {number}", first + PAUSE * number / BOOKINGS
                self.due |= {(user, title): due for user in self.users}
                making.create_task(
                    self._client.remind(
                        anchor=f"booking:{uuid4().hex}",
                        starts_at=due + timedelta(minutes=30),
                        offsets=[1800],
                        users=self.users,
                        title=title,
                        **words,
                    )
                )
        return first

    async def received(self) -> dict[tuple[str, str], list[datetime]]:
        """When the provider took in each of them, however often; waits for those that are still to come."""
        found: list[dict[str, Any]] = []
        async with asyncio.timeout((PAUSE + AFTERWARDS * 2).total_seconds()):
            while len({(message["user"], message["title"]) for message in found}) < len(self.due):
                await asyncio.sleep(0.2)
                found = await self._messages()
        # What would be sent twice is sent soon after.
        await asyncio.sleep(1)
        moments: dict[tuple[str, str], list[datetime]] = {}
        for message in await self._messages():
            moments.setdefault((message["user"], message["title"]), []).append(
                datetime.fromisoformat(message["received_at"])
            )
        return moments

    async def _messages(self) -> list[dict[str, Any]]:
        async with httpx.AsyncClient(base_url=f"{self._stack.url}/courier-sandbox", timeout=30) as http:
            pages = [(await http.get("/messages", params={"user": user})).json()["results"] for user in self.users]
        return [message for page in pages for message in page]


async def hold_up(appointments: Appointments, outage: AbstractAsyncContextManager[None]) -> datetime:
    """Lets the outage begin just before the first is due; when it was over."""
    first = await appointments.make()
    await asyncio.sleep(max(0.0, (first - datetime.now(UTC)).total_seconds() - 0.5))
    async with outage:
        await asyncio.sleep(PAUSE.total_seconds())
    return datetime.now(UTC)


@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize("fate", [paused, killed])
async def test_what_falls_due_goes_out_once_and_no_later_than_the_outage(
    own_stack: LaunchedStack, fate: Any, victim: str
) -> None:
    client = await NotificationsClient.connect(own_stack.temporal_address)
    appointments = Appointments(own_stack, client)
    over = await hold_up(appointments, fate(own_stack, victim))
    received = await appointments.received()

    assert Counter({what: len(moments) for what, moments in received.items()}) == Counter(
        dict.fromkeys(appointments.due, 1)
    )
    early = {what for what, due in appointments.due.items() if received[what][0] < due}
    assert not early
    late = max(received[what][0] - max(due, over) for what, due in appointments.due.items())
    assert late < AFTERWARDS
