"""Anchors and the reminders that hang on them. Whoever changes an anchor locks its row first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select, update
from sqlalchemy.dialects.postgresql import insert

from notifications.contracts import names
from notifications.contracts.reminders import Reminder as ReminderTold
from notifications.contracts.reminders import Reminders, ReminderStatus
from persistence.database import Transaction
from persistence.models import Anchor, Reminder
from policy.reminders import fires_at, first_status, status_after_move


@dataclass(frozen=True, slots=True)
class DueReminder:
    """A reminder about to fire, with the request that it stands for."""

    id: UUID
    user_id: str
    offset_seconds: int
    fires_at: datetime
    starts_at: datetime
    content: Mapping[str, Any]


class ReminderRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def lock(self, anchor: str) -> datetime | None:
        """Takes the anchor's turn; when it starts, None when there is no such anchor."""
        return await self._connection.scalar(select(Anchor.starts_at).where(Anchor.anchor == anchor).with_for_update())

    async def of(self, anchor: str) -> Reminders:
        """The anchor as it stands: by user, the earliest reminder first."""
        starts_at = await self._connection.scalar(select(Anchor.starts_at).where(Anchor.anchor == anchor))
        rows = await self._connection.execute(
            select(
                Reminder.user_id,
                Reminder.offset_seconds,
                Reminder.fires_at,
                Reminder.status,
                Reminder.notification_id,
            )
            .where(Reminder.anchor == anchor)
            .order_by(Reminder.user_id, Reminder.fires_at, Reminder.offset_seconds.desc())
        )
        return Reminders(
            anchor=anchor,
            starts_at=starts_at,
            reminders=tuple(
                ReminderTold(
                    user=row.user_id,
                    offset=row.offset_seconds,
                    fires_at=row.fires_at,
                    status=ReminderStatus(row.status),
                    notification_id=row.notification_id,
                )
                for row in rows
            ),
        )

    async def count(self, anchor: str) -> int:
        return (
            await self._connection.scalar(select(func.count()).select_from(Reminder).where(Reminder.anchor == anchor))
            or 0
        )

    async def participants(self, anchor: str) -> int:
        """How many people the anchor has reminders for that were not cancelled."""
        return (
            await self._connection.scalar(
                select(func.count(Reminder.user_id.distinct())).where(
                    Reminder.anchor == anchor, Reminder.status != ReminderStatus.CANCELLED
                )
            )
            or 0
        )

    async def put(
        self,
        anchor: str,
        *,
        starts_at: datetime,
        users: Iterable[str],
        offsets: Iterable[int],
        content: Mapping[str, Any],
        now: datetime,
    ) -> None:
        """Adds reminders, or replaces what they say; the anchor is there and locked."""
        rows = [
            {
                "id": names.reminder_id(anchor, user, offset),
                "anchor": anchor,
                "user_id": user,
                "offset_seconds": offset,
                "fires_at": fires_at(starts_at, offset),
                "status": first_status(fires_at(starts_at, offset), now=now),
                "content": content,
            }
            for user in users
            for offset in offsets
        ]
        added = insert(Reminder)
        await self._connection.execute(
            added.on_conflict_do_update(
                index_elements=["id"],
                set_={
                    "content": added.excluded.content,
                    "fires_at": added.excluded.fires_at,
                    # What has fired for this very time has fired; anything else is asked for anew.
                    "status": case(
                        (
                            (Reminder.status == ReminderStatus.FIRED) & (Reminder.fires_at == added.excluded.fires_at),
                            Reminder.status,
                        ),
                        else_=added.excluded.status,
                    ),
                    "updated_at": func.now(),
                },
            ),
            rows,
        )

    async def anchor_at(self, anchor: str, starts_at: datetime, *, now: datetime) -> Sequence[UUID]:
        """Puts the anchor at its time and moves every reminder with it; what had fired for another time."""
        await self._connection.execute(
            insert(Anchor)
            .values(anchor=anchor, starts_at=starts_at)
            .on_conflict_do_update(index_elements=["anchor"], set_={"starts_at": starts_at, "updated_at": func.now()})
        )
        rows = await self._connection.execute(
            select(Reminder.id, Reminder.offset_seconds, Reminder.fires_at, Reminder.status, Reminder.notification_id)
            .where(Reminder.anchor == anchor)
            .with_for_update()
        )
        overtaken = []
        for row in rows.all():
            after = fires_at(starts_at, row.offset_seconds)
            status = status_after_move(ReminderStatus(row.status), before=row.fires_at, after=after, now=now)
            if after == row.fires_at:
                continue
            await self._connection.execute(
                update(Reminder)
                .where(Reminder.id == row.id)
                .values(fires_at=after, status=status, updated_at=func.now())
            )
            if row.notification_id is not None:
                overtaken.append(row.notification_id)
        return overtaken

    async def cancel(self, anchor: str, user: str | None) -> Sequence[UUID]:
        """Ends what waits; the notifications of what had fired, which may still be on their way."""
        mine = [Reminder.anchor == anchor, *([Reminder.user_id == user] if user is not None else [])]
        await self._connection.execute(
            update(Reminder)
            .where(*mine, Reminder.status == ReminderStatus.WAITING)
            .values(status=ReminderStatus.CANCELLED, updated_at=func.now())
        )
        fired = await self._connection.scalars(
            select(Reminder.notification_id).where(*mine, Reminder.notification_id.is_not(None))
        )
        return [notification for notification in fired if notification is not None]

    async def due(self, anchor: str, *, now: datetime, most: int) -> Sequence[DueReminder]:
        rows = await self._connection.execute(
            select(
                Reminder.id,
                Reminder.user_id,
                Reminder.offset_seconds,
                Reminder.fires_at,
                Anchor.starts_at,
                Reminder.content,
            )
            .join(Anchor, Anchor.anchor == Reminder.anchor)
            .where(Reminder.anchor == anchor, Reminder.status == ReminderStatus.WAITING, Reminder.fires_at <= now)
            .order_by(Reminder.fires_at, Reminder.id)
            .limit(most)
        )
        return [DueReminder(*row) for row in rows]

    async def next_due(self, anchor: str) -> datetime | None:
        return await self._connection.scalar(
            select(func.min(Reminder.fires_at)).where(
                Reminder.anchor == anchor, Reminder.status == ReminderStatus.WAITING
            )
        )

    async def mark_fired(self, reminder: DueReminder, notification_id: UUID) -> None:
        """Only if it still stands as it was read: one moved meanwhile fires at its new time as well."""
        await self._connection.execute(
            update(Reminder)
            .where(
                Reminder.id == reminder.id,
                Reminder.status == ReminderStatus.WAITING,
                Reminder.fires_at == reminder.fires_at,
            )
            .values(status=ReminderStatus.FIRED, notification_id=notification_id, updated_at=func.now())
        )
