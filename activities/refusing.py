"""From the domain's refusals to the one error that Temporal carries back to the caller."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from notifications.contracts.errors import IdempotencyConflict, InvalidNotification, Unacceptable
from notifications.contracts.notification import NotificationRequest
from observability import where
from persistence.database import DatabaseFault, DatabaseUnavailable
from providers.destinations import Destinations


@contextmanager
def refusals() -> Iterator[None]:
    """What is the request's own fault is not tried again; an outage of the database is.

    Raises:
        ApplicationError: of a type named after the contract's error; nothing was written.
    """
    try:
        yield
    except DatabaseUnavailable:
        raise
    except (DatabaseFault, TypeError, ValueError) as error:
        # What cannot be stored today cannot be stored in a minute: better refused than tried for ever.
        raise ApplicationError(
            f"The request cannot be stored ({where(error)}).", type=Unacceptable.__name__, non_retryable=True
        ) from None
    except (InvalidNotification, IdempotencyConflict) as error:
        details = [error.errors] if isinstance(error, InvalidNotification) else []
        raise ApplicationError(
            "The request was refused.",
            *details,
            type=type(error).__name__,
            non_retryable=True,
            category=ApplicationErrorCategory.BENIGN,
        ) from None


def check_precondition(request: NotificationRequest, destinations: Destinations | None) -> None:
    """Refuses to promise a question that this deployment would not ask; `destinations` is None where it asks nobody.

    A name is looked at where it leads to when it is asked: what it says today is no promise.

    Raises:
        InvalidNotification: there is no key to sign with, or the address is a private one.
    """
    if request.precondition is None:
        return
    if destinations is None:
        raise InvalidNotification({"precondition": ["This service asks nobody: it has no PRECONDITION_SECRET."]})
    if destinations.is_refused(urlsplit(request.precondition.url).hostname or ""):
        raise InvalidNotification({"precondition": ["url: Must not lead to a private address."]})
