"""The client that other services install: it starts notifications and needs nothing but Temporal's client."""

from notifications.accepting import Notification
from notifications.announcing import Batch
from notifications.client import NotificationsClient
from notifications.contracts.batches import Audience
from notifications.contracts.errors import (
    IdempotencyConflict,
    InvalidNotification,
    NotificationError,
    NotificationNotFound,
    ServiceUnreachable,
    Unacceptable,
)

__all__ = [
    "Audience",
    "Batch",
    "IdempotencyConflict",
    "InvalidNotification",
    "Notification",
    "NotificationError",
    "NotificationNotFound",
    "NotificationsClient",
    "ServiceUnreachable",
    "Unacceptable",
]
