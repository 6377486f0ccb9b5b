"""The attention budget: how many external messages may ask for one person's attention within a day.

What goes beyond it is never dropped: it stands in line for a slot, the more important first, then what came
first. Urgent messages need no slot and take none.
"""

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from notifications.contracts.vocabulary import Channel, Priority
from policy.quiet_hours import QuietHours, quiet_until

WINDOW = timedelta(days=1)


def needs_slot(channel: Channel, priority: Priority) -> bool:
    """What asks for attention is what makes a sound; what is urgent may always."""
    return channel.is_external and priority is not Priority.URGENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A person's budget as one of their messages finds it."""

    limit: int
    """At least 1, within any `WINDOW`."""
    spent: tuple[datetime, ...] = ()
    """When others went out. One that is on its way goes out now or later, so it counts as now."""
    ahead: int = 0
    """How many that wait go first."""

    def after_sending(self, *moments: datetime) -> "Budget":
        return replace(self, spent=(*self.spent, *moments))

    def after_queueing(self) -> "Budget":
        return replace(self, ahead=self.ahead + 1)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a message stands in its person's line: the smaller place goes first."""

    importance: int
    since: datetime
    notification_id: UUID
    turn: int
    """Among the channels of its notification."""

    @classmethod
    def of(cls, priority: Priority, *, since: datetime, notification_id: UUID, turn: int) -> "Place":
        return cls(priority.task_priority, since, notification_id, turn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """One person's attention at one moment, by delivery."""

    limit: int
    spent: Mapping[UUID, datetime] = field(default_factory=dict)
    line: Mapping[UUID, Place] = field(default_factory=dict)

    def budget_of(self, delivery_id: UUID, place: Place) -> Budget:
        """As one delivery finds it, which may itself be on its way or in line."""
        return Budget(
            limit=self.limit,
            spent=tuple(at for each, at in self.spent.items() if each != delivery_id),
            ahead=sum(other < place for each, other in self.line.items() if each != delivery_id),
        )

    def budget_of_next(self, priority: Priority) -> Budget:
        """As the next message to come would find it."""
        ahead = sum(place.importance <= priority.task_priority for place in self.line.values())
        return Budget(limit=self.limit, spent=tuple(self.spent.values()), ahead=ahead)


def slot_for(budget: Budget, *, hours: QuietHours, now: datetime) -> datetime:
    """The first instant from `now` on at which one more message keeps every window within the limit.

    Those ahead of it have gone by then, and it is not quiet.
    """
    return slots(budget, hours=hours, now=now)[-1]


def slots(budget: Budget, *, hours: QuietHours, now: datetime) -> list[datetime]:
    """The slots of those ahead, and then its own."""
    taken, given = sorted(budget.spent), []
    for _ in range(budget.ahead + 1):
        room = taken[-budget.limit] + WINDOW if len(taken) >= budget.limit else now
        slot = max(room, now)
        slot = quiet_until(hours, now=slot) or slot
        insort(taken, slot)
        given.append(slot)
    return given
