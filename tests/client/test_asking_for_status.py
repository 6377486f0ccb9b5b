"""What a service can ask of a notification that it had accepted."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from notifications import InvalidNotification, NotificationNotFound, NotificationsClient
from notifications.contracts.building import build_request
from notifications.contracts.vocabulary import NotificationStatus


async def test_a_finished_notification_tells_how_it_ended(client: NotificationsClient) -> None:
    notification = await client.notify(user="42", title="Done", message="And gone.", notification_type="system")

    assert await client.status(notification.id) is NotificationStatus.SENT


async def test_a_waiting_notification_is_pending(client: NotificationsClient) -> None:
    notification = await client.notify(
        user="42",
        title="Later",
        message="Not yet.",
        notification_type="system",
        scheduled_for=datetime.now(UTC) + timedelta(hours=1),
    )

    assert await client.status(notification.id) is NotificationStatus.PENDING


async def test_one_that_never_was_and_one_that_was_refused_are_not_found(client: NotificationsClient) -> None:
    refused = build_request(user="42", notification_type="booking", template_key="no.such")
    with pytest.raises(InvalidNotification):
        await client.accept(refused)

    for unknown in (uuid4(), refused.notification_id):
        with pytest.raises(NotificationNotFound):
            await client.status(unknown)
