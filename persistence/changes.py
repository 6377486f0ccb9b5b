"""Changes to notifications that have not gone out yet: kept, applied once, answered for good."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from notifications.contracts import names
from notifications.contracts.changes import Change, ChangeAnswer, ChangeKind, ChannelEffect, Effect
from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationStatus
from persistence import events
from persistence.database import Transaction
from persistence.due_delivery import DueDelivery
from persistence.inbox import InboxRepository
from persistence.models import Attempt, Delivery, Notification, NotificationChange
from policy.planning import WaitReason
from policy.redriving import renews_key
from policy.retries import Outcome, Reason
from templating.composing import Words

Row = dict[str, Any]


class ChangeRepository:
    """Everything here expects the owner's inbox to be locked by its caller's transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def keep_edit(self, change_id: UUID, notification_id: UUID, edit: Mapping[str, Any]) -> None:
        """Puts down what an edit says, for the workflow to apply; without it nothing happens to the notification."""
        await self._connection.execute(
            insert(NotificationChange)
            .values(id=change_id, notification_id=notification_id, kind=ChangeKind.EDIT, edit=edit)
            .on_conflict_do_nothing()
        )

    async def edit(self, change_id: UUID) -> Row:
        """What a kept edit says; empty when there is none, or it was applied."""
        return await self._connection.scalar(self._one(NotificationChange.edit, change_id)) or {}

    async def answer(self, change_id: UUID) -> ChangeAnswer | None:
        """What a change was answered; None when it was not applied."""
        kept = await self._connection.scalar(self._one(NotificationChange.answer, change_id))
        return None if kept is None else _answer(kept)

    async def record(self, change: Change, answer: ChangeAnswer) -> None:
        """What became of a change. An edit's words have done their part and are dropped."""
        applied = {"answer": asdict(answer), "edit": None, "applied_at": func.clock_timestamp()}
        await self._connection.execute(
            insert(NotificationChange)
            .values(id=change.change_id, notification_id=change.notification_id, kind=change.kind, **applied)
            .on_conflict_do_update(index_elements=["id"], set_=applied)
        )

    async def superseded(self, user_id: str, supersede_key: str, by: UUID) -> Sequence[UUID]:
        """The user's notifications about the same matter that have not gone out."""
        ids = await self._connection.scalars(
            select(Notification.id)
            .where(
                Notification.user_id == user_id,
                Notification.supersede_key == supersede_key,
                Notification.status == NotificationStatus.PENDING,
                Notification.id != by,
            )
            .order_by(Notification.id)
        )
        return ids.all()

    async def waiting_about(self, about: tuple[str, str], *, after: UUID | None, limit: int) -> Sequence[UUID]:
        """What has not gone out about an object, by its type and id: everybody's, in the order of their ids."""
        wanted = (
            select(Notification.id)
            .where(
                Notification.related_object_type == about[0],
                Notification.related_object_id == about[1],
                Notification.status == NotificationStatus.PENDING,
            )
            .order_by(Notification.id)
            .limit(limit)
        )
        return (
            await self._connection.scalars(wanted if after is None else wanted.where(Notification.id > after))
        ).all()

    async def stop(self, delivery: DueDelivery, *, reason: Reason = Reason.CANCELLED) -> None:
        """Nothing more is sent of it. While a provider is being asked, its answer still counts."""
        if delivery.status is DeliveryStatus.SENDING and delivery.next_attempt_at is None:
            await self._connection.execute(
                update(Delivery)
                .where(Delivery.id == delivery.id)
                .values(cancel_requested_at=func.coalesce(Delivery.cancel_requested_at, func.now()))
            )
        else:
            reason = Reason.IN_DOUBT if delivery.in_doubt else reason
            await self._set(delivery, DeliveryStatus.CANCELLED, reason=reason)

    async def restore(self, delivery: DueDelivery) -> None:
        """Undoes a cancellation: it waits for its time again."""
        await self._set(delivery, DeliveryStatus.SCHEDULED, until=delivery.scheduled_for)

    async def move_to(
        self, notification_id: UUID, scheduled_for: datetime | None, deliveries: Iterable[DueDelivery]
    ) -> None:
        """The time at which `deliveries` are due; None is at once."""
        await self._connection.execute(
            update(Notification)
            .where(Notification.id == notification_id)
            .values(scheduled_for=scheduled_for, updated_at=func.now())
        )
        for delivery in deliveries:
            # What was tried already cannot go back to being scheduled; it waits as it is.
            tried = delivery.status is DeliveryStatus.SENDING
            await self._set(
                delivery,
                DeliveryStatus.SENDING if tried else DeliveryStatus.SCHEDULED,
                reason=WaitReason.SCHEDULED,
                until=scheduled_for or datetime.now(UTC),
            )

    async def redrive(self, delivery: DueDelivery) -> None:
        """A failed delivery is to be tried again. What its provider still reports of it is of no account."""
        last = await self._connection.scalar(
            select(Attempt.outcome)
            .where(Attempt.delivery_id == delivery.id, Attempt.key_generation == delivery.key_generation)
            .order_by(Attempt.number.desc())
            .limit(1)
        )
        renewed = renews_key(None if last is None else Outcome(last), in_doubt=delivery.in_doubt)
        reopened = await self._connection.execute(_REDRIVE, {"id": delivery.id, "renewed": int(renewed)})
        await InboxRepository(self._transaction).append(delivery.user_id, [events.delivery_changed(reopened.one())])

    async def rewrite(self, delivery: DueDelivery, words: Words) -> None:
        """Other words for a delivery; what was tried with the old ones is another message, with another key."""
        await self._connection.execute(
            update(Delivery)
            .where(Delivery.id == delivery.id)
            .values(
                subject=words.subject,
                body=words.body,
                template_id=words.template_id,
                template_version=words.template_version,
                key_generation=Delivery.key_generation + (1 if delivery.attempts else 0),
                updated_at=func.now(),
            )
        )

    async def add(
        self, notification_id: UUID, channel: Channel, words: Words, *, escalates_after_seconds: int | None
    ) -> None:
        """One more channel, about which the next thought decides."""
        await self._connection.execute(
            insert(Delivery)
            .values(
                id=names.delivery_id(notification_id, channel),
                notification_id=notification_id,
                channel=channel,
                status=DeliveryStatus.PENDING,
                rule="added",
                subject=words.subject,
                body=words.body,
                template_id=words.template_id,
                template_version=words.template_version,
                escalates_after_seconds=escalates_after_seconds,
            )
            .on_conflict_do_nothing()
        )

    async def write(self, notification_id: UUID, values: Mapping[str, Any]) -> None:
        """The notification's own columns, by their names in the database."""
        columns = Notification.__table__.c
        await self._connection.execute(
            update(Notification)
            .where(Notification.id == notification_id)
            .values({columns[name]: value for name, value in values.items()} | {columns.updated_at: func.now()})
        )

    def _one(self, column: InstrumentedAttribute[Row | None], change_id: UUID) -> Select[Row | None]:
        return select(column).where(NotificationChange.id == change_id)

    async def _set(
        self,
        delivery: DueDelivery,
        status: DeliveryStatus,
        *,
        reason: StrEnum | None = None,
        until: datetime | None = None,
    ) -> None:
        changed = await self._connection.execute(
            _SET, {"id": delivery.id, "status": status.value, "reason": reason and reason.value, "until": until}
        )
        self._transaction.freed_slots.add(delivery.user_id)
        await InboxRepository(self._transaction).append(delivery.user_id, [events.delivery_changed(changed.one())])


