"""A notification is not accepted with a question that this deployment would never ask."""

import pytest

from activities.refusing import check_precondition
from notifications.contracts.building import build_request
from notifications.contracts.errors import InvalidNotification
from notifications.contracts.notification import NotificationRequest
from providers.destinations import Destinations


def asking(url: str) -> NotificationRequest:
    return build_request(
        user="ada", notification_type="booking", title="Soon", message="Perhaps.", precondition={"url": url}
    )


def test_without_a_key_to_sign_with_nobody_is_asked() -> None:
    with pytest.raises(InvalidNotification, match="PRECONDITION_SECRET"):
        check_precondition(asking("https://shop.example/"), None)


def test_a_private_address_is_promised_nothing_unless_it_is_allowed() -> None:
    with pytest.raises(InvalidNotification, match="private"):
        check_precondition(asking("http://10.0.0.7/"), Destinations())
    check_precondition(asking("http://10.0.0.7/"), Destinations(allowed_hosts=["10.0.0.7"]))
