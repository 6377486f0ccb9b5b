"""A change to the workflow that met notifications under way: what is no longer true ends them at once, or as before."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from former_workflow import FormerWorkflow, UnpatchedWorkflow
from skipped_time import World, skipped_time
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle, WorkflowHistory
from temporalio.worker import Replayer

from notifications.contracts.notification import AcceptedNotification
from notifications.contracts.vocabulary import Channel, NotificationStatus
from workflows.notification import NotificationWorkflow

Handle = WorkflowHandle[NotificationWorkflow, AcceptedNotification]
HISTORIES = Path(__file__).parents[1] / "histories"
SLEPT, LEARNT = EventType.EVENT_TYPE_TIMER_FIRED, EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED


async def events(handle: Handle) -> list[EventType.ValueType]:
    return [event.event_type for event in (await handle.fetch_history()).events]


async def has_learnt(world: World, handle: Handle) -> None:
    """The workflow knows that it is no longer true, and has thought about it."""
    async with asyncio.timeout(30):
        while True:
            found = await events(handle)
            if LEARNT in found and EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED in found[found.index(LEARNT) :]:
                return
            await world.skip(timedelta(seconds=1))


async def test_todays_worker_finishes_what_the_former_one_began() -> None:
    async with skipped_time(workflow=None) as world:
        async with world.served_by(FormerWorkflow, remembers=False):
            handle = await world.start_ladder()
            await has_learnt(world, handle)
            assert SLEPT not in await events(handle)
        async with world.served_by(NotificationWorkflow):
            assert (await handle.result()).status is NotificationStatus.SENT
        # It goes on as it began: to the end of the wait that is in its history.
        assert (await events(handle)).count(SLEPT) == 1
        assert [channel for channel, _ in world.sends] == [Channel.EMAIL]


async def test_todays_worker_ends_at_once_what_it_began() -> None:
    async with skipped_time() as world:
        handle = await world.start_ladder()
        assert (await handle.result()).status is NotificationStatus.SENT
        assert SLEPT not in await events(handle)
        assert EventType.EVENT_TYPE_MARKER_RECORDED in await events(handle)


async def test_without_the_patch_it_would_have_broken_what_was_under_way() -> None:
    slept_on = WorkflowHistory.from_json("slept_on", (HISTORIES / "slept_on.json").read_text())
    await Replayer(workflows=[NotificationWorkflow]).replay_workflow(slept_on)
    # It has cancelled the timer that the history goes on to fire.
    with pytest.raises(RuntimeError, match="CancelTimerCommandSent"):
        await Replayer(workflows=[UnpatchedWorkflow]).replay_workflow(slept_on)
