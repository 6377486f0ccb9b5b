"""A person's attention: so many messages within a day, the rest later, the important first, none lost."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.contracts.vocabulary import Channel, Priority
from policy.attention import WINDOW, Attention, Budget, Place, slot_for
from policy.channels import Preferences, Rule
from policy.planning import Go, Situation, Skip, Wait, WaitReason, first_steps, next_step
from policy.quiet_hours import QuietHours, QuietSpan, quiet_until
from policy.retries import Reason
from policy.types import TypePolicy

# A Wednesday.
NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
LOW, NORMAL, HIGH, URGENT = Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT
EMAIL, SMS, PUSH, IN_APP = Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.IN_APP
NEVER_QUIET = QuietHours()
NIGHTS = QuietHours(tuple(QuietSpan(day, time(22), time(7)) for day in range(7)))


def hours(number: float) -> datetime:
    """So long after noon, or before."""
    return NOON + timedelta(hours=number)


@pytest.mark.parametrize(
    ("limit", "spent", "ahead", "slot"),
    [
        (1, [], 0, 0),
        (1, [-1], 0, 23),
        (1, [-24], 0, 0),
        (1, [-23, -30], 0, 1),
        (2, [-23], 0, 0),
        (2, [-23, -2], 0, 1),
        (2, [-2, -23], 0, 1),
        (3, [-20, -10, -5], 0, 4),
        # More were sent than a limit that is new allows.
        (1, [-3, -2, -1], 0, 23),
        # One that is on its way counts as of now.
        (1, [0], 0, 24),
        # Those ahead go first.
        (1, [], 1, 24),
        (1, [-1], 1, 47),
        (1, [-1], 2, 71),
        (2, [-23], 1, 1),
        (2, [-23, -2], 1, 22),
        (2, [-23, -2], 2, 25),
        (5, [], 4, 0),
        (5, [], 5, 24),
    ],
)
def test_a_message_gets_the_first_slot_that_leaves_every_day_within_the_limit(
    limit: int, spent: list[float], ahead: int, slot: float
) -> None:
    budget = Budget(limit=limit, spent=tuple(map(hours, spent)), ahead=ahead)
    assert slot_for(budget, hours=NEVER_QUIET, now=NOON) == hours(slot)


def test_a_slot_in_the_night_is_one_in_the_morning() -> None:
    # A day after the last one, it is eleven in the evening.
    budget = Budget(limit=1, spent=(hours(-13),))
    assert slot_for(budget, hours=NIGHTS, now=NOON) == hours(19)
    # The next one is a day after the morning, not after the night.
    assert slot_for(replace(budget, ahead=1), hours=NIGHTS, now=NOON) == hours(43)


def place(priority: Priority, since: float = 0, number: int = 0, turn: int = 1) -> Place:
    return Place.of(priority, since=hours(since), notification_id=UUID(int=number), turn=turn)


def test_the_important_go_first_then_those_that_came_first() -> None:
    line = [
        place(HIGH, -1),
        place(NORMAL, -3),
        place(NORMAL, -2, 1, 1),
        place(NORMAL, -2, 1, 2),
        place(NORMAL, -2, 2, 1),
        place(LOW, -9),
    ]
    assert sorted(line, key=lambda place: place) == line


def test_a_message_does_not_stand_in_its_own_way() -> None:
    mine, other = uuid4(), uuid4()
    attention = Attention(limit=1, spent={mine: NOON}, line={mine: place(LOW), other: place(LOW, 1)})
    assert attention.budget_of(mine, place(LOW)) == Budget(limit=1)
    assert attention.budget_of(other, place(LOW, 1)) == Budget(limit=1, spent=(NOON,), ahead=1)


EMAILED = Situation(
    channel=EMAIL,
    policy=TypePolicy(display="Some", default_channels=(IN_APP, EMAIL)),
    preferences=Preferences(),
    has_address=True,
    priority=NORMAL,
    budget=Budget(limit=1, spent=(hours(-1),)),
)
NEXT_SLOT = Wait(hours(23), WaitReason.ATTENTION_BUDGET)
SENT = Go(Rule.TYPE_DEFAULT)


@pytest.mark.parametrize(
    ("situation", "step"),
    [
        (EMAILED, NEXT_SLOT),
        (replace(EMAILED, budget=None), SENT),
        (replace(EMAILED, budget=Budget(limit=1)), SENT),
        (replace(EMAILED, priority=URGENT), SENT),
        (replace(EMAILED, channel=IN_APP), SENT),
        # What is not wanted needs no slot, and what is quiet asks for one in the morning.
        (replace(EMAILED, preferences=Preferences(overall={EMAIL: False})), Skip(Rule.GLOBAL_OFF)),
        (
            replace(EMAILED, quiet_hours=QuietHours((QuietSpan(2, time(11), time(13)),))),
            Wait(hours(1), WaitReason.QUIET_HOURS),
        ),
        # Expiry wins.
        (replace(EMAILED, expires_at=hours(23)), Skip(Reason.EXPIRED)),
        (replace(EMAILED, expires_at=hours(24)), NEXT_SLOT),
    ],
)
def test_what_goes_beyond_the_budget_waits_for_its_slot(situation: Situation, step: Go | Wait | Skip) -> None:
    assert next_step(situation, now=NOON) == step


def test_the_channels_of_one_notification_share_the_budget() -> None:
    in_app = replace(EMAILED, channel=IN_APP, budget=Budget(limit=2, spent=(hours(-1),)))
    steps = first_steps(
        in_app, [SMS, IN_APP, EMAIL, PUSH], has_address=lambda channel: channel is not SMS, escalation={}, now=NOON
    )
    assert steps == {SMS: Skip(Rule.NO_ADDRESS), IN_APP: SENT, EMAIL: SENT, PUSH: NEXT_SLOT}


INSTANTS = st.integers(-30, 0).map(hours)


@settings(deadline=None)
@given(
    limit=st.integers(1, 4),
    spent=st.lists(INSTANTS, max_size=8),
    ahead=st.integers(0, 6),
    quiet=st.sampled_from([NEVER_QUIET, NIGHTS]),
)
def test_there_is_no_earlier_slot_and_none_beyond_the_limit(
    limit: int, spent: list[datetime], ahead: int, quiet: QuietHours
) -> None:
    before = within(limit, spent)
    gone = list(before)
    for waiting in range(ahead + 1):
        slot = slot_for(Budget(limit=limit, spent=tuple(before), ahead=waiting), hours=quiet, now=NOON)
        assert is_within(limit, [*gone, slot])
        for earlier in (NOON + timedelta(hours=number) for number in range((slot - NOON) // timedelta(hours=1))):
            assert quiet_until(quiet, now=earlier) or not is_within(limit, [*gone, earlier])
        gone.append(slot)


@settings(deadline=None)
@given(
    limit=st.integers(1, 3),
    spent=st.lists(INSTANTS, max_size=3),
    arrivals=st.lists(st.tuples(st.integers(0, 60), st.sampled_from([LOW, NORMAL, HIGH])), max_size=10),
)
def test_however_many_come_and_whenever_no_day_has_more_than_the_limit_and_none_is_lost(
    limit: int, spent: list[datetime], arrivals: list[tuple[int, Priority]]
) -> None:
    """Each asks when it comes and again at the end of each wait, as deliveries do."""
    sent = within(limit, spent)
    places = {UUID(int=n): place(priority, hour, n) for n, (hour, priority) in enumerate(arrivals)}
    asks = {each: standing.since for each, standing in places.items()}
    waiting: set[UUID] = set()
    while asks:
        each = min(asks, key=lambda one: (asks[one], one))
        now = asks.pop(each)
        attention = Attention(
            limit=limit,
            spent={UUID(int=1000 + n): at for n, at in enumerate(sent)},
            line={other: places[other] for other in waiting},
        )
        step = next_step(replace(EMAILED, budget=attention.budget_of(each, places[each])), now=now)
        if isinstance(step, Wait):
            assert step.until > now
            asks[each] = step.until
            waiting.add(each)
        else:
            sent.append(now)
            waiting.discard(each)
    assert is_within(limit, sent)
    assert len(sent) == len(within(limit, spent)) + len(arrivals)


def is_within(limit: int, instants: Sequence[datetime]) -> bool:
    instants = sorted(instants)
    return all(last - first >= WINDOW for first, last in zip(instants, instants[limit:], strict=False))


def within(limit: int, instants: list[datetime]) -> list[datetime]:
    """As many of them as the limit had allowed."""
    kept: list[datetime] = []
    for instant in sorted(instants):
        if is_within(limit, [*kept, instant]):
            kept.append(instant)
    return kept
