"""When the window of a digest closes, a sender's or one that a person wants for themselves. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from notifications.contracts.digests import DigestWindow, WindowKind
from notifications.contracts.vocabulary import DigestFrequency
from policy.quiet_hours import QuietHours, quiet_until


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDigest:
    """How a person wants what may wait to be told, by the clocks of where they are."""

    frequency: DigestFrequency = DigestFrequency.OFF
    at: time = time(9)
    """Of a daily one."""
    zone: tzinfo = UTC

    @property
    def gathers(self) -> bool:
        return self.frequency is not DigestFrequency.OFF


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
        case WindowKind.OWN:
            raise ValueError("A person's own window is told when it closes as it opens.")
    return closing.astimezone(UTC)


def own_closes_at(choice: OwnDigest, *, hours: QuietHours, now: datetime) -> datetime:
    """When the window of a person's own digest closes that is open now, in UTC.

    What would close in quiet hours closes with their end, so that a night is told in one. All instants from one
    closing to the next have the same answer: whoever waits for it may ask again at any time.
    """
    before, after = _around(choice, now)
    put_off = quiet_until(hours, now=before)
    if put_off is not None and put_off > now:
        return put_off
    return quiet_until(hours, now=after) or after


def _around(choice: OwnDigest, now: datetime) -> tuple[datetime, datetime]:
    """The last time until now, and the next one, at which it would come if it were never quiet."""
    if choice.frequency is DigestFrequency.DAILY:
        days = list(_days(choice.at, around=now, zone=choice.zone, offsets=range(-2, 3)))
        return max(day for day in days if day <= now), min(day for day in days if day > now)
    clock = now.astimezone(choice.zone)
    hour = now.astimezone(UTC) - timedelta(minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
    return hour, hour + timedelta(hours=1)


def _latest(window: DigestWindow, opened_at: datetime) -> datetime:
    return opened_at + timedelta(seconds=window.at_most_seconds or 0)


def _next(at: time, *, after: datetime, zone: tzinfo) -> datetime:
    """The next time that clocks show `at`, the first of two showings.

    A time that they skip is taken as much later as they skip, so that no day goes without.
    """
    return next(moment for moment in _days(at, around=after, zone=zone, offsets=range(3)) if moment > after)


def _days(at: time, *, around: datetime, zone: tzinfo, offsets: Iterable[int]) -> Iterator[datetime]:
    today = around.astimezone(zone).date()
    return (datetime.combine(today + timedelta(days=day), at, tzinfo=zone).astimezone(UTC) for day in offsets)
