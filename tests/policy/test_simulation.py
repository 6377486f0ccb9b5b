"""The ladder of a notification, as far ahead as can be told."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from notifications.contracts.vocabulary import Channel, Priority
from policy.attention import Budget
from policy.channels import Preferences, Rule
from policy.planning import Go, Situation, Skip, Step, Wait, WaitReason
from policy.quiet_hours import QuietHours, QuietSpan
from policy.retries import Reason
from policy.simulation import Reading, ladder
from policy.types import TypePolicy

IN_APP, EMAIL, SMS, PUSH = Channel.IN_APP, Channel.EMAIL, Channel.SMS, Channel.PUSH
# A Wednesday.
EVENING = datetime(2026, 6, 10, 21, 55, tzinfo=UTC)
NIGHTS = QuietHours(tuple(QuietSpan(day, time(22), time(7)) for day in range(7)))
NEVER, AT_ONCE = Reading(), Reading(after_seconds=0)
FOUND = Situation(
    channel=IN_APP,
    policy=TypePolicy(display="Some", default_channels=(IN_APP, EMAIL)),
    preferences=Preferences(),
    has_address=True,
    priority=Priority.NORMAL,
)
SENT = Go(Rule.TYPE_DEFAULT)


def after(minutes: float) -> datetime:
    return EVENING + timedelta(minutes=minutes)


def wait(reason: WaitReason, minutes: float) -> Wait:
    return Wait(after(minutes), reason)


def steps(
    situation: Situation, *channels: Channel, reading: Reading = NEVER, **escalation: int
) -> dict[Channel, list[tuple[float, Step]]]:
    """The minute and the step of each rung."""
    walk = ladder(
        situation,
        channels,
        has_address=lambda channel: channel is not PUSH,
        escalation={Channel(name): minutes * 60 for name, minutes in escalation.items()},
        reading=reading,
        now=EVENING,
    )
    return {
        channel: [((rung.at - EVENING) / timedelta(minutes=1), rung.step) for rung in rungs]
        for channel, rungs in walk.rungs.items()
    }


def test_what_has_nothing_to_wait_for_goes_at_once() -> None:
    assert steps(FOUND, EMAIL, PUSH, IN_APP) == {
        EMAIL: [(0, SENT)],
        PUSH: [(0, Skip(Rule.NO_ADDRESS))],
        IN_APP: [(0, SENT)],
    }


CHAIN: dict[str, Any] = {"sms": 2, "email": 10}
LATER = replace(FOUND, scheduled_for=after(60))
QUIET = replace(FOUND, quiet_hours=NIGHTS)


@pytest.mark.parametrize(
    ("situation", "reading", "sms", "email"),
    [
        # Nobody reads: each in its turn.
        (
            FOUND,
            NEVER,
            [(0, wait(WaitReason.UNLESS_READ, 2)), (2, SENT)],
            [(0, wait(WaitReason.UNLESS_READ, 10)), (10, SENT)],
        ),
        # Read between the two.
        (
            FOUND,
            Reading(after_seconds=300),
            [(0, wait(WaitReason.UNLESS_READ, 2)), (2, SENT)],
            [(0, wait(WaitReason.UNLESS_READ, 10)), (10, Skip(Reason.ALREADY_READ))],
        ),
        (
            FOUND,
            Reading(at=after(1)),
            [(0, wait(WaitReason.UNLESS_READ, 2)), (2, Skip(Reason.ALREADY_READ))],
            [(0, wait(WaitReason.UNLESS_READ, 10)), (10, Skip(Reason.ALREADY_READ))],
        ),
        # Not there to be read before its time.
        (
            LATER,
            Reading(at=after(1)),
            [(0, wait(WaitReason.SCHEDULED, 60)), (60, Skip(Reason.ALREADY_READ))],
            [(0, wait(WaitReason.SCHEDULED, 60)), (60, Skip(Reason.ALREADY_READ))],
        ),
        # Scheduled, then unless read, then quiet: 22:55, 23:05, 7:00.
        (
            replace(LATER, quiet_hours=NIGHTS),
            NEVER,
            [
                (0, wait(WaitReason.SCHEDULED, 60)),
                (60, wait(WaitReason.UNLESS_READ, 62)),
                (62, wait(WaitReason.QUIET_HOURS, 545)),
                (545, SENT),
            ],
            [
                (0, wait(WaitReason.SCHEDULED, 60)),
                (60, wait(WaitReason.UNLESS_READ, 70)),
                (70, wait(WaitReason.QUIET_HOURS, 545)),
                (545, SENT),
            ],
        ),
        # Read in the night.
        (
            QUIET,
            Reading(after_seconds=3600),
            [(0, wait(WaitReason.UNLESS_READ, 2)), (2, SENT)],
            [
                (0, wait(WaitReason.UNLESS_READ, 10)),
                (10, wait(WaitReason.QUIET_HOURS, 545)),
                (545, Skip(Reason.ALREADY_READ)),
            ],
        ),
        # Worth nothing any more in the morning.
        (
            replace(QUIET, expires_at=after(500)),
            NEVER,
            [(0, wait(WaitReason.UNLESS_READ, 2)), (2, SENT)],
            [(0, wait(WaitReason.UNLESS_READ, 10)), (10, Skip(Reason.EXPIRED))],
        ),
    ],
)  # fmt: skip
def test_an_escalation_goes_its_way_until_it_is_read(
    situation: Situation, reading: Reading, sms: list[tuple[float, Step]], email: list[tuple[float, Step]]
) -> None:
    found = steps(situation, IN_APP, SMS, EMAIL, reading=reading, **CHAIN)
    assert (found[SMS], found[EMAIL]) == (sms, email)


def test_without_the_inbox_there_is_nothing_to_be_read() -> None:
    assert steps(FOUND, EMAIL, reading=AT_ONCE, email=10) == {EMAIL: [(0, SENT)]}
    no_inbox = replace(FOUND, preferences=Preferences(by_type={IN_APP: False}))
    assert steps(no_inbox, IN_APP, EMAIL, reading=AT_ONCE, email=10)[EMAIL] == [(0, SENT)]


DAY = 24 * 60
IN_LINE = WaitReason.ATTENTION_BUDGET


@pytest.mark.parametrize(
    ("budget", "email", "sms"),
    [
        (Budget(limit=2), [(0, SENT)], [(0, SENT)]),
        # One day apart, as they were named.
        (Budget(limit=1), [(0, SENT)], [(0, wait(IN_LINE, DAY)), (DAY, SENT)]),
        (
            Budget(limit=1, spent=(after(-60),)),
            [(0, wait(IN_LINE, DAY - 60)), (DAY - 60, SENT)],
            [(0, wait(IN_LINE, 2 * DAY - 60)), (2 * DAY - 60, SENT)],
        ),
        # After those that wait already.
        (
            Budget(limit=1, ahead=2),
            [(0, wait(IN_LINE, 2 * DAY)), (2 * DAY, SENT)],
            [(0, wait(IN_LINE, 3 * DAY)), (3 * DAY, SENT)],
        ),
        (Budget(limit=3, ahead=1), [(0, SENT)], [(0, SENT)]),
    ],
)
def test_the_persons_attention_is_spent_as_it_will_be(
    budget: Budget, email: list[tuple[float, Step]], sms: list[tuple[float, Step]]
) -> None:
    assert steps(replace(FOUND, budget=budget), EMAIL, SMS) == {EMAIL: email, SMS: sms}


def test_urgent_messages_ask_nobody() -> None:
    urgent = replace(QUIET, priority=Priority.URGENT, budget=Budget(limit=1, spent=(after(-1),)))
    assert steps(urgent, EMAIL, SMS) == {EMAIL: [(0, SENT)], SMS: [(0, SENT)]}


def test_a_slot_is_not_in_the_night() -> None:
    spent = replace(QUIET, budget=Budget(limit=1, spent=(after(-5 * 60),)))
    # A day after ten to five in the afternoon; and one that was sent at nine in the evening.
    assert steps(spent, EMAIL)[EMAIL] == [(0, wait(IN_LINE, DAY - 5 * 60)), (DAY - 5 * 60, SENT)]
    late = replace(QUIET, budget=Budget(limit=1, spent=(after(10 - DAY),)))
    assert steps(late, EMAIL)[EMAIL] == [(0, wait(IN_LINE, 545)), (545, SENT)]


def test_quiet_for_ever_comes_to_an_end() -> None:
    whole = tuple(
        QuietSpan(day, begin, end) for day in range(7) for begin, end in ((time(0), time(12)), (time(12), time(0)))
    )
    assert len(steps(replace(FOUND, quiet_hours=QuietHours(whole)), EMAIL)[EMAIL]) == 50  # fmt: skip


def test_it_tells_what_it_took_of_the_day() -> None:
    limited = replace(FOUND, budget=Budget(limit=1))
    walk = ladder(
        limited, [IN_APP, EMAIL, SMS], has_address=lambda _: True, escalation={}, reading=AT_ONCE, now=EVENING
    )
    assert (walk.spent, walk.read_at) == ([EVENING, after(DAY)], EVENING)
