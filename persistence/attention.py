"""Attention budgets: who was given a slot of a person's day, and who stands in line for one.

Slots are given under the lock of the person's inbox, so that no two messages are given the same one.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from notifications.contracts.vocabulary import DeliveryStatus, NotificationType, Priority
from persistence.database import Transaction
from persistence.due_delivery import DueDelivery
from policy.attention import WINDOW, Attention, Budget, Place
from policy.planning import PREFERRED_WAITS
from policy.types import policy_of

# A provider's answer comes sooner; after it, an attempt that nobody has heard of has ended.
_PATIENCE = timedelta(seconds=20)
# Whose workflow has not come by then is not waited for by those behind it.
_OVERDUE = timedelta(minutes=10)
# Nothing is on its way for longer than its deadline, and then it is a day until nobody asks for it.
_REMEMBERED = WINDOW + timedelta(
    seconds=max(max(policy_of(kind).deadline_seconds.values()) for kind in NotificationType)
)


class AttentionRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def of(self, user_id: str, *, limit: int, now: datetime) -> Attention:
        """One person's attention. What is put off again, and what failed without reaching them, costs none."""
        when: dict[str, Any] = {"user_id": user_id, "now": now}
        spent = await self._connection.execute(
            _SPENT, {**when, "since": now - WINDOW, "remembered": now - _REMEMBERED, "patience": _PATIENCE}
        )
        line = await self._connection.execute(_LINE, {"user_id": user_id, "overdue": now - _OVERDUE})
        return Attention(
            limit=limit,
            spent={row.delivery_id: row.at for row in spent},
            line={
                row.id: Place.of(
                    Priority(row.priority),
                    since=row.created_at,
                    notification_id=row.notification_id,
                    turn=row.turn,
                )
                for row in line
            },
        )

    async def budget_of(self, delivery: DueDelivery, *, now: datetime) -> Budget | None:
        """As one delivery finds it; None when it needs no slot."""
        limit = delivery.reachability.daily_limit
        if limit is None or not delivery.needs_slot:
            return None
        attention = await self.of(delivery.user_id, limit=limit, now=now)
        return attention.budget_of(delivery.id, delivery.place)

    async def budget_of_next(
        self, user_id: str, *, limit: int | None, priority: Priority, now: datetime
    ) -> Budget | None:
        """As the next message to come would find it; None without a limit."""
        if limit is None:
            return None
        return (await self.of(user_id, limit=limit, now=now)).budget_of_next(priority)

    async def give(self, delivery_id: UUID, *, owner: str, now: datetime) -> None:
        """Gives a delivery a slot; and forgets those of which nobody asks any more."""
        await self._connection.execute(
            _GIVE, {"id": delivery_id, "owner": owner, "now": now, "remembered": now - _REMEMBERED}
        )

    async def use(self, delivery_id: UUID) -> None:
        """An attempt begins. Should its notification be deleted meanwhile, this tells when it reached the person."""
        await self._connection.execute(_USE, {"id": delivery_id})


_OPEN = [status.value for status in DeliveryStatus if not status.is_settled]

_SPENT = text(
    """
    SELECT delivery_id, at FROM (
        SELECT slot.delivery_id, CASE
            WHEN delivery.id IS NULL THEN slot.taken_at + :patience
            WHEN delivery.sent_at IS NOT NULL THEN delivery.sent_at
            WHEN delivery.has_slot AND delivery.status = ANY(:open) THEN :now
            -- Nobody knows whether these attempts got through, so they count.
            ELSE (
                SELECT max(coalesce(attempt.finished_at, attempt.started_at + :patience)) FROM attempts AS attempt
                WHERE attempt.delivery_id = slot.delivery_id AND attempt.outcome IN ('started', 'unknown')
            )
        END AS at
        FROM attention_slots AS slot LEFT JOIN deliveries AS delivery ON delivery.id = slot.delivery_id
        WHERE slot.user_id = :user_id AND slot.taken_at > :remembered
    ) AS given
    WHERE at > :since
    """
).bindparams(bindparam("open", _OPEN, ARRAY(TEXT)))

_LINE = text(
    """
    SELECT delivery.id, delivery.notification_id, notification.priority, notification.created_at,
        array_position(notification.channels, delivery.channel) AS turn
    FROM notifications AS notification JOIN deliveries AS delivery ON delivery.notification_id = notification.id
    WHERE notification.user_id = :user_id AND notification.status = 'pending' AND notification.priority <> :urgent
        AND delivery.status = ANY(:open) AND delivery.reason = ANY(:reasons) AND delivery.next_attempt_at > :overdue
    """
).bindparams(
    bindparam("open", _OPEN, ARRAY(TEXT)),
    bindparam("reasons", sorted(PREFERRED_WAITS), ARRAY(TEXT)),
    bindparam("urgent", Priority.URGENT.value),
)

_GIVE = text(
    """
    WITH given AS (
        UPDATE deliveries SET has_slot = true, updated_at = now() WHERE id = :id
    ), forgotten AS (
        DELETE FROM attention_slots WHERE user_id = :owner AND taken_at <= :remembered AND delivery_id <> :id
    )
    INSERT INTO attention_slots (delivery_id, user_id, taken_at) VALUES (:id, :owner, :now)
    ON CONFLICT (delivery_id) DO UPDATE SET taken_at = excluded.taken_at
    """
)

_USE = text("UPDATE attention_slots SET taken_at = now() WHERE delivery_id = :id")