def _answer(kept: Row) -> ChangeAnswer:
    return ChangeAnswer(
        change_id=UUID(kept["change_id"]),
        channels=tuple(
            ChannelEffect(
                channel=Channel(each["channel"]),
                effect=Effect(each["effect"]),
                status=DeliveryStatus(each["status"]),
                reason=each["reason"],
                at=each["at"] and datetime.fromisoformat(each["at"]),
            )
            for each in kept["channels"]
        ),
    )


_SET = text(
    """
    WITH changed AS (
        UPDATE deliveries SET status = :status, reason = :reason, next_attempt_at = :until,
            cancel_requested_at = NULL, has_slot = false, updated_at = now()
        WHERE id = :id
        RETURNING notification_id, channel, status, reason, attempts, next_attempt_at
    ), told AS (
        INSERT INTO timeline_entries (notification_id, channel, event, reason, until)
        SELECT notification_id, channel, status, reason, next_attempt_at FROM changed
    )
    SELECT * FROM changed
    """
)

# It may have been sent before it bounced, which its own columns are about to forget.
_REDRIVE = text(
    """
    WITH sent AS (
        INSERT INTO timeline_entries (notification_id, channel, event, at)
        SELECT notification_id, channel, 'sent', sent_at FROM deliveries WHERE id = :id AND sent_at IS NOT NULL
    ), reopened AS (
        UPDATE deliveries SET status = 'pending', reason = NULL, next_attempt_at = NULL, cancel_requested_at = NULL,
            provider_message_id = NULL, provider_status = NULL, sent_at = NULL, delivered_at = NULL,
            redrives = redrives + 1, earlier_attempts = attempts, key_generation = key_generation + :renewed,
            updated_at = now()
        WHERE id = :id
        RETURNING notification_id, channel, status, reason, attempts, next_attempt_at
    ), told AS (
        INSERT INTO timeline_entries (notification_id, channel, event) SELECT notification_id, channel, 'redriven'
        FROM reopened
    )
    SELECT * FROM reopened
    """
)
