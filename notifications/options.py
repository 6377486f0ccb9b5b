"""What may be said about a notification besides whom it is for and of which type."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict


class DeliveryOptions(TypedDict, total=False):
    """Everything but the words, named as in the REST body."""

    delivery_channels: Iterable[str] | None
    """Of `in_app email sms push`; left out: the type's defaults."""
    metadata: Mapping[str, Any] | None
    related_object_type: str | None
    related_object_id: object
    group_key: str | None
    notification_key: str | None
    supersede_key: str | None
    """What waits under this key for the same user is stopped when the new one is accepted, across types."""
    escalation: Mapping[str, int] | None
    """Channels used only if it is still unread so many seconds after it arrived; left out: the type's own."""
    priority: str | None
    """Of `low normal high urgent`; left out: the type's own."""
    precondition: Mapping[str, Any] | None
    """Asked before each email, text or push: `{"url": "https://...", "if_unreachable": "send" | "hold" | "drop"}`."""
    scheduled_for: datetime | None
    expires_at: datetime | None
    idempotency_key: str | None
    """The same key again is the same notification; left out: `notification_key`, else every call is new."""


class WordOptions(DeliveryOptions, total=False):
    """What it says."""

    title: str | None
    message: str | None
    template_key: str | None
    """Instead of title and message; `metadata` holds its variables."""


class NotifyOptions(WordOptions, total=False):
    """Keyword arguments of `notify` and `notify_many`."""

    digest: Mapping[str, Any] | None
    """Gathered with others of the same user, type and key, and told in one: `{"key": "booking:7", "window": ...}`.

    The window, of what opens it: `{"kind": "duration", "seconds": 3600}`, `{"kind": "quiet", "seconds": 300,
    "at_most_seconds": 3600}`, `{"kind": "count", "count": 10, "at_most_seconds": 3600}` or `{"kind": "daily", "at":
    "18:00"}` on the person's own clock.
    """


class RemindOptions(WordOptions, total=False):
    """What a reminder says and how; the type is `reminder` unless told otherwise."""

    notification_type: str | None
