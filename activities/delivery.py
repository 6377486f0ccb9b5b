"""Bringing one delivery to its provider: last check, still true?, attempt written down, call, outcome written down.

No transaction is open during the call. Should the process die after any line: before the attempt is
written nothing was sent; after it, the next attempt asks with the same key, and the provider answers what
it answered, or would have answered, to the first.
"""

from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.asking import Preconditions
from activities.plans import last_check
from notifications.contracts import names
from notifications.contracts.delivery import SendInput, SendResult
from notifications.contracts.vocabulary import DeliveryStatus
from persistence.attention import AttentionRepository
from persistence.database import Database
from persistence.deliveries import AttemptRecord, DeliveryRepository
from persistence.due import DueRepository
from persistence.due_delivery import DueDelivery
from persistence.inbox import InboxRepository
from policy.planning import Go, Skip, Wait
from policy.retries import GiveUp, Outcome, Reason, after_attempt
from providers.provider import (
    DeliveryProvider,
    OutcomeUnknown,
    OutgoingMessage,
    ProviderBusy,
    ProviderError,
    ProviderMisconfigured,
    RecipientRejected,
)

_OUTCOMES: dict[type[ProviderError], Outcome] = {
    RecipientRejected: Outcome.REJECTED,
    ProviderBusy: Outcome.BUSY,
    OutcomeUnknown: Outcome.UNKNOWN,
    ProviderMisconfigured: Outcome.MISCONFIGURED,
}


class DeliveryActivities:
    def __init__(self, *, database: Database, provider: DeliveryProvider, preconditions: Preconditions) -> None:
        self._database = database
        self._provider = provider
        self._preconditions = preconditions

    @activity.defn(name=names.SEND_ACTIVITY)
    async def send(self, input: SendInput) -> SendResult:
        """One attempt. What is settled, unwanted, expired or put off is answered without calling anybody.

        Raises:
            ApplicationError: try again after the delay that it carries.
        """
        async with self._database.statements() as transaction:
            due = await DueRepository(transaction).get(input.delivery_id)
        if due is None:
            return SendResult(status=DeliveryStatus.CANCELLED, reason="deleted")
        return await self._held_back(due) or await self._attempt(due)

    async def _held_back(self, due: DueDelivery) -> SendResult | None:
        """What becomes of a delivery that may not be sent at this moment; None lets it go."""
        if due.status.is_settled:
            return SendResult(status=due.status, reason=due.reason)
        if due.cancel_requested:
            return await self._stop(due, in_doubt=due.in_doubt)
        now = datetime.now(UTC)
        step = last_check(due, now=now)
        if not isinstance(step, Go):
            return await self._hold_back(due, step)
        if due.next_attempt_at is not None and due.next_attempt_at > now:
            # The wait was written down, but its worker died before Temporal heard of it.
            raise _try_again(due.reason or Reason.PROVIDER_UNAVAILABLE, due.next_attempt_at - now)
        return await self._preconditions.ask_on_the_way(due) if due.is_to_be_asked_about(now) else None

    async def _attempt(self, due: DueDelivery) -> SendResult:
        async with self._database.statements() as transaction:
            if due.has_slot:
                await AttentionRepository(transaction).use(due.id)
            number = await DeliveryRepository(transaction).start_attempt(due)
        if number is None:
            raise ApplicationError("The delivery moved on meanwhile.", category=ApplicationErrorCategory.BENIGN)
        try:
            accepted = await self._provider.send(_message(due))
        except ProviderError as error:
            return await self._record_refusal(due, number, error)

        async with self._database.transaction() as transaction:
            await DeliveryRepository(transaction).record_sent(
                due,
                AttemptRecord(number=number, outcome=Outcome.ACCEPTED),
                provider=self._provider.name,
                message_id=accepted.message_id,
            )
        return SendResult(status=DeliveryStatus.SENT)

    async def _hold_back(self, due: DueDelivery, step: Wait | Skip) -> SendResult:
        async with self._database.transaction() as transaction:
            deliveries = DeliveryRepository(transaction)
            if isinstance(step, Wait):
                await InboxRepository(transaction).lock(due.user_id)
                await deliveries.wait(due, step)
                return SendResult(status=DeliveryStatus.SCHEDULED, reason=step.reason)
            await deliveries.move(due.id, DeliveryStatus.SKIPPED, owner=due.user_id, reason=step.reason)
            return SendResult(status=DeliveryStatus.SKIPPED, reason=step.reason)

    async def _stop(self, due: DueDelivery, *, in_doubt: bool) -> SendResult:
        """Somebody cancelled it while a provider was being asked, and the provider did not take it."""
        reason = Reason.IN_DOUBT if in_doubt else Reason.CANCELLED
        async with self._database.transaction() as transaction:
            await DeliveryRepository(transaction).move(
                due.id, DeliveryStatus.CANCELLED, owner=due.user_id, reason=reason
            )
        return SendResult(status=DeliveryStatus.CANCELLED, reason=reason)

    async def _record_refusal(self, due: DueDelivery, number: int, error: ProviderError) -> SendResult:
        retry_after = error.retry_after_seconds if isinstance(error, ProviderBusy) else None
        attempt = AttemptRecord(
            number=number,
            outcome=_OUTCOMES[type(error)],
            status_code=error.status_code,
            retry_after_seconds=retry_after,
        )
        step = after_attempt(
            attempt.outcome,
            channel=due.channel,
            attempt=number - due.earlier_attempts,
            retry_after_seconds=retry_after,
            key_spent=error.key_spent if isinstance(error, ProviderBusy) else None,
            in_doubt=due.in_doubt,
        )
        async with self._database.transaction() as transaction:
            deliveries = DeliveryRepository(transaction)
            if isinstance(step, GiveUp):
                await deliveries.record_failed(due, attempt, reason=step.reason)
                return SendResult(status=DeliveryStatus.FAILED, reason=step.reason)
            goes_on = await deliveries.record_retry(
                due, attempt, reason=step.reason, after_seconds=step.after_seconds, renew_key=step.renew_key
            )
        if not goes_on:
            return await self._stop(due, in_doubt=due.in_doubt or attempt.outcome is Outcome.UNKNOWN)
        raise _try_again(step.reason, timedelta(seconds=step.after_seconds), detail=str(error))


def _try_again(reason: str, after: timedelta, *, detail: str = "waiting") -> ApplicationError:
    """Expected, recorded, and shown to whoever watches the notification: no cause for alarm in the log."""
    return ApplicationError(
        f"{reason} ({detail})", type=reason, next_retry_delay=after, category=ApplicationErrorCategory.BENIGN
    )


def _message(due: DueDelivery) -> OutgoingMessage:
    address = due.reachability.address(due.channel)
    if address is None:
        raise ValueError("A delivery without an address was to be sent.")
    return OutgoingMessage(
        idempotency_key=names.send_key(due.id, due.key_generation),
        delivery_id=str(due.id),
        channel=due.channel,
        user_id=due.user_id,
        address=address,
        subject=due.subject,
        body=due.body,
        expires_at=due.expires_at,
    )
