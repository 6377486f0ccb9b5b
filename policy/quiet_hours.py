"""A person's quiet hours: whether it is quiet at an instant, and when quiet ends.

A span lasts from the first moment at which the clock on the wall shows its start until the last at which it
shows its end. So the night on which clocks go back is one quiet stretch, not two, and a start or end that
clocks skip is the moment of the skip. Spans that touch or overlap, over midnight too, are one.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import TypeVar

from notifications.contracts.vocabulary import Channel, Priority, Weekday

# Clocks may skip the only gap that a week leaves; the next week's is then less than two weeks ahead.
_DAYS_LOOKED_AHEAD = 15
_DAYS_LOOKED_BACK = 2
_MINUTES_OF_DAY = 24 * 60
_MINUTES_OF_WEEK = 7 * _MINUTES_OF_DAY

_Moment = TypeVar("_Moment", int, datetime)


@dataclass(frozen=True, slots=True)
class QuietSpan:
    """Begins on its weekday (0 is Monday); an end that is not after the start is on the next day."""

    weekday: int
    start: time
    end: time

    @property
    def midnights(self) -> int:
        """How many it reaches."""
        return int(self.end <= self.start)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """One person's, on the clocks of where they are. Without spans it is never quiet."""

    spans: tuple[QuietSpan, ...] = ()
    zone: tzinfo = UTC


def spans_of(hours: Mapping[str, Iterable[Mapping[str, str]]]) -> tuple[QuietSpan, ...]:
    """From the wire's `{"monday": [{"start": "22:00", "end": "07:00"}]}`."""
    return tuple(
        QuietSpan(number, time.fromisoformat(span["start"]), time.fromisoformat(span["end"]))
        for number, weekday in enumerate(Weekday)
        for span in hours.get(weekday, ())
    )


def never_ends(spans: Iterable[QuietSpan]) -> bool:
    """Whether spans leave no minute of the week, so that what waits for their end would wait for ever."""
    stretches = sorted(
        (week * _MINUTES_OF_WEEK + begin, week * _MINUTES_OF_WEEK + end)
        for week in range(3)
        for begin, end in map(_minutes, spans)
    )
    return _end_of(_MINUTES_OF_WEEK, stretches) >= 2 * _MINUTES_OF_WEEK


def quiet_until(hours: QuietHours, *, now: datetime) -> datetime | None:
    """The first instant from `now` on at which it is not quiet, in UTC; None when it is not quiet now.

    Bounded, whatever the spans: those for which `never_ends` are taken to end after about two weeks.
    """
    end = _end_of(now, _stretches(hours, now))
    return end.astimezone(UTC) if end > now else None


def deferred_until(channel: Channel, *, priority: Priority, hours: QuietHours, now: datetime) -> datetime | None:
    """When a message may go that quiet hours hold back; None is at once.

    Held back is what makes a sound: the inbox makes none, and what is urgent may.
    """
    if not channel.is_external or priority is Priority.URGENT:
        return None
    return quiet_until(hours, now=now)


def _end_of(moment: _Moment, stretches: Iterable[tuple[_Moment, _Moment]]) -> _Moment:
    """Where the chain of stretches that a moment is in ends, which is the moment itself when it is in none.

    The stretches come in the order in which they begin; none after the chain is looked at.
    """
    for begin, end in stretches:
        if begin > moment:
            break
        moment = max(moment, end)
    return moment


def _minutes(span: QuietSpan) -> tuple[int, int]:
    """A span in minutes of the week, on clocks that never change."""
    begin, end = (at.hour * 60 + at.minute for at in (span.start, span.end))
    midnight = span.weekday * _MINUTES_OF_DAY
    return midnight + begin, midnight + end + span.midnights * _MINUTES_OF_DAY


def _stretches(hours: QuietHours, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The spans of the days around an instant, as instants, the one that begins first before the others."""
    spans = sorted(hours.spans, key=lambda span: span.start)
    today = now.astimezone(hours.zone).date()
    for offset in range(-_DAYS_LOOKED_BACK, _DAYS_LOOKED_AHEAD):
        day = today + timedelta(days=offset)
        for span in spans:
            if span.weekday == day.weekday():
                last_day = day + timedelta(days=span.midnights)
                begin, _ = _shown(datetime.combine(day, span.start), hours.zone)
                _, end = _shown(datetime.combine(last_day, span.end), hours.zone)
                yield begin, end


def _shown(wall: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first and the last instant at which clocks show a time; that of the skip, where they skip it."""
    first, last = sorted(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return first, last
    # For a time that is skipped, the two folds are instants on either side of the skip.
    seconds = range(int(first.timestamp()), int(last.timestamp()))
    skip = bisect_left(seconds, wall, key=lambda at: datetime.fromtimestamp(at, zone).replace(tzinfo=None))
    return (first + timedelta(seconds=skip),) * 2
