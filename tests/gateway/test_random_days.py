"""Whatever happens in whatever order: the streams have no gap, the counts are exact, every device ends up right."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx
import pytest
from device import Device
from socket_client import notify, rest
from sqlalchemy import func, select

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient
from persistence.database import Database
from persistence.inbox import InboxRepository
from persistence.models import Notification

STEPS = 25
DEVICES = 3


class Day:
    """One user's day: several things at once, step after step, drawn from a seed."""

    def __init__(self, seed: int, stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient) -> None:
        self.user = f"day-{uuid4().hex[:12]}"
        self.devices = [Device(stack, http, self.user) for _ in range(DEVICES)]
        self.made: list[str] = []
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._stack, self._http, self._client = stack, http, client

    async def pass_by(self) -> None:
        for _ in range(STEPS):
            await asyncio.gather(*(act() for act in self._random.sample(self._acts(), k=3)))
        for device in self.devices:
            if not device.is_connected:
                await device.connect()

    async def end(self) -> None:
        for device in self.devices:
            await device.disconnect()

    def _acts(self) -> list[Callable[[], Awaitable[object]]]:
        toggles = [device.disconnect if device.is_connected else device.connect for device in self.devices]
        return [self._create, self._create, self._mark("read"), self._mark("unread"), self._mark_all, *toggles]

    async def _create(self) -> None:
        self.made.append(await notify(self._client, self.user, str(len(self.made))))

    def _mark(self, word: str) -> Callable[[], Awaitable[object]]:
        chosen = self._random.choice(self.made) if self.made else None

        async def mark() -> None:
            if chosen is not None:
                await rest(self._stack, self._http, self.user, "POST", f"{chosen}/mark_as_{word}/")

        return mark

    async def _mark_all(self) -> None:
        await rest(self._stack, self._http, self.user, "POST", "mark_all_read/")


@pytest.mark.parametrize("seed", range(3))
async def test_after_any_day_streams_counts_rows_and_devices_agree(
    stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient, seed: int
) -> None:
    days = [Day(100 * seed + number, stack, http, client) for number in range(3)]
    database = Database(stack.environment["DATABASE_URL"], pool_size=2)
    try:
        await asyncio.gather(*(day.pass_by() for day in days))
        for day in days:
            await agree(day, stack, http, database)
    finally:
        await asyncio.gather(*(day.end() for day in days))
        await database.close()


async def agree(day: Day, stack: LaunchedStack, http: httpx.AsyncClient, database: Database) -> None:
    async with database.transaction() as transaction:
        inbox = InboxRepository(transaction)
        state = await inbox.state(day.user)
        told = await inbox.events_after({day.user: 0}, most=10_000)
        unread_rows = await transaction.connection.scalar(
            select(func.count()).where(Notification.user_id == day.user, Notification.read_at.is_(None))
        )
    assert [event.seq for event in told] == list(range(1, state.seq + 1))
    assert state.unread_count == unread_rows
    page = await rest(stack, http, day.user, "GET", "?page_size=100")
    listed = {item["id"]: item["is_read"] for item in page["results"]}
    assert set(listed) == set(day.made)
    for device in day.devices:
        await device.reached(state.seq)
        assert (device.faults, device.read, device.unread_count) == ([], listed, unread_rows)
