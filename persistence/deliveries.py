"""Deliveries and their attempts: claimed before a provider is called, recorded after it has answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from notifications.contracts.delivery import GivenUp
from notifications.contracts.vocabulary import DeliveryStatus
from persistence import events
from persistence.database import Transaction
from persistence.due_delivery import DueDelivery
from persistence.inbox import InboxRepository
from persistence.models import Delivery
from persistence.notifications import NotificationRepository
from policy.outcomes import may_follow
from policy.planning import Wait, WaitReason
from policy.retries import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """How one attempt ended, to be written down in one transaction with what follows from it."""

    number: int
    outcome: Outcome
    status_code: int | None = None
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ReportedDelivery:
    id: UUID
    user_id: str
    status: DeliveryStatus


class DeliveryRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def start_attempt(self, delivery: DueDelivery) -> int | None:
        """Writes down that a provider is about to be called; the attempt's number, from 1.

        None when anything about the delivery has changed since it was read, such as its words, its time or its
        being wanted; or the notification was read, where only the unread is to be sent.
        """
        number = delivery.attempts + 1
        claimed = await self._connection.execute(
            _CLAIM,
            {
                "id": delivery.id,
                "number": number,
                "generation": delivery.key_generation,
                "seen": delivery.updated_at,
            },
        )
        return number if claimed.first() else None

    async def record_sent(
        self, delivery: DueDelivery, attempt: AttemptRecord, *, provider: str, message_id: str
    ) -> None:
        """The provider has it, even if it was given up while the provider was still being asked."""
        await self._move(
            delivery.id,
            DeliveryStatus.SENT,
            [*_MAY_BECOME[DeliveryStatus.SENT], DeliveryStatus.FAILED],
            owner=delivery.user_id,
            provider=provider,
            provider_message_id=message_id,
        )
        await self._finish(attempt, delivery.id)

    async def record_retry(
        self, delivery: DueDelivery, attempt: AttemptRecord, *, reason: str, after_seconds: float, renew_key: bool
    ) -> bool:
        """The attempt failed and another one will follow; the person watching is told when.

        False when somebody cancelled it during the attempt, so that none will.
        """
        inbox = InboxRepository(self._transaction)
        await inbox.lock(delivery.user_id)
        await self._finish(attempt, delivery.id)
        waiting = (
            await self._connection.execute(
                update(Delivery)
                .where(
                    Delivery.id == delivery.id,
                    Delivery.status == DeliveryStatus.SENDING,
                    Delivery.cancel_requested_at.is_(None),
                )
                .values(
                    reason=reason,
                    key_generation=Delivery.key_generation + int(renew_key),
                    next_attempt_at=func.now() + timedelta(seconds=after_seconds),
                    updated_at=func.now(),
                )
                .returning(*_CHANGE)
            )
        ).one_or_none()
        if waiting:
            await inbox.append(delivery.user_id, [events.delivery_changed(waiting)])
        return waiting is not None

    async def release(self, delivery: DueDelivery) -> None:
        """Its wait is over; it may be claimed."""
        self._leave_place(delivery)
        await self._connection.execute(_RELEASE, {"id": delivery.id})

    async def wait(self, delivery: DueDelivery, wait: Wait) -> bool:
        """Puts a delivery off, which its owner and the timeline are told; whether that was news.

        Nothing of it may be under way. The caller holds the owner's inbox.
        """
        put_off = (
            await self._connection.execute(_WAIT, {"id": delivery.id, "until": wait.until, "reason": wait.reason.value})
        ).one_or_none()
        if put_off is None:
            return False
        self._leave_place(delivery)
        await InboxRepository(self._transaction).append(delivery.user_id, [events.delivery_changed(put_off)])
        return True

    async def record_failed(self, delivery: DueDelivery, attempt: AttemptRecord, *, reason: str) -> None:
        """The provider will never take it."""
        await self.move(delivery.id, DeliveryStatus.FAILED, owner=delivery.user_id, reason=reason)
        await self._finish(attempt, delivery.id)

    async def give_up(self, given_up: GivenUp, *, owner: str) -> bool:
        """Ends a delivery whose sending ended without an outcome; one that has an outcome keeps it."""
        await InboxRepository(self._transaction).lock(owner)
        redrives = await self._connection.scalar(select(Delivery.redrives).where(Delivery.id == given_up.delivery_id))
        return redrives == given_up.redrives and await self._move(
            given_up.delivery_id, DeliveryStatus.FAILED, _OPEN, owner=owner, reason=given_up.reason
        )

    async def move(self, delivery_id: UUID, status: DeliveryStatus, *, owner: str, reason: str | None = None) -> bool:
        """Moves a delivery forward, its notification and its owner's sockets with it; whether it moved.

        A repeated or late change moves nothing and emits nothing.
        """
        return await self._move(delivery_id, status, _MAY_BECOME[status], owner=owner, reason=reason)

    async def _move(
        self,
        delivery_id: UUID,
        status: DeliveryStatus,
        sources: Sequence[str],
        *,
        owner: str,
        reason: str | None = None,
        provider: str | None = None,
        provider_message_id: str | None = None,
    ) -> bool:
        inbox = InboxRepository(self._transaction)
        await inbox.lock(owner)
        moved = await self._connection.execute(
            _MOVE,
            {
                "id": delivery_id,
                "status": status.value,
                "reason": reason,
                "provider": provider,
                "provider_message_id": provider_message_id,
                "from": sources,
            },
        )
        changed = moved.one_or_none()
        if changed is None:
            return False
        if status in _UNSENT:
            self._transaction.freed_slots.add(owner)
        await NotificationRepository(self._transaction).settle(changed.notification_id)
        await inbox.append(owner, [events.delivery_changed(changed)])
        return True

    async def report(self, message_id: str, status: str) -> ReportedDelivery | None:
        """Keeps a provider's own word on one of its messages; whose delivery that is, and how it stands.

        Not a move: the provider's vocabulary is an open set, and most of its words change nothing here.
        """
        reported = await self._connection.execute(_REPORT, {"message_id": message_id, "status": status})
        row = reported.one_or_none()
        return None if row is None else ReportedDelivery(row.id, row.user_id, DeliveryStatus(row.status))

    def _leave_place(self, delivery: DueDelivery) -> None:
        if delivery.has_slot or delivery.reason == WaitReason.ATTENTION_BUDGET:
            self._transaction.freed_slots.add(delivery.user_id)

    async def _finish(self, attempt: AttemptRecord, delivery_id: UUID) -> None:
        await self._connection.execute(
            _FINISH,
            {
                "id": delivery_id,
                "number": attempt.number,
                "outcome": attempt.outcome.value,
                "status_code": attempt.status_code,
                "retry_after_seconds": attempt.retry_after_seconds,
            },
        )


_OPEN = [status.value for status in DeliveryStatus if not status.is_settled]
_UNSENT = {DeliveryStatus.FAILED, DeliveryStatus.SKIPPED, DeliveryStatus.CANCELLED}
_MAY_BECOME = {
    status: [current.value for current in DeliveryStatus if may_follow(current, status)] for status in DeliveryStatus
}
"""By status, those from which a delivery may move to it."""

_CLAIM = text(
    """
    WITH claimed AS (
        UPDATE deliveries SET status = 'sending', attempts = :number, next_attempt_at = NULL, answer_holds_until = NULL,
            updated_at = now()
        WHERE id = :id AND updated_at = :seen AND status = ANY(:open)
            AND (escalates_after_seconds IS NULL OR EXISTS (
                SELECT FROM notifications AS notification
                WHERE notification.id = notification_id AND notification.read_at IS NULL
            ))
        RETURNING id
    )
    INSERT INTO attempts (delivery_id, number, key_generation)
    SELECT id, :number, :generation FROM claimed
    RETURNING number
    """
).bindparams(bindparam("open", _OPEN, ARRAY(TEXT)))

_FINISH = text(
    """
    UPDATE attempts SET outcome = :outcome, status_code = :status_code,
        retry_after_seconds = :retry_after_seconds, finished_at = clock_timestamp()
    WHERE delivery_id = :id AND number = :number
    """
)

_MOVE = text(
    """
    WITH moved AS (
        UPDATE deliveries SET status = :status, reason = :reason, next_attempt_at = NULL, updated_at = now(),
            provider = coalesce(:provider, provider),
            provider_message_id = coalesce(:provider_message_id, provider_message_id),
            sent_at = CASE WHEN :status IN ('sent', 'delivered') THEN coalesce(sent_at, now()) ELSE sent_at END,
            delivered_at = CASE WHEN :status = 'delivered' THEN now() ELSE delivered_at END
        WHERE id = :id AND status = ANY(:from)
            -- What the provider itself reported lost is not sent by a late answer to an attempt.
            AND (:status <> 'sent' OR status <> 'failed' OR provider_message_id IS NULL)
        RETURNING notification_id, channel, status, reason, attempts, next_attempt_at
    ), told AS (
        -- What was sent and delivered has its own columns.
        INSERT INTO timeline_entries (notification_id, channel, event, reason)
        SELECT notification_id, channel, status, reason FROM moved WHERE status NOT IN ('sent', 'delivered')
    )
    SELECT * FROM moved
    """
).bindparams(bindparam("from", type_=ARRAY(TEXT)))

# What was tried already cannot go back to being scheduled; it waits as it is.
_WAIT = text(
    """
    WITH waiting AS (
        UPDATE deliveries SET next_attempt_at = :until, reason = :reason, has_slot = false, updated_at = now(),
            status = CASE WHEN status = 'pending' THEN 'scheduled' ELSE status END
        WHERE id = :id AND status = ANY(:open)
            AND (next_attempt_at IS DISTINCT FROM :until OR reason IS DISTINCT FROM :reason)
        RETURNING notification_id, channel, status, reason, attempts, next_attempt_at
    ), told AS (
        INSERT INTO timeline_entries (notification_id, channel, event, reason, until)
        SELECT notification_id, channel, 'waiting', reason, next_attempt_at FROM waiting
    )
    SELECT * FROM waiting
    """
).bindparams(bindparam("open", _OPEN, ARRAY(TEXT)))

_RELEASE = text(
    """
    UPDATE deliveries SET next_attempt_at = NULL, reason = NULL, has_slot = false, updated_at = now()
    WHERE id = :id AND next_attempt_at IS NOT NULL
    """
)

_REPORT = text(
    """
    UPDATE deliveries AS delivery SET provider_status = :status, updated_at = now()
    FROM notifications AS notification
    WHERE delivery.provider_message_id = :message_id AND notification.id = delivery.notification_id
    RETURNING delivery.id, notification.user_id, delivery.status
    """
)

_CHANGE = (
    Delivery.notification_id,
    Delivery.channel,
    Delivery.status,
    Delivery.reason,
    Delivery.attempts,
    Delivery.next_attempt_at,
)
