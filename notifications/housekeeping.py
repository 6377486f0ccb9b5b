"""The schedule of the housekeeping, which every worker makes sure of."""

from dataclasses import replace
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from notifications.contracts import names

# In UTC, before the morning of most of those whom it would make wait, were it noticed at all.
_EVERY_NIGHT = "17 3 * * *"


async def ensure_retention(temporal: Client) -> None:
    """There is one schedule, of the form that this release knows; whether staff have paused it is left as it is.

    Any number of workers may do so, at once or again. Raises RPCError when Temporal is away.
    """
    wanted = Schedule(
        action=ScheduleActionStartWorkflow(
            names.RETENTION_WORKFLOW, id=names.RETENTION_SCHEDULE, task_queue=names.BULK_QUEUE
        ),
        spec=ScheduleSpec(cron_expressions=[_EVERY_NIGHT]),
        # One that takes longer than a day goes on; a night that nobody was there for is made up for by the next.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=1)),
    )

    def renew(found: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(schedule=replace(wanted, state=found.description.schedule.state))

    try:
        await temporal.create_schedule(names.RETENTION_SCHEDULE, wanted)
    except ScheduleAlreadyRunningError:
        await temporal.get_schedule_handle(names.RETENTION_SCHEDULE).update(renew)
