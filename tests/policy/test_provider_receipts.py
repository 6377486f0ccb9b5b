"""What Courier's reports mean; its words are an open set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.contracts.vocabulary import DeliveryStatus
from policy.receipts import Receipt, receipt_of
from policy.retries import Reason


@pytest.mark.parametrize("status", ["DELIVERED", "OPENED", "CLICKED"])
def test_what_was_seen_has_arrived(status: str) -> None:
    assert receipt_of(status, None) == Receipt(DeliveryStatus.DELIVERED)


@pytest.mark.parametrize(
    "status", ["UNDELIVERABLE", "UNROUTABLE", "UNMAPPED", "FILTERED", "THROTTLED", "CANCELED", "FAILED"]
)
def test_what_the_vendor_gave_up_has_failed(status: str) -> None:
    assert receipt_of(status, None) == Receipt(DeliveryStatus.FAILED, Reason.PROVIDER_REJECTED)


def test_a_bounce_is_told_apart() -> None:
    assert receipt_of("UNDELIVERABLE", "BOUNCED") == Receipt(DeliveryStatus.FAILED, Reason.BOUNCED)


def test_a_reason_of_what_arrived_is_none() -> None:
    assert receipt_of("DELIVERED", "BOUNCED").reason is None


@pytest.mark.parametrize("status", ["ENQUEUED", "SENT", "ROUTED", "SIMULATED", "DELAYED", "", "delivered"])
def test_what_is_under_way_moves_nothing(status: str) -> None:
    assert receipt_of(status, None) == Receipt(None)


@given(status=st.text(), reason=st.none() | st.text())
def test_any_word_is_understood_or_moves_nothing(status: str, reason: str | None) -> None:
    assert receipt_of(status, reason).status in {None, DeliveryStatus.DELIVERED, DeliveryStatus.FAILED}
