"""How long things are kept, and which months of events there are to be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from notifications.contracts.vocabulary import NotificationType
from policy.types import policy_of

EVENTS_KEPT = timedelta(days=30)
"""At least so long. A client that comes back after it reloads; after 300 events it does anyway."""
_MONTHS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in UTC."""

    year: int
    month: int

    @classmethod
    def of(cls, instant: datetime) -> "Month":
        there = instant.astimezone(UTC)
        return cls(there.year, there.month)

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def next(self) -> "Month":
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def end(self) -> datetime:
        return self.next.start


def horizons(now: datetime) -> Mapping[NotificationType, datetime]:
    """Before which a notification of each type is old."""
    return {kind: now - timedelta(days=policy_of(kind).retention_days) for kind in NotificationType}


def months_to_have(now: datetime) -> Iterator[Month]:
    """This month and those ahead: a run that fails for weeks leaves no event without a place."""
    month = Month.of(now)
    for _ in range(_MONTHS_AHEAD + 1):
        yield month
        month = month.next


def is_over(month: Month, now: datetime) -> bool:
    """Whether its last event is older than any that is kept."""
    return month.end <= now - EVENTS_KEPT
