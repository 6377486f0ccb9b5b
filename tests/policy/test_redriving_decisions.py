"""What may be tried again, and whether with a new key."""

from datetime import UTC, datetime

import pytest

from notifications.contracts.vocabulary import DeliveryStatus
from policy.channels import Rule
from policy.planning import Go, Skip, Step, Wait, WaitReason
from policy.redriving import renews_key, why_not_redriven
from policy.retries import Outcome, Reason

GO = Go(Rule.TYPE_DEFAULT)


@pytest.mark.parametrize("step", [GO, Wait(datetime.now(UTC), WaitReason.SCHEDULED)])
def test_what_failed_may_be_tried_again(step: Step) -> None:
    assert why_not_redriven(DeliveryStatus.FAILED, step) is None


@pytest.mark.parametrize("status", [status for status in DeliveryStatus if status is not DeliveryStatus.FAILED])
def test_what_has_not_failed_may_not_and_is_told_how_it_stands(status: DeliveryStatus) -> None:
    assert why_not_redriven(status, GO) == f"Only a failed delivery can be redriven; this one is {status}."


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (Reason.EXPIRED, "It would not be sent any more. It would have come after its expiry."),
        (Rule.NO_ADDRESS, "It would not be sent any more. There is no address for this channel."),
    ],
)
def test_what_would_only_be_skipped_stays_failed(reason: str, sentence: str) -> None:
    assert why_not_redriven(DeliveryStatus.FAILED, Skip(reason)) == sentence


@pytest.mark.parametrize(
    ("last", "in_doubt", "renewed"),
    [
        (None, False, False),
        (Outcome.ACCEPTED, False, True),
        (Outcome.ACCEPTED, True, True),
        (Outcome.REJECTED, False, True),
        (Outcome.REJECTED, True, True),
        (Outcome.BUSY, False, True),
        (Outcome.BUSY, True, False),
        (Outcome.MISCONFIGURED, False, True),
        (Outcome.MISCONFIGURED, True, False),
        (Outcome.UNKNOWN, True, False),
        (Outcome.STARTED, True, False),
    ],
)
def test_the_key_is_renewed_after_a_definite_failure_alone(
    last: Outcome | None, *, in_doubt: bool, renewed: bool
) -> None:
    assert renews_key(last, in_doubt=in_doubt) is renewed
