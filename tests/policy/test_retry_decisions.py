"""What follows from an attempt: when, with which key, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.contracts.vocabulary import EXTERNAL_CHANNELS, Channel
from policy.retries import GiveUp, Outcome, Reason, Retry, after_attempt

EMAIL, SMS, PUSH = Channel.EMAIL, Channel.SMS, Channel.PUSH
REPEATABLE = [Outcome.BUSY, Outcome.UNKNOWN, Outcome.MISCONFIGURED, Outcome.STARTED]


def retry(outcome: Outcome, *, attempt: int = 1, channel: Channel = EMAIL, **told: float | bool | None) -> Retry:
    step = after_attempt(outcome, channel=channel, attempt=attempt, **told)  # type: ignore[arg-type] # told by each test
    assert isinstance(step, Retry)
    return step


@pytest.mark.parametrize("channel", EXTERNAL_CHANNELS)
@pytest.mark.parametrize("attempt", [1, 2, 50])
def test_what_the_vendor_rejected_is_given_up(channel: Channel, attempt: int) -> None:
    step = after_attempt(Outcome.REJECTED, channel=channel, attempt=attempt)
    assert step == GiveUp(Reason.PROVIDER_REJECTED)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome.BUSY, Reason.PROVIDER_UNAVAILABLE),
        (Outcome.UNKNOWN, Reason.PROVIDER_SILENT),
        (Outcome.STARTED, Reason.PROVIDER_SILENT),
        (Outcome.MISCONFIGURED, Reason.PROVIDER_MISCONFIGURED),
    ],
)
def test_anything_else_is_tried_again_for_its_reason(outcome: Outcome, reason: Reason) -> None:
    assert retry(outcome).reason is reason


@pytest.mark.parametrize(
    ("key_spent", "in_doubt", "renewed"),
    [
        (True, False, True),
        (True, True, True),
        (False, False, False),
        (False, True, False),
        (None, False, True),
        (None, True, False),
    ],
)
def test_a_busy_vendors_key_is_renewed_on_its_word_or_without_any_doubt(
    *, key_spent: bool | None, in_doubt: bool, renewed: bool
) -> None:
    assert retry(Outcome.BUSY, key_spent=key_spent, in_doubt=in_doubt).renew_key is renewed


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.STARTED])
@pytest.mark.parametrize("key_spent", [True, False, None])
@pytest.mark.parametrize("in_doubt", [True, False])
def test_an_unknown_outcome_keeps_the_key_whatever_else_is_told(
    outcome: Outcome, *, key_spent: bool | None, in_doubt: bool
) -> None:
    assert not retry(outcome, key_spent=key_spent, in_doubt=in_doubt).renew_key


@pytest.mark.parametrize(("in_doubt", "renewed"), [(False, True), (True, False)])
def test_wrong_credentials_renew_the_key_without_any_doubt(*, in_doubt: bool, renewed: bool) -> None:
    assert retry(Outcome.MISCONFIGURED, in_doubt=in_doubt).renew_key is renewed


@pytest.mark.parametrize("seconds", [1, 3, 7.5, 60, 3600])
def test_retry_after_is_obeyed_to_the_second(seconds: float) -> None:
    assert retry(Outcome.BUSY, retry_after_seconds=seconds, attempt=9).after_seconds == seconds


@pytest.mark.parametrize(
    ("channel", "waits"),
    [
        (EMAIL, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]),
        (SMS, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]),
        (PUSH, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]),
    ],
)
@pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.UNKNOWN])
def test_waits_double_up_to_the_channels_longest(channel: Channel, waits: list[float], outcome: Outcome) -> None:
    assert [retry(outcome, channel=channel, attempt=number).after_seconds for number in range(1, 11)] == waits


@pytest.mark.parametrize("attempt", [1, 10])
def test_wrong_credentials_are_asked_about_once_a_minute(attempt: int) -> None:
    assert retry(Outcome.MISCONFIGURED, attempt=attempt).after_seconds == 60


@given(
    outcome=st.sampled_from(REPEATABLE),
    channel=st.sampled_from(EXTERNAL_CHANNELS),
    attempt=st.integers(1, 10_000),
    key_spent=st.sampled_from([True, False, None]),
    in_doubt=st.booleans(),
)
def test_a_wait_is_never_nothing_and_never_longer_than_five_minutes(
    outcome: Outcome, channel: Channel, attempt: int, *, key_spent: bool | None, in_doubt: bool
) -> None:
    step = retry(outcome, channel=channel, attempt=attempt, key_spent=key_spent, in_doubt=in_doubt)
    assert 1 <= step.after_seconds <= 300


@given(outcome=st.sampled_from(REPEATABLE), attempt=st.integers(1, 100), key_spent=st.sampled_from([False, None]))
def test_a_key_in_doubt_is_renewed_by_nothing_but_the_vendors_word(
    outcome: Outcome, attempt: int, *, key_spent: bool | None
) -> None:
    assert not retry(outcome, attempt=attempt, key_spent=key_spent, in_doubt=True).renew_key
