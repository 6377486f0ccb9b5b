"""One occurrence of a recurrence: started by its schedule, over when everybody has been told at their own time."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from notifications.contracts import names
    from notifications.contracts.recurring import Firing, FiringPlan, Recurrence
    from workflows.steps import long_step, scheduled_at, until

# Between two reports lies one start.
_HEARTBEAT_TIMEOUT = timedelta(seconds=10)


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
        return await long_step(names.FIRE_RECURRENCE_ACTIVITY, firing, FiringPlan, heartbeat_timeout=_HEARTBEAT_TIMEOUT)
