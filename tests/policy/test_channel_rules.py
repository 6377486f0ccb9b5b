"""Which rule decides about a channel, and which comes first."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from notifications.contracts.vocabulary import Channel, NotificationType
from policy.channels import Decision, Preferences, Rule, decide, switched_on
from policy.types import TypePolicy, policy_of

EMAIL = Channel.EMAIL
YES, NO, ANY = (True,), (False,), (True, False)
ON, OFF, UNTOUCHED, ANYHOW = (True,), (False,), (None,), (True, False, None)

# Forbidden by the type, opted out, required by the type, switch for the type, switch overall; whether, and why.
TABLE: list[tuple[Any, ...]] = [
    (YES, ANY, ANY, ANYHOW, ANYHOW, False, Rule.TYPE_FORBIDS),
    (NO, YES, ANY, ANYHOW, ANYHOW, False, Rule.OPTED_OUT),
    (NO, NO, YES, ANYHOW, ANYHOW, True, Rule.TYPE_REQUIRES),
    (NO, NO, NO, ON, ANYHOW, True, Rule.USER_ON),
    (NO, NO, NO, OFF, ANYHOW, False, Rule.USER_OFF),
    (NO, NO, NO, UNTOUCHED, ON, True, Rule.GLOBAL_ON),
    (NO, NO, NO, UNTOUCHED, OFF, False, Rule.GLOBAL_OFF),
    (NO, NO, NO, UNTOUCHED, UNTOUCHED, True, Rule.TYPE_DEFAULT),
]


def combinations() -> Iterator[tuple[tuple[Any, ...], Decision]]:
    for *conditions, use, rule in TABLE:
        for combination in product(*conditions):
            yield combination, Decision(use=use, rule=rule)


def decided(combination: tuple[Any, ...], channel: Channel = EMAIL, *, has_address: bool = True) -> Decision:
    forbidden, opted_out, required, by_type, overall = combination
    policy = TypePolicy(
        display="Some",
        default_channels=(channel,),
        forbidden=frozenset({channel} if forbidden else ()),
        required=frozenset({channel} if required else ()),
    )
    preferences = Preferences(
        by_type={} if by_type is None else {channel: by_type},
        overall={} if overall is None else {channel: overall},
        opted_out=frozenset({channel} if opted_out else ()),
    )
    return decide(channel, policy=policy, preferences=preferences, has_address=has_address)


def test_the_table_holds_every_combination_once() -> None:
    listed = [combination for combination, _ in combinations()]
    assert len(listed) == len(set(listed)) == 2 * 2 * 2 * 3 * 3


@pytest.mark.parametrize(("combination", "decision"), list(combinations()))
def test_the_first_rule_that_applies_decides(combination: tuple[Any, ...], decision: Decision) -> None:
    assert decided(combination) == decision


@pytest.mark.parametrize(("combination", "decision"), list(combinations()))
def test_a_missing_address_is_the_reason_only_for_a_channel_that_would_be_used(
    combination: tuple[Any, ...], decision: Decision
) -> None:
    expected = Decision(use=False, rule=Rule.NO_ADDRESS) if decision.use else decision
    assert decided(combination, has_address=False) == expected


@pytest.mark.parametrize("channel", Channel)
def test_what_is_said_of_other_channels_does_not_count(channel: Channel) -> None:
    others = frozenset(Channel) - {channel}
    preferences = Preferences(
        by_type=dict.fromkeys(others, False), overall=dict.fromkeys(others, False), opted_out=others
    )
    policy = TypePolicy(display="Some", default_channels=(channel,), forbidden=others)
    decision = decide(channel, policy=policy, preferences=preferences, has_address=True)
    assert decision == Decision(use=True, rule=Rule.TYPE_DEFAULT)


FORBIDDING = TypePolicy(display="Forbidding", default_channels=(), forbidden=frozenset({EMAIL}))
PLAIN = TypePolicy(display="Plain", default_channels=(EMAIL,))


@pytest.mark.parametrize(
    ("policy", "overall", "on"),
    [
        (PLAIN, {}, True),
        (PLAIN, {EMAIL: True}, True),
        (PLAIN, {EMAIL: False}, False),
        (PLAIN, {Channel.SMS: False}, True),
        (FORBIDDING, {EMAIL: True}, False),
    ],
)
def test_an_untouched_switch_stands_as_what_applies_without_it(
    policy: TypePolicy, overall: dict[Channel, bool], *, on: bool
) -> None:
    assert switched_on(EMAIL, policy=policy, overall=overall) is on


def test_a_system_notification_is_in_the_inbox_whatever_the_switches() -> None:
    off = dict.fromkeys(Channel, False)
    decision = decide(
        Channel.IN_APP,
        policy=policy_of(NotificationType.SYSTEM),
        preferences=Preferences(by_type=off, overall=off),
        has_address=True,
    )
    assert decision == Decision(use=True, rule=Rule.TYPE_REQUIRES)


def test_a_review_never_leaves_as_a_text_message() -> None:
    on = dict.fromkeys(Channel, True)
    decision = decide(
        Channel.SMS,
        policy=policy_of(NotificationType.REVIEW),
        preferences=Preferences(by_type=on, overall=on),
        has_address=True,
    )
    assert decision == Decision(use=False, rule=Rule.TYPE_FORBIDS)
