"""Whatever happens in whatever order: the streams have no gap, the counts are exact, every device ends up right.

`RANDOM_DAYS=400 make test ARGS=tests/gateway/test_any_day.py`, as in `make test-long`, takes twenty thousand steps.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
from device import Device
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from several_gateways import Gateways, cut_listeners
from socket_client import notify, rest
from sqlalchemy import func, select

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient
from persistence.database import Database
from persistence.drawers import Folder
from persistence.inbox import InboxRepository
from persistence.models import Notification

DAYS = int(os.environ.get("RANDOM_DAYS", "8"))
STEPS = 50
DEVICES = 2
STEPS_BETWEEN_KILLS = 150
WHO = st.integers(0, 1)
WHICH = st.integers(0)


class Person:
    """What one person's inbox must look like, by a plain model; and the devices that show it."""

    def __init__(self, place: "Place") -> None:
        self.user = f"day-{uuid4().hex[:12]}"
        self.inbox: dict[str, bool] = {}
        self.asleep: dict[str, bool] = {}
        self.devices = [Device(place.stack, place.http, self.user) for _ in range(DEVICES)]
        self._place = place

    async def create(self) -> None:
        made = await notify(self._place.client, self.user, "Hello", message=f"For {self.user} alone.")
        self.inbox[made] = False

    async def mark(self, which: int, *, is_read: bool) -> None:
        if chosen := one_of({**self.inbox, **self.asleep}, which):
            await self._call("POST", f"{chosen}/mark_as_{'read' if is_read else 'unread'}/")
            (self.inbox if chosen in self.inbox else self.asleep)[chosen] = is_read

    async def mark_all(self) -> None:
        await self._call("POST", "mark_all_read/")
        self.inbox = dict.fromkeys(self.inbox, True)

    async def delete(self, which: int) -> None:
        if chosen := one_of({**self.inbox, **self.asleep}, which):
            await self._call("DELETE", f"{chosen}/")
            self.inbox.pop(chosen, None)
            self.asleep.pop(chosen, None)

    async def snooze(self, which: int) -> None:
        if chosen := one_of(self.inbox, which):
            until = datetime.now(UTC) + timedelta(hours=1)
            await self._call("PATCH", f"{chosen}/", {"snoozed_until": until.isoformat()})
            self.asleep[chosen] = self.inbox.pop(chosen)

    async def wake(self, which: int) -> None:
        if chosen := one_of(self.asleep, which):
            await self._call("PATCH", f"{chosen}/", {"snoozed_until": None})
            self.inbox[chosen] = self.asleep.pop(chosen)

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        response = await self._place.http.request(
            method,
            f"/api/v1/drf/notifications/notifications/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._place.stack.token(self.user)}"},
        )
        assert response.is_success, response.text


class Place:
    """What all days share: the stack, and two gateways of their own beside its one."""

    def __init__(self, stack: LaunchedStack) -> None:
        self.stack = stack
        self.loop = asyncio.new_event_loop()
        self.resources = AsyncExitStack()
        self.gateways = Gateways(stack, self.resources)
        self.database = Database(stack.environment["DATABASE_URL"], pool_size=2)
        self.steps_since_kill = 0

    async def open(self) -> None:
        self.http = await self.resources.enter_async_context(httpx.AsyncClient(base_url=self.stack.url, timeout=30))
        self.client = await NotificationsClient.connect(self.stack.temporal_address)
        await asyncio.gather(self.gateways.start(), self.gateways.start())

    async def close(self) -> None:
        await self.resources.aclose()
        await self.database.close()

    def run(self, act: Awaitable[object]) -> None:
        async def acted() -> None:
            await act

        self.loop.run_until_complete(acted())


