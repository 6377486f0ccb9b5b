"""The reminders of one anchor: waited for together, moved together, fired as ordinary notifications."""

import asyncio
from contextlib import suppress

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from notifications.contracts import names
    from notifications.contracts.reminders import (
        AnchorCancellation,
        AnchorInput,
        AnchorMove,
        AnchorPlan,
        ReminderRequest,
        Reminders,
    )
    from workflows.steps import local_step, until


@workflow.defn(name=names.ANCHOR_WORKFLOW)
class AnchorWorkflow:
    """One per anchor with open reminders. What it waits for is in the database; here is only the waiting."""

    @workflow.init
    def __init__(self, input: AnchorInput) -> None:
        self._input = input
        self._reconsider = False
        self._turn = asyncio.Lock()

    @workflow.run
    async def run(self, input: AnchorInput) -> None:  # noqa: ARG002 - `__init__` has taken it
        """Until no reminder waits; the next call for the same anchor starts it again."""
        while True:
            self._reconsider = False
            async with self._turn:
                plan = await local_step(names.FIRE_ACTIVITY, self._input, AnchorPlan)
            if not await self._wait(plan):
                return
            if workflow.info().is_continue_as_new_suggested():
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(self._input)

    @workflow.update(name=names.REMIND_UPDATE)
    async def remind(self, request: ReminderRequest) -> Reminders:
        return await self._change(names.REMIND_ACTIVITY, request)

    @workflow.update(name=names.MOVE_UPDATE)
    async def move(self, move: AnchorMove) -> Reminders:
        return await self._change(names.MOVE_ANCHOR_ACTIVITY, move)

    @workflow.update(name=names.CANCEL_UPDATE)
    async def cancel(self, cancellation: AnchorCancellation) -> Reminders:
        return await self._change(names.CANCEL_ANCHOR_ACTIVITY, cancellation)

    async def _change(self, activity: str, change: object) -> Reminders:
        """One at a time, and never while reminders fire: so an answer says what really fired."""
        async with self._turn:
            answer = await local_step(activity, change, Reminders)
        self._reconsider = True
        return answer

    async def _wait(self, plan: AnchorPlan) -> bool:
        """Until a reminder is due or something has changed; False when nothing is left to wait for."""
        if plan.wake_at is None:
            await workflow.wait_condition(lambda: self._reconsider or workflow.all_handlers_finished())
            return self._reconsider
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda: self._reconsider, timeout=until(plan.wake_at), timeout_summary="next reminder"
            )
        return True
