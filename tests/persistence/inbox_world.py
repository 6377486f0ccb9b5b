"""What the repositories' tests start from: a real database, somebody new, and notifications in their inbox."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from persistence import events
from persistence.database import Database, Transaction
from persistence.drawers import drawer
from persistence.inbox import InboxRepository, StoredEvent
from persistence.models import Inbox, Notification
from persistence.notifications import NotificationRepository

SECRET_WORDS = "only Ada may read this"
_LEFT_OUT = (
    "template_key",
    "related_object_type",
    "related_object_id",
    "group_key",
    "notification_key",
    "supersede_key",
    "precondition",
    "scheduled_for",
    "expires_at",
    "sent_at",
)


def somebody() -> str:
    return f"user-{uuid4().hex[:12]}"


def row(user: str, **columns: Any) -> dict[str, Any]:
    """The columns of a notification that is in the inbox."""
    now = datetime.now(UTC)
    return {
        "id": uuid4(),
        "user_id": user,
        "notification_type": "system",
        "title": "Title",
        "message": SECRET_WORDS,
        "channels": ["in_app"],
        "status": "sent",
        "priority": "normal",
        "metadata": {},
        "created_at": now,
        "listed_at": now,
        "published_at": now,
        "fingerprint": "",
        "call_id": "",
        "is_digest": False,
        **dict.fromkeys(_LEFT_OUT),
        **columns,
    }


async def put(transaction: Transaction, user: str, **columns: Any) -> UUID:
    """Accepts a notification; without a `published_at` it waits outside of the inbox."""
    values = row(user, **columns)
    message = None if values["published_at"] is None else events.new_notification({**values, "is_read": False})
    assert await NotificationRepository(transaction).accept(values, [], message)
    made: UUID = values["id"]
    return made


async def put_one(database: Database, user: str, **columns: Any) -> UUID:
    async with database.transaction() as transaction:
        return await put(transaction, user, **columns)


async def told(database: Database, user: str, *, after: int = 0) -> list[StoredEvent]:
    """The user's events."""
    async with database.transaction() as transaction:
        return await InboxRepository(transaction).events_after({user: after}, most=100_000)


async def counted(database: Database, user: str) -> dict[str, int]:
    """What the inbox row says of its drawers, empty ones left out; `unread` is its unread count."""
    async with database.transaction() as transaction:
        found = (
            await transaction.connection.execute(select(Inbox.drawers, Inbox.unread_count).where(Inbox.user_id == user))
        ).one_or_none()
    drawers = found.drawers if found else {}
    return {name: count for name, count in drawers.items() if count} | {"unread": found.unread_count if found else 0}


async def counted_anew(database: Database, user: str) -> dict[str, int]:
    """The same, from the rows."""
    async with database.transaction() as transaction:
        rows = (
            await transaction.connection.execute(
                select(Notification.notification_type, Notification.is_read, func.count())
                .where(
                    Notification.user_id == user,
                    Notification.published_at.is_not(None),
                    Notification.archived_at.is_(None),
                    Notification.snoozed_until.is_(None),
                )
                .group_by(Notification.notification_type, Notification.is_read)
            )
        ).all()
    unread = sum(count for _, is_read, count in rows if not is_read)
    return {drawer(kind, is_read=is_read): count for kind, is_read, count in rows} | {"unread": unread}
