"""The sleep of one notification: waited out, and ended where it was not ended before."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from notifications.contracts import names
    from notifications.contracts.snooze import Snooze
    from workflows.steps import local_step


@workflow.defn(name=names.SNOOZE_WORKFLOW)
class SnoozeWorkflow:
    @workflow.run
    async def run(self, snooze: Snooze) -> None:
        """Nothing reaches it meanwhile: whether there is still something to wake, it asks when the time has come."""
        await workflow.sleep(max(snooze.until - workflow.now(), timedelta(0)), summary="snoozed")
        await local_step(names.WAKE_ACTIVITY, snooze, type(None))
