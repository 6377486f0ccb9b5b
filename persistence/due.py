"""Deliveries that are still to be brought out, with all that decides about them and that a provider needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.engine import RowMapping

from notifications.contracts.changes import ChannelEffect, Effect
from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationType, Priority
from persistence.database import Transaction
from persistence.models import Attempt, Delivery, Notification
from persistence.recipients import Reachability, reachability_of, with_reachability
from policy.changing import Standing
from policy.planning import Situation
from policy.retries import Outcome
from policy.types import policy_of


@dataclass(frozen=True, slots=True)
class DueDelivery:
    id: UUID
    notification_id: UUID
    user_id: str
    channel: Channel
    notification_type: NotificationType
    priority: Priority
    status: DeliveryStatus
    reason: str | None
    subject: str
    body: str
    attempts: int
    key_generation: int
    redrives: int
    earlier_attempts: int
    in_doubt: bool
    """An attempt under the current key may have got through: it had no answer, or its process died."""
    next_attempt_at: datetime | None
    """Set while it waits: for its time, or to be tried again."""
    updated_at: datetime
    """Tells, when the delivery is claimed, whether anything about it has changed since."""
    sent_at: datetime | None
    cancel_requested: bool
    """Somebody cancelled it while a provider was being asked."""
    scheduled_for: datetime | None
    expires_at: datetime | None
    published_at: datetime | None
    read_at: datetime | None
    escalates_after_seconds: int | None
    reachability: Reachability

    @property
    def situation(self) -> Situation:
        return Situation(
            channel=self.channel,
            policy=policy_of(self.notification_type),
            preferences=self.reachability.preferences,
            has_address=self.reachability.has_address(self.channel),
            priority=self.priority,
            quiet_hours=self.reachability.quiet_hours,
            scheduled_for=self.scheduled_for,
            expires_at=self.expires_at,
            published_at=self.published_at,
            read_at=self.read_at,
            escalates_after_seconds=self.escalates_after_seconds,
        )

    def standing(self, *, was_under_way: bool = False) -> Standing:
        return Standing(
            status=self.status,
            reason=self.reason,
            is_waiting=self.next_attempt_at is not None,
            in_doubt=self.in_doubt,
            was_under_way=was_under_way,
        )

    def told(self, effect: Effect) -> ChannelEffect:
        """What somebody who wanted to change it is told: `at` is when it went out, or is planned to."""
        is_out = self.status in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED)
        return ChannelEffect(
            channel=self.channel,
            effect=effect,
            status=self.status,
            reason=self.reason,
            at=self.sent_at if is_out else self.next_attempt_at,
        )


class DueRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def get(self, delivery_id: UUID) -> DueDelivery | None:
        row = (await self._connection.execute(_ONE, {"id": delivery_id})).mappings().one_or_none()
        return None if row is None else _due(row)

    async def of(self, notification_id: UUID) -> Sequence[DueDelivery]:
        """All deliveries of a notification, in channel order."""
        return await self._every(_ALL, notification_id)

    async def held(self, notification_id: UUID) -> Sequence[DueDelivery]:
        """The same, held until the transaction ends: none of them can be claimed meanwhile."""
        return await self._every(_ALL_HELD, notification_id)

    async def _every(self, statement: Select[*tuple[Any, ...]], notification_id: UUID) -> Sequence[DueDelivery]:
        rows = (await self._connection.execute(statement, {"id": notification_id})).mappings()
        return sorted(map(_due, rows), key=lambda due: list(Channel).index(due.channel))


def _due(row: RowMapping) -> DueDelivery:
    return DueDelivery(
        id=row["id"],
        notification_id=row["notification_id"],
        user_id=row["user_id"],
        channel=Channel(row["channel"]),
        notification_type=NotificationType(row["notification_type"]),
        priority=Priority(row["priority"]),
        status=DeliveryStatus(row["status"]),
        reason=row["reason"],
        subject=row["subject"],
        body=row["body"],
        attempts=row["attempts"],
        key_generation=row["key_generation"],
        redrives=row["redrives"],
        earlier_attempts=row["earlier_attempts"],
        in_doubt=row["in_doubt"],
        next_attempt_at=row["next_attempt_at"],
        updated_at=row["updated_at"],
        sent_at=row["sent_at"],
        cancel_requested=row["cancel_requested_at"] is not None,
        scheduled_for=row["scheduled_for"],
        expires_at=row["expires_at"],
        published_at=row["published_at"],
        read_at=row["read_at"],
        escalates_after_seconds=row["escalates_after_seconds"],
        reachability=reachability_of(row),
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


def _where(condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    deliveries = (
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
            Delivery.redrives,
            Delivery.earlier_attempts,
            Delivery.next_attempt_at,
            Delivery.updated_at,
            Delivery.sent_at,
            Delivery.cancel_requested_at,
            Delivery.escalates_after_seconds,
            _IN_DOUBT,
            Notification.user_id,
            Notification.notification_type,
            Notification.priority,
            Notification.scheduled_for,
            Notification.expires_at,
            Notification.published_at,
            Notification.read_at,
        )
        .join(Notification, Notification.id == Delivery.notification_id)
        .where(condition)
    )
    return with_reachability(deliveries, user_id=Notification.user_id, notification_type=Notification.notification_type)


# Built once: SQLAlchemy takes longer to build and key such a statement than PostgreSQL to answer it.
_ONE = _where(Delivery.id == bindparam("id"))
_ALL = _where(Delivery.notification_id == bindparam("id"))
_ALL_HELD = _ALL.with_for_update(of=Delivery)
