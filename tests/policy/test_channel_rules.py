"""Which rule decides about a channel, and which comes first."""

import pytest

from notifications.contracts.vocabulary import Channel, NotificationType
from policy.channels import Decision, Rule, decide, switched_on
from policy.types import TypePolicy, policy_of

EMAIL = Channel.EMAIL
ON = dict.fromkeys(Channel, True)
OFF = dict.fromkeys(Channel, False)
PLAIN = TypePolicy(display="Plain", default_channels=(EMAIL,))
REQUIRED = TypePolicy(display="Required", default_channels=(), required=frozenset({EMAIL}))
FORBIDDEN = TypePolicy(display="Forbidden", default_channels=(EMAIL,), forbidden=frozenset({EMAIL}))
BOTH = TypePolicy(display="Both", default_channels=(), required=frozenset({EMAIL}), forbidden=frozenset({EMAIL}))


@pytest.mark.parametrize(
    ("policy", "switches", "use", "rule"),
    [
        (FORBIDDEN, None, False, Rule.TYPE_FORBIDS),
        (FORBIDDEN, ON, False, Rule.TYPE_FORBIDS),
        (FORBIDDEN, OFF, False, Rule.TYPE_FORBIDS),
        (BOTH, ON, False, Rule.TYPE_FORBIDS),
        (REQUIRED, None, True, Rule.TYPE_REQUIRES),
        (REQUIRED, ON, True, Rule.TYPE_REQUIRES),
        (REQUIRED, OFF, True, Rule.TYPE_REQUIRES),
        (PLAIN, ON, True, Rule.USER_ON),
        (PLAIN, OFF, False, Rule.USER_OFF),
        (PLAIN, None, True, Rule.TYPE_DEFAULT),
    ],
)
def test_the_first_rule_that_applies_decides(
    policy: TypePolicy, switches: dict[Channel, bool] | None, *, use: bool, rule: Rule
) -> None:
    assert decide(EMAIL, policy=policy, switches=switches, has_address=True) == Decision(use=use, rule=rule)


@pytest.mark.parametrize(
    ("policy", "switches", "rule"),
    [
        (FORBIDDEN, ON, Rule.TYPE_FORBIDS),
        (REQUIRED, OFF, Rule.NO_ADDRESS),
        (PLAIN, ON, Rule.NO_ADDRESS),
        (PLAIN, OFF, Rule.USER_OFF),
        (PLAIN, None, Rule.NO_ADDRESS),
    ],
)
def test_a_missing_address_is_the_reason_only_for_a_channel_that_would_be_used(
    policy: TypePolicy, switches: dict[Channel, bool] | None, rule: Rule
) -> None:
    assert decide(EMAIL, policy=policy, switches=switches, has_address=False) == Decision(use=False, rule=rule)


@pytest.mark.parametrize("channel", Channel)
def test_only_the_channels_own_switch_counts(channel: Channel) -> None:
    others_off = {other: other is channel for other in Channel}
    assert decide(channel, policy=PLAIN, switches=others_off, has_address=True).rule is Rule.USER_ON


def test_an_untouched_switch_is_on() -> None:
    assert switched_on(EMAIL, policy=PLAIN)


def test_an_untouched_switch_of_a_forbidden_channel_is_off() -> None:
    assert not switched_on(EMAIL, policy=FORBIDDEN)


def test_a_system_notification_is_in_the_inbox_whatever_the_switches() -> None:
    decision = decide(Channel.IN_APP, policy=policy_of(NotificationType.SYSTEM), switches=OFF, has_address=True)
    assert decision == Decision(use=True, rule=Rule.TYPE_REQUIRES)


def test_a_review_never_leaves_as_a_text_message() -> None:
    decision = decide(Channel.SMS, policy=policy_of(NotificationType.REVIEW), switches=ON, has_address=True)
    assert decision == Decision(use=False, rule=Rule.TYPE_FORBIDS)
