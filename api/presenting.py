"""From rows to answers, key by key as the contract lists them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from notifications.contracts import names
from persistence.events import ITEM_FIELDS, utc
from persistence.notifications import Detail
from policy.retries import Reason

_UNITS = (
    (365 * 86400, "year"),
    (30 * 86400, "month"),
    (7 * 86400, "week"),
    (86400, "day"),
    (3600, "hour"),
    (60, "minute"),
)


def time_since(instant: datetime, *, now: datetime) -> str:
    """How long ago, in the largest unit that fits: `5 minutes ago`."""
    seconds = (now - instant).total_seconds()
    for size, unit in _UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def item(row: Mapping[str, Any]) -> dict[str, Any]:
    """A list entry."""
    return {name: plain(row[name]) for name in ITEM_FIELDS} | {
        "time_since": time_since(row["created_at"], now=datetime.now(UTC))
    }


def detail(found: Detail) -> dict[str, Any]:
    """One notification in full."""
    row = found.notification
    return item(row) | {
        "user": row["user_id"],
        "user_name": row["user_name"] or "",
        "delivery_channel": row["channels"][0],
        "delivery_channels": row["channels"],
        "deliveries": [_delivery(delivery) for delivery in found.deliveries],
        "is_seen": row["seen_at"] is not None,
        "digested_in": _digested_in(found),
        **{name: plain(row[name]) for name in _DETAIL_FIELDS},
    }


_DETAIL_FIELDS = (
    "read_at",
    "seen_at",
    "archived_at",
    "snoozed_until",
    "status",
    "scheduled_for",
    "sent_at",
    "expires_at",
    "notification_key",
    "priority",
    "updated_at",
)
DELIVERY_FIELDS = (
    "channel",
    "status",
    "reason",
    "provider",
    "provider_message_id",
    "attempts",
    "sent_at",
    "delivered_at",
    "next_attempt_at",
)


def _delivery(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(row[name]) for name in DELIVERY_FIELDS}


def _digested_in(found: Detail) -> UUID | None:
    """The notification that told of this one, together with others."""
    told = (each["digest_id"] for each in found.deliveries if each["reason"] == Reason.DIGESTED)
    digest_id = next((each for each in told if each is not None), None)
    return None if digest_id is None else names.digest_notification_id(digest_id)


def plain(value: object) -> object:
    """A value as JSON has it."""
    return utc(value) if isinstance(value, datetime) else value
