"""How its owner treats a notification: read, seen, put into the archive, or put to sleep until a moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications.contracts import limits
from notifications.contracts.errors import InvalidNotification, NotInInbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """Since when, for each; None is not. It sleeps or is in the archive, never both."""

    read_at: datetime | None = None
    seen_at: datetime | None = None
    archived_at: datetime | None = None
    snoozed_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What its owner wants of a notification; None leaves as it is."""

    is_read: bool | None = None
    is_seen: bool | None = None
    is_archived: bool | None = None
    archived_at: datetime | None = None
    """When, if it was archived earlier, by a client that was offline; else it is now."""
    is_snoozed: bool | None = None
    snoozed_until: datetime | None = None


def treated(before: Treatment, wish: Wish, *, is_published: bool, now: datetime) -> Treatment:
    """What a wish makes of a notification. What is so already stays as it is, its time included.

    Archiving ends a snooze, and putting to sleep takes out of the archive.

    Raises:
        InvalidNotification: the wish cannot be met at any time.
        NotInInbox: it has not been in the inbox, so it cannot leave it.
    """
    archived_at, snoozed_until = _place(before, wish, now=now)
    if (archived_at, snoozed_until) != (before.archived_at, before.snoozed_until) and not is_published:
        raise NotInInbox("It has not come into the inbox, so it cannot be archived or snoozed.")
    return Treatment(
        read_at=_since(before.read_at, wish.is_read, now),
        seen_at=_since(before.seen_at, wish.is_seen, now),
        archived_at=archived_at,
        snoozed_until=snoozed_until,
    )


def _place(before: Treatment, wish: Wish, *, now: datetime) -> tuple[datetime | None, datetime | None]:
    if wish.is_archived and wish.is_snoozed:
        raise InvalidNotification({"snoozed_until": ["What is in the archive does not wake: archive or snooze."]})
    if wish.is_archived:
        return before.archived_at or min(wish.archived_at or now, now), None
    if wish.is_snoozed and wish.snoozed_until != before.snoozed_until:
        if wish.snoozed_until is None or wish.snoozed_until <= now:
            raise InvalidNotification({"snoozed_until": ["Must be in the future; null wakes it."]})
        if wish.snoozed_until > now + timedelta(seconds=limits.SNOOZE_SECONDS):
            raise InvalidNotification({"snoozed_until": ["Must be within a year."]})
        return None, wish.snoozed_until
    return (
        None if wish.is_archived is False else before.archived_at,
        None if wish.is_snoozed is False else before.snoozed_until,
    )


def _since(before: datetime | None, wish: bool | None, now: datetime) -> datetime | None:  # noqa: FBT001 - as it is asked
    if wish is None:
        return before
    return (before or now) if wish else None
