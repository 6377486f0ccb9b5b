"""When the window of a digest closes. Pure."""

from datetime import UTC, datetime, time, timedelta, tzinfo

from notifications.contracts.digests import DigestWindow, WindowKind


def closes_at(
    window: DigestWindow, *, opened_at: datetime, last_entry_at: datetime, entries: int, zone: tzinfo
) -> datetime:
    """As things stand, in UTC; a moment that has passed is now.

    `opened_at` is when the first entry came, `entries` how many are still in it, `zone` where the person is.
    """
    match window.kind:
        case WindowKind.DURATION:
            closing = opened_at + timedelta(seconds=window.seconds or 0)
        case WindowKind.QUIET:
            closing = min(last_entry_at + timedelta(seconds=window.seconds or 0), _latest(window, opened_at))
        case WindowKind.COUNT:
            closing = last_entry_at if entries >= (window.count or 0) else _latest(window, opened_at)
        case WindowKind.DAILY:
            closing = _next(time.fromisoformat(window.at or ""), after=opened_at, zone=zone)
    return closing.astimezone(UTC)


def _latest(window: DigestWindow, opened_at: datetime) -> datetime:
    return opened_at + timedelta(seconds=window.at_most_seconds or 0)


def _next(at: time, *, after: datetime, zone: tzinfo) -> datetime:
    """The next time that clocks show `at`, the first of two showings.

    A time that they skip is taken as much later as they skip, so that no day goes without.
    """
    today = after.astimezone(zone).date()
    days = (datetime.combine(today + timedelta(days=day), at, tzinfo=zone).astimezone(UTC) for day in range(3))
    return next(moment for moment in days if moment > after)
