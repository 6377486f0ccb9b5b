"""Whether one channel is used for one notification, and which rule decided.

The rules in order, the first that applies wins: forbidden by the type, the person's legal opt-out, required
by the type, the person's switch for the type and channel, their switch for the channel overall, the type's
default. They are asked when a notification is accepted and again right before each external send, so that a
change reaches what is already waiting.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from notifications.contracts.vocabulary import Channel
from policy.types import TypePolicy


class Rule(StrEnum):
    """Why a channel is used or not; the negative ones are a delivery's `reason`."""

    TYPE_FORBIDS = "forbidden_by_type"
    OPTED_OUT = "opted_out"
    TYPE_REQUIRES = "required_by_type"
    USER_ON = "preference_on"
    USER_OFF = "preference_off"
    GLOBAL_ON = "global_preference_on"
    GLOBAL_OFF = "global_preference_off"
    TYPE_DEFAULT = "type_default"
    NO_ADDRESS = "no_address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What one person wants, as it bears on one type. A channel that is not in a mapping was never switched."""

    by_type: Mapping[Channel, bool] = field(default_factory=dict)
    overall: Mapping[Channel, bool] = field(default_factory=dict)
    opted_out: frozenset[Channel] = frozenset()
    """Legally final, such as an unsubscribe or a STOP: not even a required channel is used."""


@dataclass(frozen=True, slots=True)
class Decision:
    use: bool
    rule: Rule


def decide(channel: Channel, *, policy: TypePolicy, preferences: Preferences, has_address: bool) -> Decision:
    """One channel's fate. An address is looked for last: who wants nothing is missing nothing."""
    wanted = _wanted(channel, policy, preferences)
    if wanted.use and not has_address:
        return Decision(use=False, rule=Rule.NO_ADDRESS)
    return wanted


def switched_on(channel: Channel, *, policy: TypePolicy, overall: Mapping[Channel, bool]) -> bool:
    """How a person's switch for a type stands while they have not touched it."""
    return channel not in policy.forbidden and overall.get(channel, True)


def _wanted(channel: Channel, policy: TypePolicy, preferences: Preferences) -> Decision:
    if channel in policy.forbidden:
        return Decision(use=False, rule=Rule.TYPE_FORBIDS)
    if channel in preferences.opted_out:
        return Decision(use=False, rule=Rule.OPTED_OUT)
    if channel in policy.required:
        return Decision(use=True, rule=Rule.TYPE_REQUIRES)
    if (switch := preferences.by_type.get(channel)) is not None:
        return Decision(use=switch, rule=Rule.USER_ON if switch else Rule.USER_OFF)
    if (switch := preferences.overall.get(channel)) is not None:
        return Decision(use=switch, rule=Rule.GLOBAL_ON if switch else Rule.GLOBAL_OFF)
    return Decision(use=True, rule=Rule.TYPE_DEFAULT)
