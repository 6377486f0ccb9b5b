"""What follows when nobody says whether a notification is still true: ask again, or what its sender chose. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from notifications.contracts.preconditions import IfUnreachable
from policy.planning import Skip, Wait, WaitReason

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 15.0
_SHORTEST_HOLD = timedelta(minutes=1)
_LONGEST_HOLD = timedelta(minutes=15)
ANSWER_HOLDS = timedelta(seconds=30)
"""For how long an answer, or doing without one, lets a delivery through that has yet to find its provider."""


class Asked(StrEnum):
    """What asking came to; the negative ones are a delivery's `reason`."""

    STILL_TRUE = "still_true"
    NO_LONGER_TRUE = "no_longer_true"
    UNREACHABLE = "precondition_unreachable"
    SENT_UNASKED = "sent_unasked"


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Nobody answered, which may pass."""

    after_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Nobody has answered since `since`. Nothing is held for longer than to `worthless_at`."""

    since: datetime
    attempt: int
    """From 1, of those that follow one another closely."""
    worthless_at: datetime


def after_silence(
    silence: Silence, if_unreachable: IfUnreachable, *, patience_seconds: float, now: datetime
) -> AskAgain | Wait | Skip | Literal[Asked.SENT_UNASKED]:
    """The step after a question without an answer: quickly asked again for a while, then by the sender's choice.

    What is held waits as long again as it has waited already, within bounds.
    """
    patient_until = silence.since + timedelta(seconds=patience_seconds)
    if now < patient_until:
        pause = min(_FIRST_PAUSE_SECONDS * 2 ** min(silence.attempt - 1, 16), _LONGEST_PAUSE_SECONDS)
        return AskAgain(min(pause, (patient_until - now).total_seconds()))
    match if_unreachable:
        case IfUnreachable.SEND:
            return Asked.SENT_UNASKED
        case IfUnreachable.HOLD if now < silence.worthless_at:
            pause_ends = now + min(max(now - silence.since, _SHORTEST_HOLD), _LONGEST_HOLD)
            return Wait(min(pause_ends, silence.worthless_at), WaitReason.PRECONDITION)
    return Skip(Asked.UNREACHABLE)
