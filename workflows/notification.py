"""The life of one notification: accepted, waited for, delivered on every wanted channel, concluded.

Until it has gone out it can be cancelled, moved and edited. The database decides what a change still
reaches; this workflow waits, wakes, and carries out the plan of that moment.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from notifications.contracts import names
    from notifications.contracts.changes import Change, ChangeAnswer, ChangeKind, Effect
    from notifications.contracts.delivery import (
        AcceptResult,
        AdvanceInput,
        ConcludeInput,
        Conclusion,
        GivenUp,
        Plan,
        PlannedDelivery,
        SendResult,
    )
    from notifications.contracts.digests import DigestEntry
    from notifications.contracts.errors import NotificationNotFound
    from notifications.contracts.notification import AcceptedNotification, NotificationRequest
    from notifications.contracts.vocabulary import DeliveryStatus, NotificationStatus
    from policy.outcomes import notification_status
    from policy.preconditions import Asked
    from policy.retries import Reason
    from workflows.first_step import FirstStep
    from workflows.steps import SEND_TIMEOUT, ask, local_step, send, until

_ENDS_WITH_ITS_TRUTH = "ends-with-its-truth"
"""Whoever learned that it is no longer true before this slept on, to find nothing left to send."""


@workflow.defn(name=names.NOTIFICATION_WORKFLOW)
class NotificationWorkflow:
    @workflow.init
    def __init__(self, request: NotificationRequest) -> None:
        self._request = request
        self._first_step: FirstStep[AcceptedNotification] = FirstStep(request.fingerprint)
        self._sends: dict[UUID, asyncio.Task[None]] = {}
        self._outcomes: list[DeliveryStatus] = []
        self._defect: Exception | None = None
        self._reconsider = False
        self._waited = False

    @workflow.run
    async def run(self, request: NotificationRequest) -> AcceptedNotification:
        """Brings the notification out; its result answers later calls with the same key."""
        accepted = await self._accept(request)
        if accepted.call_id == request.call_id:
            if request.digest is not None:
                await local_step(
                    names.WATCH_DIGEST_ACTIVITY, DigestEntry(notification_id=request.notification_id), type(None)
                )
            await self._bring_out(accepted.plan)
            status = await self._conclude()
            while self._reconsider or not workflow.all_handlers_finished():
                # A change came in at the last moment.
                await self._bring_out(await self._advance())
                status = await self._conclude()
            return replace(self._answer(accepted), status=status)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._answer(accepted)

    @workflow.update(name=names.ACCEPTED_UPDATE)
    async def accepted(self, fingerprint: str) -> AcceptedNotification:  # noqa: ARG002 - the validator compares it
        """Answers once the notification is durable and readable, or was refused."""
        return await self._first_step.answer()

    @accepted.validator
    def _check_fingerprint(self, fingerprint: str) -> None:
        self._first_step.check(fingerprint)

    @workflow.update(name=names.CHANGE_UPDATE)
    async def change(self, change: Change) -> ChangeAnswer:
        """Cancels, restores, moves or edits what has not gone out; the answer is the truth, by channel.

        Where a provider is being asked at this moment, its answer is waited for.
        """
        return await self._change(change)

    @workflow.signal(name=names.CHANGE_SIGNAL)
    async def apply_change(self, change: Change) -> None:
        """The same, for a caller who must know that it will happen more than what came of it."""
        with suppress(ApplicationError):  # whoever asks for the answer is told
            await self._change(change)

    async def _change(self, change: Change) -> ChangeAnswer:
        try:
            await self._first_step.answer()
        except ApplicationError:
            raise ApplicationError("It was refused.", type=NotificationNotFound.__name__) from None
        answer = await local_step(names.CHANGE_ACTIVITY, change, ChangeAnswer)
        if change.kind is not ChangeKind.REDRIVE:
            self._stop_sending(answer)
        if not answer.is_final:
            # A killed worker's attempt is not heard of for so long; then it is in doubt.
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(lambda: not self._sends, timeout=SEND_TIMEOUT + timedelta(seconds=5))
            answer = await local_step(names.CHANGE_ACTIVITY, change, ChangeAnswer)
        self._reconsider = True
        return answer

    @workflow.signal(name=names.RECONSIDER_SIGNAL)
    def reconsider(self) -> None:
        """Something that decides about the waiting has changed: a preference, quiet hours, a time zone."""
        self._reconsider = True

    async def _accept(self, request: NotificationRequest) -> AcceptResult:
        accepted = await self._first_step.taken(local_step(names.ACCEPT_ACTIVITY, request, AcceptResult))
        self._first_step.accept(self._answer(accepted))
        return accepted

    async def _bring_out(self, plan: Plan) -> None:
        """Sends what is due, waits for what is not, and thinks again whenever something has changed."""
        while True:
            self._send(plan.deliveries)
            if not await self._wait(plan):
                return
            if workflow.info().is_continue_as_new_suggested() and not self._sends:
                # Years of being moved about; acceptance finds what is there and goes on from it.
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(self._request)
            plan = await self._advance()

    async def _advance(self) -> Plan:
        self._reconsider = False
        self._waited = True
        return await local_step(
            names.ADVANCE_ACTIVITY, AdvanceInput(notification_id=self._request.notification_id), Plan
        )

    def _send(self, deliveries: tuple[PlannedDelivery, ...]) -> None:
        for delivery in deliveries:
            if delivery.delivery_id not in self._sends:
                self._sends[delivery.delivery_id] = asyncio.create_task(self._deliver(delivery))

    async def _wait(self, plan: Plan) -> bool:
        """Until it is time to think again; False when there is nothing left to think about."""

        def has_news() -> bool:
            return self._reconsider or self._defect is not None

        def is_done() -> bool:
            return not self._sends and workflow.all_handlers_finished()

        if plan.wake_at is None:
            await workflow.wait_condition(lambda: has_news() or is_done())
        else:
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(
                    has_news,
                    timeout=until(plan.wake_at),
                    timeout_summary=plan.waits_for,
                )
        if self._defect is not None:
            raise self._defect
        due = self._reconsider or plan.wake_at is not None
        self._reconsider = False
        return due

    async def _deliver(self, delivery: PlannedDelivery) -> None:
        try:
            outcome = await self._outcome(delivery)
            if outcome is not None:
                self._outcomes.append(outcome.status)
                if not outcome.status.is_settled or _took_the_rest_along(outcome):  # the last check put it off
                    self._reconsider = True
        except Exception as defect:  # noqa: BLE001 - nobody awaits this task; the workflow raises it instead
            self._defect = defect
        finally:
            del self._sends[delivery.delivery_id]

    async def _outcome(self, delivery: PlannedDelivery) -> SendResult | None:
        """None when a change stopped it."""
        try:
            if delivery.asks_first:
                asked = await ask(delivery)
                if asked.status is not DeliveryStatus.PENDING:
                    return asked
            return await send(delivery)
        except ActivityError as error:
            if is_cancelled_exception(error):
                return None
            given_up = GivenUp(delivery_id=delivery.delivery_id, redrives=delivery.redrives, reason=_reason(error))
        await self._settle(given_up)
        return SendResult(status=DeliveryStatus.FAILED, reason=given_up.reason)

    def _stop_sending(self, answer: ChangeAnswer) -> None:
        """What a change has reached must not go on with the plan from before it."""
        for channel in answer.channels:
            task = self._sends.get(names.delivery_id(self._request.notification_id, channel.channel))
            if task is not None and channel.effect in (Effect.STOPPED, Effect.CHANGED, Effect.IN_DOUBT):
                task.cancel()

    async def _conclude(self) -> NotificationStatus:
        if not self._waited:
            # Each outcome was recorded by the activity that met it, and the status with it.
            return notification_status(self._outcomes)
        return await self._settle()

    async def _settle(self, *given_up: GivenUp) -> NotificationStatus:
        conclusion = await local_step(
            names.CONCLUDE_ACTIVITY,
            ConcludeInput(notification_id=self._request.notification_id, given_up=given_up),
            Conclusion,
        )
        return conclusion.status

    def _answer(self, accepted: AcceptResult) -> AcceptedNotification:
        return AcceptedNotification(
            notification_id=self._request.notification_id,
            call_id=accepted.call_id,
            fingerprint=self._request.fingerprint,
            status=accepted.plan.status,
        )


def _took_the_rest_along(outcome: SendResult) -> bool:
    return outcome.reason == Asked.NO_LONGER_TRUE and workflow.patched(_ENDS_WITH_ITS_TRUTH)


def _reason(error: ActivityError) -> str:
    """The last word on a delivery that ran out of time: what its attempts met, else that time ran out."""
    cause = error.cause
    while cause is not None:
        if isinstance(cause, ApplicationError) and cause.type in set(Reason):
            return str(cause.type)
        cause = getattr(cause, "cause", None)
    return Reason.DEADLINE
