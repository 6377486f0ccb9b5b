"""Notifications that come again: by a cron line, or at a time of day on some weekdays."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from notifications.contracts.notification import NotificationRequest

HERALD = "Etc/GMT-14"
"""No clock is ahead of it, and it is never changed; see `policy.recurring`."""
LATE = timedelta(hours=6)
"""What could not be told by then is left out: somebody was away, or travelled to where it is past."""
LOOK_BACK = timedelta(hours=27)
"""What the herald showed since then may be due yet: the last clocks are 26 hours behind it, and may skip one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """What a schedule holds, and all that is known of it. Like a notification's request, it carries content."""

    key: str
    users: tuple[str, ...]
    content: NotificationRequest
    """What each of them says; its id and user are each notification's own."""
    since: datetime
    """What was due before it, before somebody asked for it or while it was paused, is not made up for."""
    cron: str | None = None
    """Five fields, on the clocks of `time_zone`; else `weekdays` and `at`."""
    weekdays: tuple[int, ...] = ()
    """From 0, Monday."""
    at: str | None = None
    """The time of day, `HH:MM`."""
    time_zone: str | None = None
    """None is each person's own."""
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """One occurrence that a schedule has started, by the key alone: what it says is the schedule's to tell."""

    key: str
    scheduled_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FiringPlan:
    wake_at: datetime | None = None
    """When more of them may be due; None when everybody has been told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceState:
    recurrence: Recurrence
    paused: bool = False
    next_at: tuple[datetime, ...] = field(default=())
    """Of a cron line. The others follow from the clocks; see `policy.recurring.upcoming`."""
    is_new: bool = False
    """The call that answers has made it."""
