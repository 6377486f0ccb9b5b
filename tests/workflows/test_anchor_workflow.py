"""An anchor's reminders in time, on a server that skips the waiting."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from skipping_server import skipping_server
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from notifications.contracts import names
from notifications.contracts.reminders import (
    AnchorCancellation,
    AnchorInput,
    AnchorMove,
    AnchorPlan,
    Reminder,
    Reminders,
    ReminderStatus,
)
from policy.reminders import fires_at
from workflows.anchor import AnchorWorkflow

DAY = timedelta(days=1)


@dataclass
class AnchorWorld:
    """One anchor, kept in memory by the rules of the real one; times are the server's."""

    client: Client
    anchor: str = field(default_factory=lambda: f"booking:{uuid4().hex}")
    starts_at: datetime | None = None
    offsets: tuple[int, ...] = ()
    fired: dict[int, datetime] = field(default_factory=dict)
    cancelled: bool = False

    @activity.defn(name=names.MOVE_ANCHOR_ACTIVITY)
    async def move(self, move: AnchorMove) -> Reminders:
        self.starts_at = move.starts_at
        return self.told()

    @activity.defn(name=names.CANCEL_ANCHOR_ACTIVITY)
    async def cancel(self, _: AnchorCancellation) -> Reminders:
        self.cancelled = True
        return self.told()

    @activity.defn(name=names.FIRE_ACTIVITY)
    async def fire(self, _: AnchorInput) -> AnchorPlan:
        now = await self.now()
        waiting = [each for each in self.told().reminders if each.status is ReminderStatus.WAITING]
        for reminder in waiting:
            if reminder.fires_at <= now:
                self.fired[reminder.offset] = now
        return AnchorPlan(wake_at=min((each.fires_at for each in waiting if each.fires_at > now), default=None))

    async def now(self) -> datetime:
        """The server's: a timer that has just fired there is late by ours, or years ahead of it."""
        return await ENVIRONMENT[id(self)].get_current_time()

    def told(self) -> Reminders:
        if self.starts_at is None:
            return Reminders(anchor=self.anchor)
        reminder = Reminder(user="ada", offset=0, fires_at=self.starts_at, status=ReminderStatus.WAITING)
        return Reminders(
            anchor=self.anchor,
            starts_at=self.starts_at,
            reminders=tuple(
                replace(reminder, offset=offset, fires_at=fires_at(self.starts_at, offset), status=self.status(offset))
                for offset in self.offsets
            ),
        )

    def status(self, offset: int) -> ReminderStatus:
        if offset in self.fired:
            return ReminderStatus.FIRED
        return ReminderStatus.CANCELLED if self.cancelled else ReminderStatus.WAITING

    async def reminding(self, starts_at: datetime, *offsets: int) -> WorkflowHandle[AnchorWorkflow, None]:
        """The anchor's workflow, as it goes on after its first call; the test server knows no start with an update."""
        self.starts_at, self.offsets = starts_at, offsets
        return await self.client.start_workflow(
            AnchorWorkflow.run,
            AnchorInput(anchor=self.anchor),
            id=names.anchor_workflow_id(self.anchor),
            task_queue=names.NOTIFICATION_QUEUE,
        )


ENVIRONMENT: dict[int, WorkflowEnvironment] = {}


@pytest.fixture
async def world() -> AsyncIterator[AnchorWorld]:
    async with await skipping_server() as server:
        world = AnchorWorld(server.client)
        ENVIRONMENT[id(world)] = server
        async with Worker(
            server.client,
            task_queue=names.NOTIFICATION_QUEUE,
            workflows=[AnchorWorkflow],
            activities=[world.move, world.cancel, world.fire],
        ):
            yield world


async def test_reminders_of_a_start_years_ahead_fire_in_time_and_once(world: AnchorWorld) -> None:
    starts_at = await world.now() + 3 * 365 * DAY
    handle = await world.reminding(starts_at, 86_400, 1_800, -7_200)
    await handle.result()
    late = {offset: (at - fires_at(starts_at, offset)).total_seconds() for offset, at in world.fired.items()}
    assert late.keys() == {86_400, 1_800, -7_200}
    assert all(0 <= seconds < 60 for seconds in late.values())


async def test_moved_reminders_fire_at_the_new_time_alone(world: AnchorWorld) -> None:
    starts_at = await world.now() + 10 * DAY
    handle = await world.reminding(starts_at, 86_400)
    await handle.execute_update(names.MOVE_UPDATE, AnchorMove(anchor=world.anchor, starts_at=starts_at + 5 * DAY))
    await handle.result()
    assert timedelta(0) <= world.fired[86_400] - (starts_at + 4 * DAY) < timedelta(minutes=1)


async def test_a_cancelled_anchor_has_nothing_left_to_wait_for(world: AnchorWorld) -> None:
    handle = await world.reminding(await world.now() + 10 * DAY, 86_400)
    await handle.execute_update(names.CANCEL_UPDATE, AnchorCancellation(anchor=world.anchor))
    await handle.result()
    assert world.fired == {}
