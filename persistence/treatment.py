"""Leaving the inbox and coming back to it: archived, snoozed, woken, deleted; and the owner's other marks with it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from notifications.contracts.errors import NotificationNotFound
from notifications.contracts.vocabulary import NotificationStatus
from persistence import events
from persistence.database import Transaction
from persistence.drawers import Folder, Moves
from persistence.inbox import InboxRepository
from persistence.models import Notification
from persistence.notifications import ITEM_COLUMNS
from policy.treatment import Treatment, Wish, treated


class TreatmentRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
        self._inbox = InboxRepository(transaction)

    async def check(self, user_id: str, notification_id: UUID, wish: Wish) -> None:
        """Whether `change` would do it, as things are.

        Raises:
            NotificationNotFound, NotInInbox, InvalidNotification: as `change`.
        """
        await self._foresee(user_id, notification_id, wish)

    async def change(self, user_id: str, notification_id: UUID, wish: Wish) -> None:
        """Does what its owner wishes with a notification, with one event for each kind of change.

        Raises:
            NotificationNotFound: there is none, or it is another's.
            NotInInbox: it cannot leave what it has not entered.
            InvalidNotification: the wish is at fault.
        """
        await self._inbox.lock(user_id)
        row, before, after = await self._foresee(user_id, notification_id, wish)
        if after == before:
            return
        changed = await self._connection.execute(
            update(Notification)
            .where(Notification.id == notification_id)
            .values(
                read_at=after.read_at,
                seen_at=after.seen_at,
                archived_at=after.archived_at,
                snoozed_until=after.snoozed_until,
                updated_at=func.now(),
            )
            .returning(*ITEM_COLUMNS, Notification.folder)
        )
        entry = dict(changed.mappings().one())
        moves = Moves()
        moves.leave(row["folder"], row["notification_type"], is_read=row["is_read"])
        moves.enter(entry["folder"], entry["notification_type"], is_read=entry["is_read"])
        back = entry if entry["folder"] == Folder.INBOX != row["folder"] else None
        await self._inbox.append(user_id, _told(notification_id, before, after, back=back), moves)

    async def wake(self, user_id: str, notification_id: UUID, until: datetime) -> bool:
        """Ends a snooze whose time has come: the notification enters the inbox anew, unread and on top.

        False when its time has not come, by the one clock that also decides whether a snooze may begin. One that
        was ended, moved or archived meanwhile is left alone.
        """
        await self._inbox.lock(user_id)
        if await self._now() < until:
            return False
        woken = await self._connection.execute(
            update(Notification)
            .where(
                Notification.id == notification_id,
                Notification.user_id == user_id,
                Notification.snoozed_until == until,
            )
            .values(snoozed_until=None, read_at=None, seen_at=None, listed_at=func.now(), updated_at=func.now())
            .returning(*ITEM_COLUMNS, Notification.folder)
        )
        row = woken.mappings().one_or_none()
        if row is not None:
            entry = dict(row)
            moves = Moves()
            moves.enter(entry["folder"], entry["notification_type"], is_read=False)
            await self._inbox.append(user_id, [events.new_notification(entry)], moves)
        return True

    async def delete(self, user_id: str, ids: Sequence[UUID]) -> int:
        """Deletes the given notifications of the user; how many there were.

        What was still to be delivered is not: the last check before each send finds nothing to send.
        """
        await self._inbox.lock(user_id)
        rows = (
            await self._connection.execute(
                delete(Notification)
                .where(Notification.user_id == user_id, Notification.id.in_(ids))
                .returning(
                    Notification.id,
                    Notification.notification_type,
                    Notification.is_read,
                    Notification.folder,
                    Notification.status,
                )
            )
        ).all()
        moves = Moves()
        for row in rows:
            moves.leave(row.folder, row.notification_type, is_read=row.is_read)
        if rows:
            await self._inbox.append(user_id, [events.deleted(row.id) for row in rows], moves)
        if any(row.status == NotificationStatus.PENDING for row in rows):
            self._transaction.freed_slots.add(user_id)
        return len(rows)

    async def _foresee(
        self, user_id: str, notification_id: UUID, wish: Wish
    ) -> tuple[Mapping[str, Any], Treatment, Treatment]:
        """A notification's row, its treatment, and what a wish would make of that."""
        found = await self._connection.execute(
            select(*_TREATED, func.clock_timestamp().label("now")).where(
                Notification.id == notification_id, Notification.user_id == user_id
            )
        )
        treatment = found.mappings().one_or_none()
        if treatment is None:
            raise NotificationNotFound
        row = dict(treatment)
        before = Treatment(
            read_at=row["read_at"],
            seen_at=row["seen_at"],
            archived_at=row["archived_at"],
            snoozed_until=row["snoozed_until"],
        )
        return row, before, treated(before, wish, is_published=row["published_at"] is not None, now=row["now"])

    async def _now(self) -> datetime:
        now: datetime | None = await self._connection.scalar(select(func.clock_timestamp()))
        if now is None:
            raise LookupError("The database does not know the time.")
        return now


_TREATED = (
    Notification.notification_type,
    Notification.folder,
    Notification.is_read,
    Notification.published_at,
    Notification.read_at,
    Notification.seen_at,
    Notification.archived_at,
    Notification.snoozed_until,
)


def _told(
    notification_id: UUID, before: Treatment, after: Treatment, *, back: Mapping[str, Any] | None
) -> list[events.Message]:
    """One event for each kind of change; of two folders, the one that tells where the notification is."""
    told: list[events.Message] = []
    if (after.read_at is None) != (before.read_at is None):
        told.append(events.read_changed(notification_id, is_read=after.read_at is not None))
    if (after.seen_at is None) != (before.seen_at is None):
        told.append(events.seen_changed(notification_id, is_seen=after.seen_at is not None))
    if after.snoozed_until != before.snoozed_until and after.archived_at is None:
        told.append(events.snoozed(notification_id, after.snoozed_until, back=back))
    elif after.archived_at != before.archived_at:
        told.append(events.archived(notification_id, after.archived_at, back=back))
    return told
