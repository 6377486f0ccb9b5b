"""Deliveries and their attempts: claimed before a provider is called, recorded after it has answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationType
from persistence import events
from persistence.database import Transaction
from persistence.inbox import InboxRepository
from persistence.models import Attempt, Delivery, Notification, NotificationSetting, Recipient
from persistence.notifications import NotificationRepository
from persistence.recipients import REACHABILITY, Reachability, reachability_of
from policy.outcomes import may_follow
from policy.retries import Outcome


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery about to be sent, with all that the last check and the provider need."""

    id: UUID
    notification_id: UUID
    user_id: str
    channel: Channel
    notification_type: NotificationType
    status: DeliveryStatus
    reason: str | None
    subject: str
    body: str
    attempts: int
    key_generation: int
    in_doubt: bool
    """An attempt under the current key may have got through: it had no answer, or its process died."""
    next_attempt_at: datetime | None
    """Set while a retry is waited for."""
    expires_at: datetime | None
    reachability: Reachability


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

    async def unsettled_channels(self, notification_id: UUID) -> list[Channel]:
        """The channels on which there is still something to do."""
        channels = await self._connection.scalars(
            select(Delivery.channel).where(Delivery.notification_id == notification_id, Delivery.status.in_(_OPEN))
        )
        return [channel for channel in Channel if channel in set(channels)]

    async def due(self, delivery_id: UUID) -> DueDelivery | None:
        """A delivery with everything needed to decide and to send."""
        rows = await self._connection.execute(_DUE, {"id": delivery_id})
        row = rows.mappings().one_or_none()
        if row is None:
            return None
        return DueDelivery(
            id=row["id"],
            notification_id=row["notification_id"],
            user_id=row["user_id"],
            channel=Channel(row["channel"]),
            notification_type=NotificationType(row["notification_type"]),
            status=DeliveryStatus(row["status"]),
            reason=row["reason"],
            subject=row["subject"],
            body=row["body"],
            attempts=row["attempts"],
            key_generation=row["key_generation"],
            in_doubt=row["in_doubt"],
            next_attempt_at=row["next_attempt_at"],
            expires_at=row["expires_at"],
            reachability=reachability_of(row),
        )

    async def start_attempt(self, delivery: DueDelivery) -> int | None:
        """Writes down that a provider is about to be called; the attempt's number, from 1.

        None when the delivery has moved on since it was read: cancelled, or being tried elsewhere.
        """
        number = delivery.attempts + 1
        claimed = await self._connection.execute(
            _CLAIM, {"id": delivery.id, "number": number, "generation": delivery.key_generation}
        )
        return number if claimed.first() else None

    async def record_sent(
        self, delivery: DueDelivery, attempt: AttemptRecord, *, provider: str, message_id: str
    ) -> None:
        """The provider has it."""
        await self.move(
            delivery.id,
            DeliveryStatus.SENT,
            owner=delivery.user_id,
            provider=provider,
            provider_message_id=message_id,
        )
        await self._finish(attempt, delivery.id)

    async def record_retry(
        self, delivery: DueDelivery, attempt: AttemptRecord, *, reason: str, after_seconds: float, renew_key: bool
    ) -> None:
        """The attempt failed and another one will follow; the person watching is told when."""
        inbox = InboxRepository(self._transaction)
        await inbox.lock(delivery.user_id)
        await self._finish(attempt, delivery.id)
        waiting = (
            await self._connection.execute(
                update(Delivery)
                .where(Delivery.id == delivery.id, Delivery.status == DeliveryStatus.SENDING)
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
            await inbox.append(delivery.user_id, [_event(waiting)])

    async def record_failed(self, delivery: DueDelivery, attempt: AttemptRecord, *, reason: str) -> None:
        """The provider will never take it."""
        await self.move(delivery.id, DeliveryStatus.FAILED, owner=delivery.user_id, reason=reason)
        await self._finish(attempt, delivery.id)

    async def move(
        self,
        delivery_id: UUID,
        status: DeliveryStatus,
        *,
        owner: str,
        reason: str | None = None,
        provider: str | None = None,
        provider_message_id: str | None = None,
    ) -> bool:
        """Moves a delivery forward, its notification and its owner's sockets with it; whether it moved.

        A repeated or late change moves nothing and emits nothing.
        """
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
                "from": _MAY_BECOME[status],
            },
        )
        changed = moved.one_or_none()
        if changed is None:
            return False
        await NotificationRepository(self._transaction).settle(changed.notification_id)
        await inbox.append(owner, [_event(changed)])
        return True

    async def report(self, message_id: str, status: str) -> ReportedDelivery | None:
        """Keeps a provider's own word on one of its messages; whose delivery that is, and how it stands.

        Not a move: the provider's vocabulary is an open set, and most of its words change nothing here.
        """
        reported = await self._connection.execute(_REPORT, {"message_id": message_id, "status": status})
        row = reported.one_or_none()
        return None if row is None else ReportedDelivery(row.id, row.user_id, DeliveryStatus(row.status))

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


_IN_DOUBT = (
    exists()
    .where(
        Attempt.delivery_id == Delivery.id,
        Attempt.key_generation == Delivery.key_generation,
        Attempt.outcome.in_([Outcome.STARTED, Outcome.UNKNOWN]),
    )
    .label("in_doubt")
)

_OPEN = [status.value for status in DeliveryStatus if not status.is_settled]
_MAY_BECOME = {
    status: [current.value for current in DeliveryStatus if may_follow(current, status)] for status in DeliveryStatus
}
"""By status, those from which a delivery may move to it."""

# Built once: SQLAlchemy takes longer to build and key such a statement than PostgreSQL to answer it.
_DUE = (
    select(
        Delivery.id,
        Delivery.notification_id,
        Delivery.channel,
        Delivery.status,
        Delivery.reason,
        Delivery.subject,
        Delivery.body,
        Delivery.attempts,
        Delivery.key_generation,
        Delivery.next_attempt_at,
        _IN_DOUBT,
        Notification.user_id,
        Notification.notification_type,
        Notification.expires_at,
        *REACHABILITY,
    )
    .join(Notification, Notification.id == Delivery.notification_id)
    .outerjoin(Recipient, Recipient.user_id == Notification.user_id)
    .outerjoin(
        NotificationSetting,
        (NotificationSetting.user_id == Notification.user_id)
        & (NotificationSetting.notification_type == Notification.notification_type),
    )
    .where(Delivery.id == bindparam("id"))
)

_CLAIM = text(
    """
    WITH claimed AS (
        UPDATE deliveries SET status = 'sending', attempts = :number, next_attempt_at = NULL, updated_at = now()
        WHERE id = :id AND attempts = :number - 1 AND status = ANY(:open)
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
    UPDATE deliveries SET status = :status, reason = :reason, next_attempt_at = NULL, updated_at = now(),
        provider = coalesce(:provider, provider),
        provider_message_id = coalesce(:provider_message_id, provider_message_id),
        sent_at = CASE WHEN :status IN ('sent', 'delivered') THEN coalesce(sent_at, now()) ELSE sent_at END,
        delivered_at = CASE WHEN :status = 'delivered' THEN now() ELSE delivered_at END
    WHERE id = :id AND status = ANY(:from)
    RETURNING notification_id, channel, status, reason, attempts, next_attempt_at
    """
).bindparams(bindparam("from", type_=ARRAY(TEXT)))

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


def _event(row: Any) -> events.Message:
    return events.delivery_changed(
        row.notification_id,
        channel=row.channel,
        status=row.status,
        reason=row.reason,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
    )
