"""Which deliveries are still to be brought out."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, select
from sqlalchemy.engine import RowMapping

from notifications.contracts.preconditions import IfUnreachable
from notifications.contracts.vocabulary import (
    Channel,
    DeliveryStatus,
    NotificationStatus,
    NotificationType,
    Priority,
)
from persistence.database import Transaction
from persistence.due_delivery import DueDelivery
from persistence.models import Attempt, Delivery, Notification
from persistence.recipients import reachability_of, with_reachability
from policy.planning import WaitReason
from policy.retries import Outcome


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

    async def waiting(self, user_id: str, *, after: UUID | None, most: int) -> Sequence[DueDelivery]:
        """What waits for one person for anything but its planned time, of `most` notifications in order of id."""
        values = {"user_id": user_id, "after": after or UUID(int=0), "most": most}
        rows = (await self._connection.execute(_WAITING, values)).mappings()
        return sorted(map(_due, rows), key=lambda due: due.notification_id)

    async def waiting_for_slots(self, user_id: str, *, most: int) -> Sequence[DueDelivery]:
        """Those of one person that wait for their attention, the next to go first."""
        rows = await self._connection.execute(_WAITING_FOR_SLOTS, {"user_id": user_id, "most": most})
        return [_due(row) for row in rows.mappings()]

    async def gathered(self, digest_id: UUID) -> Sequence[DueDelivery]:
        """What waits in one window of a person's own digest, held until the transaction ends."""
        return [_due(row) for row in (await self._connection.execute(_GATHERED, {"id": digest_id})).mappings()]

    async def _every(self, statement: Select[*tuple[Any, ...]], notification_id: UUID) -> Sequence[DueDelivery]:
        rows = (await self._connection.execute(statement, {"id": notification_id})).mappings()
        return sorted(map(_due, rows), key=lambda due: list(Channel).index(due.channel))


_READ_OTHERWISE = {
    "reachability",
    "cancel_requested",
    "channel",
    "notification_type",
    "priority",
    "status",
    "if_unreachable",
}
_COLUMNS = [item.name for item in fields(DueDelivery) if item.name not in _READ_OTHERWISE]


def _due(row: RowMapping) -> DueDelivery:
    return DueDelivery(
        **{name: row[name] for name in _COLUMNS},
        channel=Channel(row["channel"]),
        notification_type=NotificationType(row["notification_type"]),
        priority=Priority(row["priority"]),
        status=DeliveryStatus(row["status"]),
        cancel_requested=row["cancel_requested_at"] is not None,
        if_unreachable=row["if_unreachable"] and IfUnreachable(row["if_unreachable"]),
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
            Delivery.has_slot,
            Delivery.cancel_requested_at,
            Delivery.escalates_after_seconds,
            Delivery.unanswered_since,
            Delivery.answer_holds_until,
            Delivery.digest_id,
            _IN_DOUBT,
            Notification.user_id,
            Notification.precondition["if_unreachable"].astext.label("if_unreachable"),
            Notification.notification_type,
            Notification.priority,
            Notification.is_digest,
            Notification.created_at.label("accepted_at"),
            # A channel that was edited away is settled, and its place in line does not count.
            func.coalesce(func.array_position(Notification.channels, Delivery.channel), 0).label("turn"),
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

_GATHERED = _where(
    and_(
        Delivery.digest_id == bindparam("id"),
        Delivery.status == DeliveryStatus.SCHEDULED,
        Delivery.reason == WaitReason.OWN_DIGEST,
    )
).with_for_update(of=Delivery)

_OPEN = Delivery.status.in_([status for status in DeliveryStatus if not status.is_settled])
_PENDING = (Notification.user_id == bindparam("user_id"), Notification.status == NotificationStatus.PENDING)
_PUT_OFF = (
    _OPEN,
    Delivery.next_attempt_at.is_not(None),
    Delivery.reason.in_([reason for reason in WaitReason if reason is not WaitReason.SCHEDULED]),
)
_WAITING = _where(
    and_(
        *_PUT_OFF,
        Delivery.notification_id.in_(
            select(Notification.id)
            .where(
                *_PENDING,
                Notification.id > bindparam("after"),
                exists().where(Delivery.notification_id == Notification.id, *_PUT_OFF),
            )
            .order_by(Notification.id)
            .limit(bindparam("most"))
        ),
    )
)
_WAITING_FOR_SLOTS = (
    _where(
        and_(*_PENDING, _OPEN, Delivery.reason == WaitReason.ATTENTION_BUDGET, Delivery.next_attempt_at.is_not(None))
    )
    .order_by(Delivery.next_attempt_at)
    .limit(bindparam("most"))
)
