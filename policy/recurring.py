"""When a recurrence at a time of day is due, for whom. Pure.

Temporal passes over what clocks skip and knows one zone per schedule. So such a schedule runs on the clock that is
ahead of all others; what it starts waits for each person's own clock to show the same.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo

from notifications.contracts.recurring import LATE, Recurrence

_AHEAD = timedelta(hours=14)
"""How far `HERALD` is before UTC."""


def wall_time(scheduled_at: datetime) -> datetime:
    """What the clocks are to show, from when the herald's did."""
    return (scheduled_at.astimezone(UTC) + _AHEAD).replace(tzinfo=None)


def occurs(recurrence: Recurrence, wall: datetime) -> bool:
    """Whether it still does: it may have been changed since the herald's clock showed it."""
    return recurrence.at == f"{wall:%H:%M}" and wall.weekday() in recurrence.weekdays


def due_at(wall: datetime, zone: tzinfo) -> datetime:
    """When clocks first show it. A time that they skip is taken as much later as they skip."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def is_wanted(recurrence: Recurrence, due: datetime, *, now: datetime) -> bool:
    """Whether an occurrence that is due then is to be told: not before it was asked for, nor too late."""
    is_over = recurrence.ends_at is not None and due > recurrence.ends_at
    return not is_over and due >= max(recurrence.since, now - LATE)


def upcoming(recurrence: Recurrence, zone: tzinfo | None, *, now: datetime, most: int) -> list[datetime]:
    """The next times at which it is due, in order; as the clocks show them when each person's own decides."""
    found = []
    for wall in _walls(recurrence, from_day=now.astimezone(zone or UTC)):
        due = due_at(wall, zone or UTC)
        if recurrence.ends_at is not None and due > recurrence.ends_at:
            break
        if due > now:
            found.append(due if zone is not None else wall)
    return found[:most]


def _walls(recurrence: Recurrence, *, from_day: datetime) -> Iterator[datetime]:
    """Of two months: more than anybody is told of."""
    at = time.fromisoformat(recurrence.at or "")
    for day in range(-1, 60):
        wall = datetime.combine(from_day.date() + timedelta(days=day), at)
        if wall.weekday() in recurrence.weekdays:
            yield wall
