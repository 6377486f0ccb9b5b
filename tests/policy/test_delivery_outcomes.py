"""Deliveries move forward only, and a notification is what its deliveries make of it."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.contracts.vocabulary import DeliveryStatus, NotificationStatus
from policy.outcomes import may_follow, notification_status

PENDING, SCHEDULED, SENDING, SENT, DELIVERED, FAILED, SKIPPED, CANCELLED = DeliveryStatus
FORWARD = {
    PENDING: {SCHEDULED, SENDING, SENT, DELIVERED, FAILED, SKIPPED, CANCELLED},
    SCHEDULED: {SENDING, SENT, DELIVERED, FAILED, SKIPPED, CANCELLED},
    SENDING: {SENT, DELIVERED, FAILED, SKIPPED, CANCELLED},
    SENT: {DELIVERED, FAILED, SKIPPED, CANCELLED},
    FAILED: {DELIVERED},
    DELIVERED: set(),
    SKIPPED: set(),
    CANCELLED: set(),
}


@pytest.mark.parametrize(("current", "reported"), list(product(DeliveryStatus, DeliveryStatus)))
def test_a_delivery_moves_along_the_contracts_order_only(current: DeliveryStatus, reported: DeliveryStatus) -> None:
    assert may_follow(current, reported) is (reported in FORWARD[current])


@given(reports=st.lists(st.sampled_from(DeliveryStatus), max_size=12))
def test_no_sequence_of_reports_ever_lowers_a_rank(reports: list[DeliveryStatus]) -> None:
    ranks = [PENDING.rank]
    current = PENDING
    for reported in reports:
        current = reported if may_follow(current, reported) else current
        ranks.append(current.rank)
    assert ranks == sorted(ranks)


@given(reports=st.lists(st.sampled_from([SENT, FAILED, DELIVERED]), min_size=1))
def test_receipts_end_the_same_in_whatever_order_they_come(reports: list[DeliveryStatus]) -> None:
    def end(order: list[DeliveryStatus]) -> DeliveryStatus:
        current = SENDING
        for reported in order:
            current = reported if may_follow(current, reported) else current
        return current

    assert end(reports) == end(sorted(reports)) == end(sorted(reports, reverse=True))


@pytest.mark.parametrize(
    ("deliveries", "status"),
    [
        ([PENDING], NotificationStatus.PENDING),
        ([SCHEDULED], NotificationStatus.PENDING),
        ([SENDING], NotificationStatus.PENDING),
        ([DELIVERED, PENDING], NotificationStatus.PENDING),
        ([FAILED, SENDING], NotificationStatus.PENDING),
        ([SENT], NotificationStatus.SENT),
        ([DELIVERED, SENT], NotificationStatus.SENT),
        ([DELIVERED, SKIPPED], NotificationStatus.SENT),
        ([SKIPPED], NotificationStatus.SENT),
        ([SENT, CANCELLED], NotificationStatus.SENT),
        ([FAILED], NotificationStatus.FAILED),
        ([DELIVERED, FAILED], NotificationStatus.FAILED),
        ([FAILED, CANCELLED], NotificationStatus.FAILED),
        ([CANCELLED], NotificationStatus.CANCELLED),
        ([CANCELLED, SKIPPED], NotificationStatus.CANCELLED),
    ],
)
def test_a_notification_is_what_its_deliveries_make_of_it(
    deliveries: list[DeliveryStatus], status: NotificationStatus
) -> None:
    assert notification_status(deliveries) is status


@given(deliveries=st.lists(st.sampled_from(DeliveryStatus), min_size=1))
def test_a_notifications_status_does_not_depend_on_the_order_of_its_deliveries(
    deliveries: list[DeliveryStatus],
) -> None:
    assert notification_status(deliveries) is notification_status(sorted(deliveries))


@given(deliveries=st.lists(st.sampled_from(DeliveryStatus), min_size=1))
def test_a_notification_is_pending_exactly_while_a_delivery_is_under_way(deliveries: list[DeliveryStatus]) -> None:
    under_way = any(not status.is_settled for status in deliveries)
    assert (notification_status(deliveries) is NotificationStatus.PENDING) is under_way
