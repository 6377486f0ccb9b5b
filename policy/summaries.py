"""When a person's weekly summary is due, and for which week. Pure.

A week is told once. Its name, such as `2026-W48`, is that of the Monday as the person's own clocks date it (ISO 8601,
so the last days of December may belong to the next year's first week); names compare in the order of time.
"""

from datetime import date, datetime, time, timedelta, tzinfo

from policy.recurring import due_at

_TOLD_AT = time(9)
_WEEK = timedelta(days=7)


def week_of(moment: datetime, zone: tzinfo) -> str:
    """The week that a moment is in, on the clocks of a zone."""
    return _name(moment.astimezone(zone).date())


def next_due(zone: tzinfo, *, done: str, now: datetime) -> datetime:
    """The first Monday at 09:00 that is today or later and of a week after `done`; it may have passed this morning."""
    today = now.astimezone(zone).date()
    monday = today + timedelta(days=-today.weekday() % 7)
    while _name(monday) <= done:
        monday += _WEEK
    return _due(monday, zone)


def last_due(zone: tzinfo, *, now: datetime) -> str:
    """The newest week whose time has come."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    return _name(monday if _due(monday, zone) <= now else monday - _WEEK)


def is_in_time(due: datetime, zone: tzinfo, *, now: datetime) -> bool:
    """Whether it is still the same day: "your week" on Tuesday is noise."""
    return due.astimezone(zone).date() == now.astimezone(zone).date()


def _due(monday: date, zone: tzinfo) -> datetime:
    return due_at(datetime.combine(monday, _TOLD_AT), zone)


def _name(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"
