"""One occurrence of a recurrence: started by its schedule, over when everybody has been told at their own time."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from notifications.contracts import names
    from notifications.contracts.recurring import Firing, FiringPlan, Recurrence
    from workflows.steps import scheduled_at, until

# Five hundred starts, of some hundredths of a second each; what takes longer waits for something that is away.
_FIRE_TIMEOUT = timedelta(minutes=2)
# Between two reports lies one start. It is also how long a killed worker's firing is waited for.
_HEARTBEAT_TIMEOUT = timedelta(seconds=10)
_FIRE_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=15))


@workflow.defn(name=names.RECURRENCE_WORKFLOW)
class RecurrenceWorkflow:
    @workflow.run
    async def run(self, recurrence: Recurrence) -> None:
        """What it was started with may have been changed by the time it fires, so the schedule is asked again."""
        firing = Firing(key=recurrence.key, scheduled_at=scheduled_at())
        plan = await self._fire(firing)
        while plan.wake_at is not None:
            await workflow.sleep(until(plan.wake_at), summary="somebody's clock")
            plan = await self._fire(firing)

    async def _fire(self, firing: Firing) -> FiringPlan:
        plan: FiringPlan = await workflow.execute_activity(
            names.FIRE_RECURRENCE_ACTIVITY,
            firing,
            result_type=FiringPlan,
            start_to_close_timeout=_FIRE_TIMEOUT,
            heartbeat_timeout=_HEARTBEAT_TIMEOUT,
            retry_policy=_FIRE_RETRY,
        )
        return plan
