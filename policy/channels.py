"""Whether one channel is used for one notification, and which rule decided.

The rules in order, the first that applies wins: forbidden by the type, required by the type, the user's
switch for the type and channel, the type's default. They are asked when a notification is accepted and
again right before each external send, so that a change reaches what is already waiting.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from notifications.contracts.vocabulary import Channel
from policy.types import TypePolicy


class Rule(StrEnum):
    """Why a channel is used or not; the negative ones are a delivery's `reason`."""

    TYPE_FORBIDS = "forbidden_by_type"
    TYPE_REQUIRES = "required_by_type"
    USER_ON = "preference_on"
    USER_OFF = "preference_off"
    TYPE_DEFAULT = "type_default"
    NO_ADDRESS = "no_address"


@dataclass(frozen=True, slots=True)
class Decision:
    use: bool
    rule: Rule


def decide(
    channel: Channel, *, policy: TypePolicy, switches: Mapping[Channel, bool] | None, has_address: bool
) -> Decision:
    """One channel's fate. `switches` are the user's own for this type, None when there are none stored."""
    wanted = _wanted(channel, policy, switches)
    if wanted.use and not has_address:
        return Decision(use=False, rule=Rule.NO_ADDRESS)
    return wanted


def switched_on(channel: Channel, *, policy: TypePolicy) -> bool:
    """How a user's switch stands while nobody has touched it."""
    return channel not in policy.forbidden


def _wanted(channel: Channel, policy: TypePolicy, switches: Mapping[Channel, bool] | None) -> Decision:
    if channel in policy.forbidden:
        return Decision(use=False, rule=Rule.TYPE_FORBIDS)
    if channel in policy.required:
        return Decision(use=True, rule=Rule.TYPE_REQUIRES)
    if switches is None:
        return Decision(use=True, rule=Rule.TYPE_DEFAULT)
    if switches[channel]:
        return Decision(use=True, rule=Rule.USER_ON)
    return Decision(use=False, rule=Rule.USER_OFF)
