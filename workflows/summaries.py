"""A round of weekly summaries: those whose Monday morning has come are begun with, turn by turn."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from notifications.contracts import names
    from notifications.contracts.summaries import SummaryProgress, SummaryTurn
    from workflows.steps import scheduled_at

# A turn is over after seconds; what takes longer waits for something that is away.
_TURN_TIMEOUT = timedelta(minutes=2)
# Between two reports lies one start. It is also how long a killed worker's turn is waited for.
_HEARTBEAT_TIMEOUT = timedelta(seconds=20)
_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=15))


@workflow.defn(name=names.SUMMARIES_WORKFLOW)
class SummariesWorkflow:
    @workflow.run
    async def run(self, turn: SummaryTurn | None = None) -> SummaryProgress:
        """From the beginning, or from where the run before it has stopped to shorten its history."""
        turn = turn or SummaryTurn(moment=scheduled_at())
        while not (progress := await self._begin(turn)).is_done:
            turn = SummaryTurn(moment=turn.moment, begun=progress.begun)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(turn)
        return progress

    async def _begin(self, turn: SummaryTurn) -> SummaryProgress:
        progress: SummaryProgress = await workflow.execute_activity(
            names.BEGIN_SUMMARIES_ACTIVITY,
            turn,
            result_type=SummaryProgress,
            start_to_close_timeout=_TURN_TIMEOUT,
            heartbeat_timeout=_HEARTBEAT_TIMEOUT,
            retry_policy=_RETRY,
        )
        return progress