class Day(RuleBasedStateMachine):
    place: Place

    def __init__(self) -> None:
        super().__init__()
        self.people = [Person(self.place) for _ in range(2)]
        self.is_broken = False

    def act(self, act: Awaitable[object]) -> None:
        self.place.steps_since_kill += 1
        try:
            self.place.run(act)
        except BaseException:
            self.is_broken = True
            raise

    @rule(who=WHO)
    def create(self, who: int) -> None:
        self.act(self.people[who].create())

    @rule(who=WHO, which=WHICH, is_read=st.booleans())
    def mark(self, who: int, which: int, *, is_read: bool) -> None:
        self.act(self.people[who].mark(which, is_read=is_read))

    @rule(who=WHO)
    def mark_all(self, who: int) -> None:
        self.act(self.people[who].mark_all())

    @rule(who=WHO, which=WHICH)
    def delete(self, who: int, which: int) -> None:
        self.act(self.people[who].delete(which))

    @rule(who=WHO, which=WHICH)
    def snooze(self, who: int, which: int) -> None:
        self.act(self.people[who].snooze(which))

    @rule(who=WHO, which=WHICH)
    def wake(self, who: int, which: int) -> None:
        self.act(self.people[who].wake(which))

    @rule(who=WHO, which=WHICH, where=st.integers(0, 1))
    def connect(self, who: int, which: int, where: int) -> None:
        device = self.people[who].devices[which % DEVICES]
        if not device.is_connected:
            self.act(device.connect(self.place.gateways.addresses()[where]))

    @rule(who=WHO, which=WHICH, politely=st.booleans())
    def drop(self, who: int, which: int, *, politely: bool) -> None:
        device = self.people[who].devices[which % DEVICES]
        if politely:
            self.act(device.disconnect())
        else:
            device.break_off()

    @rule(who=WHO, which=WHICH, back=st.integers(0, 5))
    def resume(self, who: int, which: int, back: int) -> None:
        self.act(self.people[who].devices[which % DEVICES].resume(back))

    @rule()
    def lose_hints(self) -> None:
        self.act(cut_listeners(self.place.database))

    @rule()
    def kill_gateway(self) -> None:
        if self.place.steps_since_kill < STEPS_BETWEEN_KILLS:  # each takes seconds to replace
            return
        self.act(self._replace_one())
        self.place.steps_since_kill = 0

    async def _replace_one(self) -> None:
        await self.place.gateways.start()
        await self.place.gateways.end_oldest(signal.SIGKILL)

    def teardown(self) -> None:
        if not self.is_broken:
            self.act(asyncio.wait_for(self._agree(), 60))
        self.act(self._leave())

    async def _agree(self) -> None:
        """Once everybody is back: the rows, the counters, REST and every device say what the model says."""
        for person in self.people:
            for number, device in enumerate(person.devices):
                if not device.is_connected:
                    await device.connect(self.place.gateways.addresses()[number % 2])
        for person in self.people:
            async with self.place.database.transaction() as transaction:
                inbox = InboxRepository(transaction)
                state = await inbox.state(person.user)
                told = await inbox.events_after({person.user: 0}, most=10_000)
                mine = (Notification.user_id == person.user, Notification.folder == Folder.INBOX)
                unread_rows = await transaction.connection.scalar(
                    select(func.count()).where(*mine, Notification.read_at.is_(None))
                )
            page = await rest(self.place.stack, self.place.http, person.user, "GET", "?page_size=100")
            assert [event.seq for event in told] == list(range(1, state.seq + 1))
            assert {item["id"]: item["is_read"] for item in page["results"]} == person.inbox
            unread = sum(not is_read for is_read in person.inbox.values())
            assert (state.unread_count, unread_rows) == (unread, unread)
            for device in person.devices:
                await device.reached(state.seq)
                assert (device.faults, device.read, device.unread_count) == ([], person.inbox, unread)

    async def _leave(self) -> None:
        for person in self.people:
            for device in person.devices:
                await device.disconnect()


def one_of(entries: dict[str, bool], which: int) -> str | None:
    return list(entries)[which % len(entries)] if entries else None


def test_after_any_day_streams_counts_rows_and_devices_agree_with_a_plain_model(stack: LaunchedStack) -> None:
    place = Place(stack)
    days = settings(
        max_examples=DAYS, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
    )
    try:
        place.run(place.open())
        run_state_machine_as_test(type("AnyDay", (Day,), {"place": place}), settings=days)
    finally:
        place.run(place.close())
        place.loop.close()
