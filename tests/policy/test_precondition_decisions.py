"""What follows when nobody says whether a notification is still true."""

from datetime import UTC, datetime, timedelta

import pytest

from notifications.contracts.preconditions import IfUnreachable
from policy.planning import Skip, Wait, WaitReason
from policy.preconditions import AskAgain, Asked, Silence, after_silence

NOON = datetime(2030, 6, 1, 12, tzinfo=UTC)
SEND, HOLD, DROP = IfUnreachable
DROPPED = Skip(Asked.UNREACHABLE)


def step(
    if_unreachable: IfUnreachable, seconds: float, *, attempt: int = 1, window: float = 7_200
) -> AskAgain | Wait | Skip | Asked:
    """So many seconds after somebody was first asked in vain."""
    silence = Silence(since=NOON, attempt=attempt, worthless_at=NOON + timedelta(seconds=window))
    return after_silence(silence, if_unreachable, patience_seconds=60, now=NOON + timedelta(seconds=seconds))


def held_for(seconds: float, after: float) -> Wait:
    return Wait(NOON + timedelta(seconds=after + seconds), WaitReason.PRECONDITION)


@pytest.mark.parametrize("if_unreachable", IfUnreachable)
@pytest.mark.parametrize(
    ("attempt", "seconds", "pause"), [(1, 0, 1), (2, 1, 2), (5, 15, 15), (9, 45, 15), (9, 50, 10), (1_000_000, 59, 1)]
)
def test_for_a_minute_it_is_asked_again(
    if_unreachable: IfUnreachable, attempt: int, seconds: float, pause: float
) -> None:
    assert step(if_unreachable, seconds, attempt=attempt) == AskAgain(pause)


@pytest.mark.parametrize(
    ("if_unreachable", "seconds", "decided"),
    [
        (SEND, 60, Asked.SENT_UNASKED),
        (SEND, 100_000, Asked.SENT_UNASKED),
        (DROP, 60, DROPPED),
        (DROP, 100_000, DROPPED),
        (HOLD, 60, held_for(60, after=60)),
        (HOLD, 120, held_for(120, after=120)),
        (HOLD, 240, held_for(240, after=240)),
        (HOLD, 3_600, held_for(900, after=3_600)),
        (HOLD, 7_100, held_for(100, after=7_100)),
        (HOLD, 7_200, DROPPED),
        (HOLD, 100_000, DROPPED),
    ],
)
def test_then_its_sender_has_decided(if_unreachable: IfUnreachable, seconds: float, decided: object) -> None:
    assert step(if_unreachable, seconds) == decided


def test_what_is_not_worth_waiting_for_is_not_held() -> None:
    assert step(HOLD, 61, window=30) == DROPPED
