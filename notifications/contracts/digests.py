"""Digests: notifications that are gathered, per user and key, and told in one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class WindowKind(StrEnum):
    """What closes a window, which the first entry opens."""

    DURATION = "duration"
    """So long after the first entry."""
    QUIET = "quiet"
    """So long without another entry, at most so long after the first."""
    COUNT = "count"
    """So many entries, at most so long after the first."""
    DAILY = "daily"
    """A time of day, on the clocks of where the person is."""
    OWN = "own"
    """As the person wants all that may wait; no sender can ask for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestWindow:
    """How long entries are gathered. Which fields are set follows from the kind."""

    kind: WindowKind
    seconds: int | None = None
    at_most_seconds: int | None = None
    count: int | None = None
    at: str | None = None
    """`HH:MM`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestChoice:
    """Which digest a notification is to be an entry of.

    An open window of the same user, key and type takes it in as it is; `window` is for the one it may open.
    """

    key: str
    window: DigestWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestEntry:
    """A notification that was accepted to be told in a digest."""

    notification_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestInput:
    digest_id: UUID
    user: str | None = None
    """Whose it is, where whoever opens it may not have committed yet: their inbox is waited for."""
    at_once: bool = False
    """Close it now, whatever its window says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPlan:
    wake_at: datetime | None = None
    """When the window may close; None once it is closed."""
