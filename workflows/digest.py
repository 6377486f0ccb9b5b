"""One window of a digest: waited for, then closed, at once if somebody says so."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from notifications.contracts import names
    from notifications.contracts.digests import DigestInput, DigestPlan
    from workflows.steps import local_step, until


@workflow.defn(name=names.DIGEST_WORKFLOW)
class DigestWorkflow:
    """The entries are in the database, and so is when the window closes; here is only the waiting."""

    @workflow.init
    def __init__(self, input: DigestInput) -> None:
        self._input = input
        self._reconsider = False

    @workflow.run
    async def run(self, input: DigestInput) -> None:
        """A window that entries have put off is found so when it should have closed, and waited for again."""
        while (plan := await self._close(input)).wake_at is not None:
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(
                    lambda: self._reconsider, timeout=until(plan.wake_at), timeout_summary="digest"
                )
            if workflow.info().is_continue_as_new_suggested():
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(self._input)
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.signal(name=names.RECONSIDER_SIGNAL)
    def reconsider(self) -> None:
        """It may close earlier than was thought: it has as many entries as it waits for."""
        self._reconsider = True

    @workflow.update(name=names.FLUSH_UPDATE)
    async def flush(self) -> None:
        """Closes it now; answers once it is closed and what it tells is on its way."""
        await self._close(replace(self._input, at_once=True))
        self._reconsider = True

    async def _close(self, input: DigestInput) -> DigestPlan:
        self._reconsider = False
        return await local_step(names.CLOSE_DIGEST_ACTIVITY, input, DigestPlan)
