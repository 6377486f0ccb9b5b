"""The life of a batch: accepted, waited for, then brought out page by page.

How far it has come is in the database; this workflow keeps it going, and waits where it must.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from notifications.contracts import names
    from notifications.contracts.batches import AcceptedBatch, BatchRequest, PageInput, PageResult
    from workflows.first_step import FirstStep
    from workflows.steps import local_step, long_step, until

# Between two reports lies at most one transaction.
_HEARTBEAT_TIMEOUT = timedelta(seconds=10)
# Six events each: a history stays short, and a replay quick.
PAGES_PER_RUN = 100


@workflow.defn(name=names.BULK_WORKFLOW)
class BulkWorkflow:
    @workflow.init
    def __init__(self, request: BatchRequest) -> None:
        self._request = request
        self._first_step: FirstStep[AcceptedBatch] = FirstStep(request.fingerprint)
        self._reconsider = False

    @workflow.run
    async def run(self, request: BatchRequest) -> AcceptedBatch:
        """Notifies all recipients; its result answers later calls with the same key."""
        accepted = await self._accept(request)
        await self._wait(accepted)
        pages = 0
        while not await self._bring_out_page():
            pages += 1
            if pages == PAGES_PER_RUN:
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(
                    BatchRequest(batch_id=accepted.batch_id, call_id=accepted.call_id, fingerprint=accepted.fingerprint)
                )
        await workflow.wait_condition(workflow.all_handlers_finished)
        return accepted

    @workflow.update(name=names.ACCEPTED_UPDATE)
    async def accepted(self, fingerprint: str) -> AcceptedBatch:  # noqa: ARG002 - the validator compares it
        """Answers once the batch is durable and readable, or was refused."""
        return await self._first_step.answer()

    @accepted.validator
    def _check_fingerprint(self, fingerprint: str) -> None:
        self._first_step.check(fingerprint)

    @workflow.signal(name=names.RECONSIDER_SIGNAL)
    def reconsider(self) -> None:
        """It has been cancelled: there is nothing to wait for."""
        self._reconsider = True

    async def _accept(self, request: BatchRequest) -> AcceptedBatch:
        if request.content is None:
            # Continued: the database has it.
            accepted = AcceptedBatch(
                batch_id=request.batch_id, call_id=request.call_id, fingerprint=request.fingerprint
            )
        else:
            accepted = await self._first_step.taken(local_step(names.ACCEPT_BATCH_ACTIVITY, request, AcceptedBatch))
        self._first_step.accept(accepted)
        return accepted

    async def _wait(self, accepted: AcceptedBatch) -> None:
        """Until its time. Who is reached, where, and by what is asked then, by the answers that hold then."""
        moment = accepted.scheduled_for
        while moment is not None and workflow.now() < moment and not self._reconsider:
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(
                    lambda: self._reconsider, timeout=until(moment), timeout_summary="scheduled"
                )

    async def _bring_out_page(self) -> bool:
        """Whether it was the last one."""
        page = await long_step(
            names.ACCEPT_PAGE_ACTIVITY,
            PageInput(batch_id=self._request.batch_id),
            PageResult,
            heartbeat_timeout=_HEARTBEAT_TIMEOUT,
        )
        return page.is_last
