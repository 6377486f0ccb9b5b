"""One occurrence tells everybody once, each when their own clock shows it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from temporalio.testing import ActivityEnvironment

from activities.recurring import RecurringActivities
from deploy.local.launch import LaunchedStack
from notifications.contracts.building_recurring import build_recurrence
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.recurring import HERALD, Firing, FiringPlan, Recurrence, RecurrenceState
from persistence.database import Database
from persistence.recipients import RecipientRepository

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Town:
    """People in several zones, and a recurrence for them all; what it starts is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.started: list[NotificationRequest] = []
        self.state: RecurrenceState | None = None
        self._activities = RecurringActivities(database=database, find=self._find, start=self._start)

    async def person(self, zone: str) -> str:
        user = f"again-{uuid4().hex[:12]}"
        async with self._database.transaction() as transaction:
            await RecipientRepository(transaction).put(user, {"time_zone": zone})
        return user

    def recur(self, users: list[str], **when: Any) -> Recurrence:
        recurrence = build_recurrence(
            key=f"plan-{uuid4().hex}", users=users, content={"title": "Your week", "message": "Look."}, **when
        )
        self.state = RecurrenceState(recurrence=replace(recurrence, since=datetime.now(UTC) - timedelta(days=2)))
        return recurrence

    async def fire(self, key: str, scheduled_at: datetime) -> FiringPlan:
        plan: FiringPlan = await ActivityEnvironment().run(
            self._activities.fire, Firing(key=key, scheduled_at=scheduled_at)
        )
        return plan

    async def _find(self, key: str) -> RecurrenceState | None:
        return self.state if self.state is not None and self.state.recurrence.key == key else None

    async def _start(self, request: NotificationRequest) -> None:
        self.started.append(request)


@pytest.fixture
async def town(stack: LaunchedStack) -> AsyncIterator[Town]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=2)
    yield Town(database)
    await database.close()


def now_in(zone: str) -> datetime:
    return datetime.now(ZoneInfo(zone)).replace(second=0, microsecond=0)


async def test_each_is_told_when_their_own_clock_shows_it(town: Town) -> None:
    here = now_in("Asia/Tokyo")
    early, late = await town.person("Asia/Tokyo"), await town.person("Asia/Kolkata")
    when = {"weekdays": [WEEKDAYS[here.weekday()]], "time": f"{here:%H:%M}"}
    recurrence = town.recur([early, late], schedule=when, time_zone="recipient")
    heralded = here.replace(tzinfo=ZoneInfo(HERALD))

    plan = await town.fire(recurrence.key, heralded)
    assert [request.user for request in town.started] == [early]
    due = here.replace(tzinfo=ZoneInfo("Asia/Kolkata"))
    assert plan.wake_at is not None
    assert plan.wake_at <= due
    assert await town.fire(recurrence.key, heralded) is not None
    assert len({request.notification_id for request in town.started}) == 1, "the same occurrence has one id for each"


async def test_a_cron_line_tells_everybody_at_its_time(town: Town) -> None:
    users = [await town.person("Asia/Tokyo"), await town.person("America/Lima")]
    recurrence = town.recur(users, schedule={"cron": "* * * * *"}, time_zone="UTC")
    assert await town.fire(recurrence.key, now_in("UTC")) == FiringPlan()
    assert [request.user for request in town.started] == users
    assert len({request.notification_id for request in town.started}) == 2


@pytest.mark.parametrize("fate", ["paused", "deleted", "changed away", "long ago"])
async def test_what_is_no_longer_wanted_tells_nobody(town: Town, fate: str) -> None:
    here = now_in("UTC")
    when = {"weekdays": [WEEKDAYS[here.weekday()]], "time": f"{here:%H:%M}"}
    recurrence = town.recur([await town.person("UTC")], schedule=when, time_zone="UTC")
    scheduled_at = here.replace(tzinfo=ZoneInfo(HERALD))
    assert town.state is not None
    match fate:
        case "paused":
            town.state = replace(town.state, paused=True)
        case "deleted":
            town.state = None
        case "changed away":
            other = replace(town.state.recurrence, weekdays=((here.weekday() + 1) % 7,))
            town.state = replace(town.state, recurrence=other)
        case _:
            scheduled_at -= timedelta(days=7)
    assert await town.fire(recurrence.key, scheduled_at) == FiringPlan()
    assert town.started == []
