"""What the repositories' tests start from: a real database, somebody new, and notifications in their inbox."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert

from persistence import events
from persistence.database import Database, Transaction
from persistence.drawers import Folder, Moves
from persistence.inbox import InboxRepository
from persistence.models import Notification

SECRET_WORDS = "only Ada may read this"


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
        **columns,
    }


async def put(transaction: Transaction, user: str, **columns: Any) -> UUID:
    """Inserts a notification with its event and count, as acceptance does."""
    values = row(user, **columns)
    await transaction.connection.execute(insert(Notification).values(values))
    if values["published_at"] is not None:
        item = {
            **values,
            "is_read": False,
            "related_object_type": None,
            "related_object_id": None,
            "group_key": None,
        }
        moves = Moves()
        moves.enter(Folder.INBOX, values["notification_type"], is_read=False)
        await InboxRepository(transaction).append(user, [events.new_notification(item)], moves)
    made: UUID = values["id"]
    return made


async def put_one(database: Database, user: str, **columns: Any) -> UUID:
    async with database.transaction() as transaction:
        return await put(transaction, user, **columns)
