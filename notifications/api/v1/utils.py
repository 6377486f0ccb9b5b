"""The functions that Django services of the marketplace already import, unchanged in name and arguments.

`TEMPORAL_ADDRESS` and `TEMPORAL_NAMESPACE` say where the service is.
"""

from collections.abc import Iterable
from typing import Unpack

from notifications.accepting import Notification
from notifications.blocking import BlockingNotificationsClient
from notifications.contracts.vocabulary import Channel
from notifications.options import DeliveryOptions

_client = BlockingNotificationsClient()


def create_in_app_notification(
    user: object, title: str, message: str, notification_type: str, **options: Unpack[DeliveryOptions]
) -> Notification:
    """Puts one notification into the user's inbox; `user` is an id or any object with `pk` or `id`.

    Raises:
        InvalidNotification, IdempotencyConflict, ServiceUnreachable: nothing was accepted.
    """
    options.setdefault("delivery_channels", (Channel.IN_APP,))
    return _client.notify(user=user, title=title, message=message, notification_type=notification_type, **options)


def bulk_create_notifications(
    users: Iterable[object], title: str, message: str, notification_type: str, **options: Unpack[DeliveryOptions]
) -> list[Notification]:
    """The same notification for each of `users`, over the type's default channels, in their order."""
    return _client.notify_many(
        users=users, title=title, message=message, notification_type=notification_type, **options
    )
