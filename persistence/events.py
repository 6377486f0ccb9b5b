"""The messages kept in a user's event stream, exactly as they reach the sockets (less their `seq`)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

Message = dict[str, Any]

ITEM_FIELDS = (
    "id",
    "title",
    "message",
    "notification_type",
    "is_read",
    "created_at",
    "metadata",
    "related_object_type",
    "related_object_id",
    "group_key",
)
"""What a list item and a pushed notification share, in the wire contract's order."""


def new_notification(item: Mapping[str, Any]) -> Message:
    return {"type": "new_notification", "notification": _entry(item)}


def read_changed(notification_id: UUID, *, is_read: bool) -> Message:
    return _update("read" if is_read else "unread", notification_id, is_read=is_read)


def deleted(notification_id: UUID) -> Message:
    return _update("deleted", notification_id)


def all_read(*, is_read: bool, up_to_seq: int | None) -> Message:
    data: Message = {"is_read": is_read} | ({"up_to_seq": up_to_seq} if up_to_seq is not None else {})
    return {"type": "notification_update", "update_type": "all_read" if is_read else "all_unread", "data": data}


def seen(ids: Sequence[UUID] | None) -> Message:
    """One event for all that one call has marked; None is the whole inbox."""
    which = {} if ids is None else {"notification_ids": list(map(str, ids))}
    return {"type": "notification_update", "update_type": "seen", "data": {**which, "is_seen": True}}


def seen_changed(notification_id: UUID, *, is_seen: bool) -> Message:
    return _update("seen", notification_id, is_seen=is_seen)


def archived(notification_id: UUID, archived_at: datetime | None, *, back: Mapping[str, Any] | None) -> Message:
    """`back` is the entry of one that the inbox has again: whoever let go of it can show it."""
    return _update("archived", notification_id, archived_at=archived_at and utc(archived_at), **_back(back))


def snoozed(notification_id: UUID, until: datetime | None, *, back: Mapping[str, Any] | None) -> Message:
    """As `archived`; one that wakes by itself is a `new_notification`."""
    return _update("snoozed", notification_id, snoozed_until=until and utc(until), **_back(back))


def delivery_changed(delivery: Any) -> Message:
    """From a row with the columns of the contract's live delivery status."""
    return _update(
        "delivery",
        delivery.notification_id,
        channel=delivery.channel,
        status=delivery.status,
        reason=delivery.reason,
        attempts=delivery.attempts,
        next_attempt_at=delivery.next_attempt_at and utc(delivery.next_attempt_at),
    )


def edited(notification_id: UUID) -> Message:
    return _update("edited", notification_id)


def utc(instant: datetime) -> str:
    """RFC 3339 in UTC with `Z`, the wire's one spelling of an instant."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _update(update_type: str, notification_id: UUID, **data: object) -> Message:
    return {
        "type": "notification_update",
        "update_type": update_type,
        "data": {"notification_id": str(notification_id), **data},
    }


def _entry(item: Mapping[str, Any]) -> Message:
    return {name: _plain(item[name]) for name in ITEM_FIELDS}


def _back(item: Mapping[str, Any] | None) -> Message:
    return {} if item is None else {"notification": _entry(item)}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return utc(value)
    return str(value) if isinstance(value, UUID) else value
