"""A round of weekly summaries: those whose Monday morning has come are begun with, turn by turn."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from notifications.contracts import names
    from notifications.contracts.summaries import SummaryProgress, SummaryTurn
    from workflows.steps import long_step, scheduled_at

# Between two reports lies one start.
_HEARTBEAT_TIMEOUT = timedelta(seconds=20)


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
        return await long_step(
            names.BEGIN_SUMMARIES_ACTIVITY, turn, SummaryProgress, heartbeat_timeout=_HEARTBEAT_TIMEOUT
        )
