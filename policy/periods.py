"""What `today` and its like mean to a person: calendar days in their own time zone."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Period(StrEnum):
    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant on, and before another; None is unbounded."""

    since: datetime | None
    until: datetime | None


def span_of(period: Period, *, now: datetime, zone: ZoneInfo) -> Span:
    """A period's span: a week and a month are the last 7 and 30 calendar days, today included."""
    match period:
        case Period.TODAY:
            return Span(midnight(0, now=now, zone=zone), None)
        case Period.YESTERDAY:
            return Span(midnight(1, now=now, zone=zone), midnight(0, now=now, zone=zone))
        case Period.WEEK:
            return Span(midnight(6, now=now, zone=zone), None)
        case Period.MONTH:
            return Span(midnight(29, now=now, zone=zone), None)
        case Period.ALL:
            return Span(None, None)


def midnight(days_ago: int, *, now: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of a day; days are counted on the calendar, so one with a clock change counts as one."""
    day = now.astimezone(zone).date() - timedelta(days=days_ago)
    return datetime.combine(day, time(), zone)
