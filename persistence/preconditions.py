"""What is asked before a send, and what came of asking."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, text, update

from persistence.database import Transaction
from persistence.models import Delivery, Notification
from policy.preconditions import Asked


@dataclass(frozen=True, slots=True)
class Question:
    """`about` is what is told to whoever is asked: ids and names, no words and no addresses."""

    url: str
    about: dict[str, Any]


class PreconditionRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def question(self, delivery_id: UUID) -> Question | None:
        """None when there is no such delivery, or nothing to ask."""
        row = (await self._connection.execute(_QUESTION, {"id": delivery_id})).mappings().one_or_none()
        if row is None:
            return None
        about = {name: value if name != "notification_id" else str(value) for name, value in row.items()}
        return Question(about.pop("url"), about)

    async def answered(self, delivery_id: UUID, asked: Asked, *, holds_until: datetime | None) -> None:
        """It may be sent; by another step, until then, without asking again. To a claim it has not changed by that."""
        await self._connection.execute(
            _ANSWERED, {"id": delivery_id, "asked": asked.value, "true": Asked.STILL_TRUE.value, "until": holds_until}
        )

    async def unanswered_since(self, delivery_id: UUID) -> datetime | None:
        """Nobody answered, now and since then; None when there is no such delivery."""
        return await self._connection.scalar(
            update(Delivery)
            .where(Delivery.id == delivery_id)
            .values(
                unanswered_since=func.coalesce(Delivery.unanswered_since, func.now()), updated_at=Delivery.updated_at
            )
            .returning(Delivery.unanswered_since)
        )


_QUESTION = (
    select(
        Notification.precondition["url"].astext.label("url"),
        Notification.id.label("notification_id"),
        Notification.user_id.label("user"),
        Notification.notification_type,
        Delivery.channel,
        Notification.related_object_type,
        Notification.related_object_id,
        Notification.notification_key,
    )
    .join(Notification, Notification.id == Delivery.notification_id)
    .where(Delivery.id == bindparam("id"), Notification.precondition.is_not(None))
)

# `updated_at` stays: what was read before asking is claimed after it, unless something else has changed.
_ANSWERED = text(
    """
    WITH answered AS (
        UPDATE deliveries SET answer_holds_until = :until,
            unanswered_since = CASE WHEN :asked = :true THEN NULL ELSE unanswered_since END
        WHERE id = :id
        RETURNING notification_id, channel
    )
    INSERT INTO timeline_entries (notification_id, channel, event, reason)
    SELECT notification_id, channel, 'asked', :asked FROM answered
    """
)
