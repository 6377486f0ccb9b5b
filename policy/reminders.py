"""When a reminder fires, and what moving its anchor does to it. Pure."""

from datetime import UTC, datetime, timedelta

from notifications.contracts.reminders import ReminderStatus

# A reminder for this very moment is wanted now; one for a minute ago has missed it.
GRACE = timedelta(seconds=5)


def fires_at(starts_at: datetime, offset_seconds: int) -> datetime:
    """Elapsed time, not the clock's: 24 hours before stay 24 hours when the clocks change in between."""
    return starts_at.astimezone(UTC) - timedelta(seconds=offset_seconds)


def expiry(expires_at: datetime | None, *, starts_at: datetime, offset_seconds: int) -> datetime | None:
    """From when on it is not worth sending: its own word, else the start, after which "in half an hour" is wrong."""
    return starts_at if expires_at is None and offset_seconds > 0 else expires_at


def first_status(moment: datetime, *, now: datetime) -> ReminderStatus:
    """A time that has passed is skipped and reported: nobody wants yesterday's reminders in a burst."""
    return ReminderStatus.WAITING if moment > now - GRACE else ReminderStatus.SKIPPED


def status_after_move(status: ReminderStatus, *, before: datetime, after: datetime, now: datetime) -> ReminderStatus:
    """One that fired for the old time fires again for the new one, when that is still to come."""
    if status is ReminderStatus.CANCELLED or before == after:
        return status
    if first_status(after, now=now) is ReminderStatus.WAITING:
        return ReminderStatus.WAITING
    return ReminderStatus.FIRED if status is ReminderStatus.FIRED else ReminderStatus.SKIPPED
