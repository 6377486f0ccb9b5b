"""From what Temporal reports to the contract's errors."""

from temporalio.exceptions import ApplicationError

from notifications.contracts.errors import (
    IdempotencyConflict,
    InvalidNotification,
    NotificationNotFound,
    ServiceUnreachable,
    Unacceptable,
)


def refusal(cause: BaseException) -> Exception:
    """The domain's error behind a failed update or workflow."""
    if isinstance(cause, ApplicationError):
        if cause.type == InvalidNotification.__name__ and cause.details:
            return InvalidNotification(cause.details[0])
        if cause.type == IdempotencyConflict.__name__:
            return conflict()
        if cause.type == NotificationNotFound.__name__:
            return NotificationNotFound()
        if cause.type == Unacceptable.__name__:
            return Unacceptable("The notification could not be stored; nothing was accepted.")
    return unreachable()


def conflict() -> IdempotencyConflict:
    return IdempotencyConflict("This idempotency key was used for another notification.")


def unreachable() -> ServiceUnreachable:
    return ServiceUnreachable(
        "The notification service cannot be reached; no acceptance is known. Repeat the call with the same key."
    )
