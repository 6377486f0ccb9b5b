"""The attention budget: how many external messages may ask for one person's attention within a day.

What goes beyond it is never dropped: it waits for a slot, the more important first. Urgent messages need no
slot and take none.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications.contracts.vocabulary import Priority

WINDOW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """One message's: when it was sent or is to be sent."""

    at: datetime
    priority: Priority


def slot_for(priority: Priority, *, limit: int | None, taken: Iterable[Slot], now: datetime) -> datetime:
    """The first instant from `now` on at which one more message keeps every window within the limit.

    The limit is at least 1; None is none. `taken` are the person's other external, non-urgent messages: those
    sent within the last window and those that wait. One that waits and matters less gives way: asked again when
    its turn comes, it finds a later slot.
    """
    if limit is None or priority is Priority.URGENT:
        return now
    firm = sorted(slot.at for slot in taken if slot.at <= now or slot.priority.task_priority <= priority.task_priority)
    moment = now
    for first, last in zip(firm, firm[limit - 1 :], strict=False):
        # So many within one window leave no room for another until the first of them has left it.
        if last - first < WINDOW and last - WINDOW < moment < first + WINDOW:
            moment = first + WINDOW
    return moment
