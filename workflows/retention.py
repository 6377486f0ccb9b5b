"""The daily housekeeping. Whatever it is that has grown old, it is removed by turns, beside everything else."""

from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from notifications.contracts import names
    from notifications.contracts.maintenance import RetentionProgress, RetentionReport, RetentionTurn

Result = TypeVar("Result")

# A turn is over after seconds; leftovers after years without any housekeeping may take longer.
_STEP_TIMEOUT = timedelta(minutes=10)
# Between two reports lies one transaction. It is also how long a killed worker's turn is waited for.
_HEARTBEAT_TIMEOUT = timedelta(seconds=20)
# Nobody waits for it; the next day's run does what is left.
_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


@workflow.defn(name=names.RETENTION_WORKFLOW)
class RetentionWorkflow:
    @workflow.run
    async def run(self, turn: RetentionTurn | None = None) -> RetentionReport:
        """From the beginning, or from where the run before it has stopped to shorten its history."""
        if turn is None:
            turn = RetentionTurn(run_id=UUID(workflow.info().run_id))
            await self._step(names.BEGIN_RETENTION_ACTIVITY, turn, type(None))
        next_turn: RetentionTurn | None = turn
        while next_turn is not None:
            progress = await self._step(names.REMOVE_NOTIFICATIONS_ACTIVITY, next_turn, RetentionProgress)
            next_turn = progress.next_turn
            if next_turn is not None and workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(next_turn)
        await self._step(names.REMOVE_LEFTOVERS_ACTIVITY, turn, type(None))
        return await self._step(names.CONCLUDE_RETENTION_ACTIVITY, turn, RetentionReport)

    async def _step(self, activity: str, turn: RetentionTurn, result_type: type[Result]) -> Result:
        result: Result = await workflow.execute_activity(
            activity,
            turn,
            result_type=result_type,
            start_to_close_timeout=_STEP_TIMEOUT,
            heartbeat_timeout=_HEARTBEAT_TIMEOUT,
            retry_policy=_RETRY,
        )
        return result
