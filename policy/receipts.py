"""What a provider's later report means for a delivery. Courier's statuses are an open set."""

from dataclasses import dataclass

from notifications.contracts.vocabulary import DeliveryStatus
from policy.retries import Reason


@dataclass(frozen=True, slots=True)
class Receipt:
    """`status` is None for reports that move nothing."""

    status: DeliveryStatus | None
    reason: str | None = None


_ARRIVED = {"DELIVERED", "OPENED", "CLICKED"}
_LOST = {"UNDELIVERABLE", "UNROUTABLE", "UNMAPPED", "FILTERED", "THROTTLED", "CANCELED", "FAILED"}


def receipt_of(status: str, reason: str | None) -> Receipt:
    """Courier's `status` and `reason` of a message."""
    if status in _ARRIVED:
        return Receipt(DeliveryStatus.DELIVERED)
    if status in _LOST:
        return Receipt(DeliveryStatus.FAILED, Reason.BOUNCED if reason == "BOUNCED" else Reason.PROVIDER_REJECTED)
    return Receipt(None)
