"""The life of one notification: accepted, waited for, delivered on every wanted channel, concluded."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from notifications.contracts import names
    from notifications.contracts.delivery import (
        ConcludeInput,
        Conclusion,
        GivenUp,
        Plan,
        PlannedDelivery,
        PublishInput,
        SendInput,
        SendResult,
    )
    from notifications.contracts.errors import IdempotencyConflict
    from notifications.contracts.notification import AcceptedNotification, NotificationRequest
    from notifications.contracts.vocabulary import NotificationStatus
    from policy.outcomes import notification_status
    from policy.retries import Reason

# One PostgreSQL transaction; what takes longer is an outage.
LOCAL_STEP_TIMEOUT = timedelta(seconds=8)
# An outage of PostgreSQL is sat out: quick at first, then on durable timers, so that it costs few events.
LOCAL_STEP_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=15))
LOCAL_RETRY_THRESHOLD = timedelta(seconds=2)
# The provider's own timeout and two transactions fit in it. It is also how long a killed worker's attempt
# is waited for.
SEND_TIMEOUT = timedelta(seconds=20)
# For attempts that ended without a word, such as a killed worker's; all others say when to come back.
SEND_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=60))


@workflow.defn(name=names.NOTIFICATION_WORKFLOW)
class NotificationWorkflow:
    @workflow.init
    def __init__(self, request: NotificationRequest) -> None:
        self._request = request
        self._accepted: AcceptedNotification | None = None
        self._refusal: ApplicationError | None = None

    @workflow.run
    async def run(self, request: NotificationRequest) -> AcceptedNotification:
        """Brings the notification out; its result answers later calls with the same key."""
        plan = await self._accept(request)
        if plan.call_id != request.call_id:
            return self._answer(plan)
        await self._wait_until_due(plan)
        results = await asyncio.gather(*map(self._deliver, plan.deliveries))
        status = await self._conclude(results)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return replace(self._answer(plan), status=status)

    @workflow.update(name=names.ACCEPTED_UPDATE)
    async def accepted(self, fingerprint: str) -> AcceptedNotification:  # noqa: ARG002 - the validator compares it
        """Answers once the notification is durable and readable, or was refused."""
        await workflow.wait_condition(lambda: self._accepted is not None or self._refusal is not None)
        if self._accepted is None:
            raise self._refusal or RuntimeError("neither accepted nor refused")
        return self._accepted

    @accepted.validator
    def _check_fingerprint(self, fingerprint: str) -> None:
        if fingerprint != self._request.fingerprint:
            raise ApplicationError("The key stands for another request.", type=IdempotencyConflict.__name__)

    async def _accept(self, request: NotificationRequest) -> Plan:
        try:
            plan: Plan = await workflow.execute_local_activity(
                names.ACCEPT_ACTIVITY,
                request,
                result_type=Plan,
                start_to_close_timeout=LOCAL_STEP_TIMEOUT,
                retry_policy=LOCAL_STEP_RETRY,
                local_retry_threshold=LOCAL_RETRY_THRESHOLD,
            )
        except ApplicationError as refusal:
            # A local activity's own error arrives bare, unlike a regular one's.
            self._refusal = refusal
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise
        self._accepted = self._answer(plan)
        return plan

    async def _wait_until_due(self, plan: Plan) -> None:
        if plan.not_before is None:
            return
        await workflow.sleep(max(plan.not_before - workflow.now(), timedelta(0)), summary="scheduled")
        await workflow.execute_local_activity(
            names.PUBLISH_ACTIVITY,
            PublishInput(notification_id=self._request.notification_id),
            start_to_close_timeout=LOCAL_STEP_TIMEOUT,
            retry_policy=LOCAL_STEP_RETRY,
            local_retry_threshold=LOCAL_RETRY_THRESHOLD,
        )

    async def _deliver(self, delivery: PlannedDelivery) -> SendResult | GivenUp:
        try:
            result: SendResult = await workflow.execute_activity(
                names.SEND_ACTIVITY,
                SendInput(delivery_id=delivery.delivery_id),
                task_queue=names.delivery_queue(delivery.channel),
                result_type=SendResult,
                start_to_close_timeout=SEND_TIMEOUT,
                schedule_to_close_timeout=timedelta(seconds=delivery.deadline_seconds),
                retry_policy=SEND_RETRY,
                summary=delivery.channel,
            )
        except ActivityError as error:
            return GivenUp(delivery_id=delivery.delivery_id, reason=_reason(error))
        return result

    async def _conclude(self, results: list[SendResult | GivenUp]) -> NotificationStatus:
        given_up = tuple(result for result in results if isinstance(result, GivenUp))
        if not given_up:
            # Each outcome was recorded by the activity that met it, and the status with it.
            return notification_status(result.status for result in results if isinstance(result, SendResult))
        conclusion: Conclusion = await workflow.execute_local_activity(
            names.CONCLUDE_ACTIVITY,
            ConcludeInput(notification_id=self._request.notification_id, given_up=given_up),
            result_type=Conclusion,
            start_to_close_timeout=LOCAL_STEP_TIMEOUT,
            retry_policy=LOCAL_STEP_RETRY,
            local_retry_threshold=LOCAL_RETRY_THRESHOLD,
        )
        return conclusion.status

    def _answer(self, plan: Plan) -> AcceptedNotification:
        return AcceptedNotification(
            notification_id=self._request.notification_id,
            call_id=plan.call_id,
            fingerprint=self._request.fingerprint,
            status=plan.status,
        )


def _reason(error: ActivityError) -> str:
    """The last word on a delivery that ran out of time: what its attempts met, else that time ran out."""
    cause = error.cause
    while cause is not None:
        if isinstance(cause, ApplicationError) and cause.type in set(Reason):
            return str(cause.type)
        cause = getattr(cause, "cause", None)
    return Reason.DEADLINE
