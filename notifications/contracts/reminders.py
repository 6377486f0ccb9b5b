"""Reminders: notifications that fire at an offset from the time of the thing that they hang on."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from notifications.contracts.notification import NotificationRequest


class ReminderStatus(StrEnum):
    WAITING = "waiting"
    FIRED = "fired"
    SKIPPED = "skipped"
    """Its time had passed already when it was asked for, or when the anchor was moved."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderRequest:
    """Reminders of one anchor for some users, all saying the same. Like a notification's, it carries content.

    Asking again for the same anchor, user and offset replaces what the reminder says; a different `starts_at`
    moves the whole anchor.
    """

    anchor: str
    """What it hangs on, as `booking:123`."""
    starts_at: datetime
    offsets_seconds: tuple[int, ...]
    """Before the start; negative ones are after it."""
    users: tuple[str, ...]
    content: NotificationRequest
    """What each reminder says when it fires; its id and user are each reminder's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorInput:
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorMove:
    anchor: str
    starts_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorCancellation:
    """Of all reminders of an anchor, or of one user's."""

    anchor: str
    user: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorPlan:
    wake_at: datetime | None = None
    """When the next reminder is due; None when none waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    user: str
    offset: int
    """Seconds before the start; negative after it."""
    fires_at: datetime
    status: ReminderStatus
    notification_id: UUID | None = None
    """Once it has fired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """An anchor as it stands."""

    anchor: str
    starts_at: datetime | None = None
    """None when there is no such anchor."""
    reminders: tuple[Reminder, ...] = field(default=())
