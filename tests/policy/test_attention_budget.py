"""A person's attention: so many messages within a day, the rest later, the important first, none lost."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.contracts.vocabulary import Priority
from policy.attention import WINDOW, Slot, slot_for

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
LOW, NORMAL, HIGH, URGENT = Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT


def hours(number: float) -> datetime:
    """So long after noon, or before."""
    return NOON + timedelta(hours=number)


@pytest.mark.parametrize(
    ("priority", "limit", "taken", "slot"),
    [
        (LOW, 1, [], 0),
        (LOW, None, [(-1, LOW)] * 50, 0),
        (URGENT, 1, [(-1, HIGH)], 0),
        # What was sent counts, whatever its priority, until it is a day old.
        (NORMAL, 1, [(-1, LOW)], 23),
        (HIGH, 1, [(-1, LOW)], 23),
        (NORMAL, 1, [(-24, LOW)], 0),
        (NORMAL, 1, [(-23, LOW), (-30, LOW)], 1),
        (NORMAL, 2, [(-23, LOW)], 0),
        (NORMAL, 2, [(-23, LOW), (-2, LOW)], 1),
        (NORMAL, 2, [(-2, LOW), (-23, LOW)], 1),
        (NORMAL, 3, [(-20, LOW), (-10, LOW), (-5, LOW)], 4),
        # What waits keeps its slot against what matters no more than it does.
        (NORMAL, 1, [(-1, LOW), (23, NORMAL)], 47),
        (NORMAL, 1, [(-1, LOW), (23, HIGH)], 47),
        (NORMAL, 1, [(-1, LOW), (23, NORMAL), (47, NORMAL)], 71),
        # It gives way to what matters more.
        (HIGH, 1, [(-1, LOW), (23, NORMAL)], 23),
        (HIGH, 1, [(-1, LOW), (23, NORMAL), (47, HIGH)], 23),
        # A slot before one that waits must leave that one its day.
        (NORMAL, 1, [(10, NORMAL)], 34),
        (NORMAL, 1, [(24, NORMAL)], 0),
        (NORMAL, 2, [(-10, LOW), (10, NORMAL)], 14),
    ],
)
def test_a_message_gets_the_first_slot_that_leaves_every_day_within_the_limit(
    priority: Priority, limit: int | None, taken: list[tuple[float, Priority]], slot: float
) -> None:
    slots = [Slot(hours(at), of) for at, of in taken]
    assert slot_for(priority, limit=limit, taken=slots, now=NOON) == hours(slot)


SLOTS = st.builds(Slot, st.integers(-30, 80).map(hours), st.sampled_from([LOW, NORMAL, HIGH]))
MANY = st.lists(st.sampled_from([LOW, NORMAL, HIGH]), max_size=12)


def is_within(limit: int, slots: list[Slot]) -> bool:
    instants = sorted(slot.at for slot in slots)
    return all(last - first >= WINDOW for first, last in zip(instants, instants[limit:], strict=False))


@given(limit=st.integers(1, 4), priorities=MANY)
def test_however_many_come_no_day_has_more_than_the_limit_and_none_is_lost(
    limit: int, priorities: list[Priority]
) -> None:
    taken: list[Slot] = []
    for priority in sorted(priorities, key=lambda each: each.task_priority):
        taken.append(Slot(slot_for(priority, limit=limit, taken=taken, now=NOON), priority))
    assert is_within(limit, taken)
    assert all(later.at >= earlier.at for earlier, later in pairwise(taken))


@given(limit=st.integers(1, 4), taken=st.lists(SLOTS, max_size=8))
def test_there_is_no_earlier_slot(limit: int, taken: list[Slot]) -> None:
    chosen = slot_for(LOW, limit=limit, taken=taken, now=NOON)
    assert chosen >= NOON
    if is_within(limit, taken):
        for earlier in range(int((chosen - NOON) / timedelta(hours=1))):
            assert not is_within(limit, [*taken, Slot(hours(earlier), LOW)])
        assert is_within(limit, [*taken, Slot(chosen, LOW)])
