"""What a vendor is to this service: something that takes a message, or says what to do next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from notifications.contracts.vocabulary import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One delivery, ready to leave. It is never logged: it holds an address and a person's words."""

    idempotency_key: str
    delivery_id: str
    channel: Channel
    user_id: str
    address: str | tuple[str, ...]
    """An email address, a phone number, or push tokens."""
    subject: str
    body: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken the message over; delivery is reported later, by webhook."""

    message_id: str


class DeliveryProvider(Protocol):
    name: str

    async def send(self, message: OutgoingMessage) -> Accepted:
        """Hands a message over once, without retries of its own.

        Raises:
            ProviderError: one of its children, each named for what to do next.
        """
        ...


class ProviderError(Exception):
    """The message was not taken over. Carries the HTTP status where there was one, and never content."""

    def __init__(self, *, status_code: int | None = None) -> None:
        super().__init__(f"status {status_code}" if status_code else "no answer")
        self.status_code = status_code


class RecipientRejected(ProviderError):
    """The provider will never take this message: do not ask again."""


class ProviderBusy(ProviderError):
    """Not now: ask again after `retry_after_seconds`, or when it suits if that is None.

    `key_spent` tells whether this refusal is what the provider will answer to the same idempotency key
    from now on; None when that cannot be told.
    """

    def __init__(
        self,
        *,
        status_code: int | None = None,
        retry_after_seconds: float | None = None,
        key_spent: bool | None = False,
    ) -> None:
        super().__init__(status_code=status_code)
        self.retry_after_seconds = retry_after_seconds
        self.key_spent = key_spent


class OutcomeUnknown(ProviderError):
    """No answer, so it may have been sent: ask again with the same key and no other."""


class ProviderMisconfigured(ProviderError):
    """Our credentials or address of the provider are wrong: a person has to mend it."""
