"""Standing schedules, as staff may have left them. Temporal carries their changes out a little later."""

import asyncio
from collections.abc import Awaitable, Callable

from temporalio.client import Client, ScheduleDescription, ScheduleHandle, ScheduleUpdate, ScheduleUpdateInput

DEADLINE_SECONDS = 20
NOTE = "by hand"


async def ensured_over_an_older_form(
    temporal: Client, schedule_id: str, ensure: Callable[[Client], Awaitable[None]]
) -> ScheduleDescription:
    """What `ensure` makes of a schedule that was paused, and had an older release's form. Leaves it running."""
    handle = temporal.get_schedule_handle(schedule_id)
    await handle.pause(note=NOTE)
    await _described(handle, lambda found: found.schedule.state.paused)
    await handle.update(_without_a_time)
    await _described(handle, lambda found: not found.schedule.spec.calendars)
    await ensure(temporal)
    ensured = await _described(handle, lambda found: bool(found.schedule.spec.calendars))
    await ensure(temporal)
    await handle.unpause()
    running = await _described(handle, lambda found: not found.schedule.state.paused)
    assert running.info.last_updated_at == ensured.info.last_updated_at, "the same form was written again"
    return ensured


async def _described(handle: ScheduleHandle, holds: Callable[[ScheduleDescription], bool]) -> ScheduleDescription:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not holds(found := await handle.describe()):
            await asyncio.sleep(0.05)
    return found


async def _without_a_time(found: ScheduleUpdateInput) -> ScheduleUpdate:
    found.description.schedule.spec.calendars = []
    found.description.schedule.spec.cron_expressions = []
    return ScheduleUpdate(schedule=found.description.schedule)
