"""The schedules that every worker makes sure of: the housekeeping, and the weekly summaries."""

from dataclasses import replace
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from notifications.contracts import names

# In UTC, before the morning of most of those whom it would make wait, were it noticed at all.
_EVERY_NIGHT = ScheduleCalendarSpec(hour=(ScheduleRange(3),), minute=(ScheduleRange(17),))
# Clocks differ from UTC by quarters of an hour. Somewhere it is Monday from Sunday to Tuesday, in UTC.
_WHILE_IT_IS_MONDAY = ScheduleCalendarSpec(
    day_of_week=(ScheduleRange(0, 2),), hour=(ScheduleRange(0, 23),), minute=(ScheduleRange(0, 59, 15),)
)


async def ensure_retention(temporal: Client) -> None:
    """The nightly housekeeping; see `_ensure`."""
    await _ensure(
        temporal,
        names.RETENTION_SCHEDULE,
        Schedule(
            action=ScheduleActionStartWorkflow(
                names.RETENTION_WORKFLOW, id=names.RETENTION_SCHEDULE, task_queue=names.BULK_QUEUE
            ),
            spec=ScheduleSpec(calendars=[_EVERY_NIGHT]),
            # One that takes longer than a day goes on; a night that nobody was there for is made up for by the next.
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=1)),
        ),
    )


async def ensure_summaries(temporal: Client) -> None:
    """The rounds of weekly summaries; see `_ensure`."""
    await _ensure(
        temporal,
        names.SUMMARIES_SCHEDULE,
        Schedule(
            action=ScheduleActionStartWorkflow(
                names.SUMMARIES_WORKFLOW, id=names.SUMMARIES_SCHEDULE, task_queue=names.BULK_QUEUE
            ),
            spec=ScheduleSpec(calendars=[_WHILE_IT_IS_MONDAY]),
            # Each round takes all whose time has come: one after the last that was missed, or under way, is enough.
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.BUFFER_ONE, catchup_window=timedelta(hours=1)),
        ),
    )


async def _ensure(temporal: Client, schedule_id: str, wanted: Schedule) -> None:
    """There is one schedule, of the form that this release knows; whether staff have paused it is left as it is.

    Any number of workers may do so, at once or again. Raises RPCError when Temporal is away.
    """

    def renew(found: ScheduleUpdateInput) -> ScheduleUpdate | None:
        schedule = found.description.schedule
        renewed = replace(wanted, state=schedule.state)
        # An update carries the whole schedule, and would undo a pause that comes between: none without need.
        return None if schedule == renewed else ScheduleUpdate(schedule=renewed)

    try:
        await temporal.create_schedule(schedule_id, wanted)
    except ScheduleAlreadyRunningError:
        await temporal.get_schedule_handle(schedule_id).update(renew)
