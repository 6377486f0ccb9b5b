"""Asking, right before a send, whether it is still true, and writing down what came of it.

No transaction is open while somebody is asked. Should the process die after any line, they are asked again.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.plans import last_check
from notifications.contracts import names
from notifications.contracts.delivery import AskInput, SendResult
from notifications.contracts.preconditions import IfUnreachable
from notifications.contracts.vocabulary import DeliveryStatus
from persistence.database import Database, Transaction
from persistence.deliveries import DeliveryRepository
from persistence.due import DueRepository
from persistence.due_delivery import DueDelivery
from persistence.inbox import InboxRepository
from persistence.preconditions import PreconditionRepository
from policy.planning import Go, Skip, Wait, WaitReason
from policy.preconditions import ANSWER_HOLDS, AskAgain, Asked, Silence, after_silence
from policy.types import policy_of
from providers.asking import PreconditionAsker, Unanswered

# Of the places in which messages are being sent, so many may be spent on waiting for an answer.
_ASKED_ON_THE_WAY = 25
_MAY_GO = SendResult(status=DeliveryStatus.PENDING)


class Preconditions:
    """Asks about one delivery; `asker` is None where the deployment has no key to sign with."""

    def __init__(self, *, database: Database, asker: PreconditionAsker | None, patience_seconds: float) -> None:
        self._database = database
        self._asker = asker
        self._patience_seconds = patience_seconds
        self._places = asyncio.Semaphore(_ASKED_ON_THE_WAY)

    async def ask_on_the_way(self, due: DueDelivery) -> SendResult | None:
        """Asks once, with the send waiting; None lets it go on.

        Where that finds nobody, the delivery is put off, for its workflow to ask with patience: those who do not
        answer must not take the places of messages that nobody has to be asked about.

        Raises:
            ApplicationError: the delivery changed meanwhile.
        """
        if self._places.locked():
            return await self._put_off(due, Wait(datetime.now(UTC), WaitReason.PRECONDITION))
        async with self._places:
            answer = await self._answer(due)
        if isinstance(answer, Unanswered):
            return await self._put_off(due, Wait(datetime.now(UTC), WaitReason.PRECONDITION))
        return await self._settle(due, still_true=answer, holds_for=None)

    async def ask_patiently(self, due: DueDelivery, *, attempt: int) -> SendResult | None:
        """The same, tried again for a while; then what the sender has chosen for the case that nobody answers.

        Raises:
            ApplicationError: ask again after the delay that it carries, or the delivery changed meanwhile.
        """
        answer = await self._answer(due)
        if not isinstance(answer, Unanswered):
            return await self._settle(due, still_true=answer, holds_for=ANSWER_HOLDS)
        async with self._database.transaction() as transaction:
            await InboxRepository(transaction).lock(due.user_id)
            since = await PreconditionRepository(transaction).unanswered_since(due.id)
        now = datetime.now(UTC)
        begun = replace(due, unanswered_since=since).silent_since or now
        window = timedelta(seconds=policy_of(due.notification_type).deadline_seconds[due.channel])
        step = after_silence(
            Silence(since=begun, attempt=attempt, worthless_at=begun + window),
            due.if_unreachable or IfUnreachable.SEND,
            patience_seconds=self._patience_seconds,
            now=now,
        )
        match step:
            case AskAgain(after_seconds):
                raise ApplicationError(
                    f"unanswered ({answer.why})",
                    type=Asked.UNREACHABLE,
                    next_retry_delay=timedelta(seconds=after_seconds),
                    category=ApplicationErrorCategory.BENIGN,
                )
            case Wait():
                return await self._put_off(due, step)
            case Skip():
                async with self._database.transaction() as transaction:
                    await _unchanged(transaction, due)
                    return await _skip(transaction, due, Asked.UNREACHABLE)
        await self._let_go(due, Asked.SENT_UNASKED, holds_for=ANSWER_HOLDS)
        return None

    async def _answer(self, due: DueDelivery) -> bool | Unanswered:
        async with self._database.statements() as transaction:
            question = await PreconditionRepository(transaction).question(due.id)
        if question is None:
            return True
        if self._asker is None:
            return Unanswered("no_secret")
        try:
            return await self._asker.ask(question.url, question.about)
        except Unanswered as unanswered:
            return unanswered

    async def _settle(self, due: DueDelivery, *, still_true: bool, holds_for: timedelta | None) -> SendResult | None:
        """What is not true on one channel is true on none: all that has not gone out yet ends with it."""
        if still_true:
            await self._let_go(due, Asked.STILL_TRUE, holds_for=holds_for)
            return None
        async with self._database.transaction() as transaction:
            for delivery in await _unchanged(transaction, due):
                if not delivery.status.is_settled and not delivery.is_under_way:
                    await _skip(transaction, delivery, Asked.NO_LONGER_TRUE)
            return SendResult(status=DeliveryStatus.SKIPPED, reason=Asked.NO_LONGER_TRUE)

    async def _let_go(self, due: DueDelivery, asked: Asked, *, holds_for: timedelta | None) -> None:
        until = None if holds_for is None else datetime.now(UTC) + holds_for
        async with self._database.statements() as transaction:
            await PreconditionRepository(transaction).answered(due.id, asked, holds_until=until)

    async def _put_off(self, due: DueDelivery, wait: Wait) -> SendResult:
        async with self._database.transaction() as transaction:
            await _unchanged(transaction, due)
            await PreconditionRepository(transaction).unanswered_since(due.id)
            await DeliveryRepository(transaction).wait(due, wait)
            return SendResult(status=DeliveryStatus.SCHEDULED, reason=wait.reason)


class AskActivities:
    def __init__(self, *, database: Database, preconditions: Preconditions) -> None:
        self._database = database
        self._preconditions = preconditions

    @activity.defn(name=names.ASK_ACTIVITY)
    async def ask(self, input: AskInput) -> SendResult:
        """One question. What is not to be asked about any more is left to the send, which says what becomes of it.

        Raises:
            ApplicationError: ask again after the delay that it carries.
        """
        async with self._database.statements() as transaction:
            due = await DueRepository(transaction).get(input.delivery_id)
        now = datetime.now(UTC)
        if due is None or due.status.is_settled or due.cancel_requested or not due.is_to_be_asked_about(now):
            return _MAY_GO
        if not isinstance(last_check(due, now=now), Go):
            return _MAY_GO
        return await self._preconditions.ask_patiently(due, attempt=activity.info().attempt) or _MAY_GO


async def _unchanged(transaction: Transaction, due: DueDelivery) -> list[DueDelivery]:
    """All deliveries of its notification, held; provided that it is as it was when it was asked about.

    Raises:
        ApplicationError: it was moved, edited or stopped meanwhile, and the answer may be to another question.
    """
    await InboxRepository(transaction).lock(due.user_id)
    held = list(await DueRepository(transaction).held(due.notification_id))
    if not any(each.id == due.id and each.updated_at == due.updated_at for each in held):
        raise ApplicationError("The delivery moved on meanwhile.", category=ApplicationErrorCategory.BENIGN)
    return held


async def _skip(transaction: Transaction, due: DueDelivery, reason: Asked) -> SendResult:
    await DeliveryRepository(transaction).move(due.id, DeliveryStatus.SKIPPED, owner=due.user_id, reason=reason)
    return SendResult(status=DeliveryStatus.SKIPPED, reason=reason)
