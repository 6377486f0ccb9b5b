"""What can go wrong, in the domain's words. Transports map these classes to statuses and close codes."""

from collections.abc import Mapping, Sequence
from typing import Any


class NotificationError(Exception):
    """The root: everything this service refuses or cannot do."""


class InvalidNotification(NotificationError):
    """The request is at fault and changed nothing. `errors` maps each field to its messages."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("; ".join(f"{field}: {' '.join(messages)}" for field, messages in errors.items()))
        self.errors = errors


class IdempotencyConflict(NotificationError):
    """This idempotency key already stands for a notification with another content."""


class Unacceptable(NotificationError):
    """The service could not store the request, for a reason of its own; nothing was accepted."""


class StaleVersion(NotificationError):
    """The change was written for another version than the current one, and changed nothing."""


class NothingToRedrive(NotificationError):
    """The delivery has not failed, or would not be sent any more; the message says which."""


class NotificationNotFound(NotificationError):
    """No such notification, or not the caller's: the two are never told apart."""


class NothingLeft(NotificationError):
    """A change came too late for every channel; `channels` says what had become of each."""

    def __init__(self, channels: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("Nothing was left to change.")
        self.channels = channels


class NotInInbox(NotificationError):
    """It still waits for its time, or was never meant for the inbox: it cannot be taken out of it."""


class DigestClosed(NotificationError):
    """The digest has told already what it had gathered."""


class ServiceUnreachable(NotificationError):
    """The notification service cannot be reached, and nothing was accepted."""
