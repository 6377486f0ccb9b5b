"""From what became of the deliveries to what became of the notification."""

from collections.abc import Iterable

from notifications.contracts.vocabulary import DeliveryStatus, NotificationStatus

_DEAD = {DeliveryStatus.SKIPPED, DeliveryStatus.CANCELLED}


def notification_status(deliveries: Iterable[DeliveryStatus]) -> NotificationStatus:
    """Pending while any delivery is under way, then failed if any was given up, else sent.

    A skipped delivery was not wanted after all and does not count against it; when every delivery was
    cancelled, so was the notification.
    """
    statuses = list(deliveries)
    if not all(status.is_settled for status in statuses):
        return NotificationStatus.PENDING
    if DeliveryStatus.FAILED in statuses:
        return NotificationStatus.FAILED
    if DeliveryStatus.CANCELLED in statuses and all(status in _DEAD for status in statuses):
        return NotificationStatus.CANCELLED
    return NotificationStatus.SENT


def may_follow(current: DeliveryStatus, reported: DeliveryStatus) -> bool:
    """Whether a reported status moves a delivery forward; late and repeated reports do not."""
    return reported.rank > current.rank and current not in _DEAD
