"""Courier, through its own client. The only file that imports it.

The client's own retries are off: Temporal owns them, and an unkeyed or hidden retry could send twice.
"""

from collections.abc import Mapping
from typing import Any

import courier
import httpx

from notifications.contracts.vocabulary import Channel
from providers.provider import (
    Accepted,
    OutcomeUnknown,
    OutgoingMessage,
    ProviderBusy,
    ProviderError,
    ProviderMisconfigured,
    RecipientRejected,
)

_CONNECT_SECONDS = 3.0
# A retry must never come from a socket pool that ran dry and be mistaken for a silent provider.
_CONNECTIONS = httpx.Limits(max_connections=200, max_keepalive_connections=50)

_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
# The same key is being worked on, or Courier gave up waiting for us: what became of it is open.
_UNDECIDED = {408, 409}
_MISCONFIGURED = {401, 403, 404}
# From something in front of Courier as likely as from Courier itself.
_GATEWAY_ERRORS = {502, 503, 504}


class CourierProvider:
    """Hands messages to Courier: one recipient, one channel, one key per call."""

    name = "courier"

    def __init__(self, *, auth_token: str, base_url: str, timeout_seconds: float) -> None:
        self._client = courier.AsyncCourier(
            api_key=auth_token,
            base_url=base_url,
            max_retries=0,
            timeout=httpx.Timeout(timeout_seconds, connect=_CONNECT_SECONDS),
            http_client=courier.DefaultAsyncHttpxClient(limits=_CONNECTIONS),
        )

    async def send(self, message: OutgoingMessage) -> Accepted:
        """See `DeliveryProvider.send`."""
        try:
            answer = await self._client.send.message(
                message=_as_courier_message(message), idempotency_key=message.idempotency_key
            )
        except courier.APIStatusError as error:
            # The vendor's text may quote the address; only the status goes on.
            raise _classified(error.status_code, error.response.headers) from None
        except courier.APIConnectionError as error:
            if isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout):
                raise ProviderBusy from None  # it never heard of this message
            raise OutcomeUnknown from None
        except courier.CourierError:
            raise OutcomeUnknown from None
        return Accepted(message_id=answer.request_id)

    async def close(self) -> None:
        await self._client.close()


def _as_courier_message(message: OutgoingMessage) -> Any:
    """Courier's `message` object. https://www.courier.com/docs/reference/send/message"""
    shape: dict[str, Any] = {
        "to": {"user_id": message.user_id, **_address(message)},
        "content": {"title": message.subject, "body": message.body},
        "routing": {"method": "single", "channels": [message.channel.value]},
        "metadata": {"trace_id": message.delivery_id},
    }
    if message.expires_at is not None:
        # Courier may go on trying for 72 hours; what has expired by then must not arrive.
        shape["expiry"] = {"expires_in": "PT72H", "expires_at": message.expires_at.isoformat()}
    return shape


def _address(message: OutgoingMessage) -> dict[str, Any]:
    match message.channel:
        case Channel.EMAIL:
            return {"email": message.address}
        case Channel.SMS:
            return {"phone_number": message.address}
        case Channel.PUSH:
            return {"firebaseToken": list(message.address)}
        case _:
            raise ValueError(f"{message.channel} does not leave through a provider")


def _classified(status: int, headers: Mapping[str, str]) -> ProviderError:
    """What to do next about an HTTP status."""
    if status == _TOO_MANY_REQUESTS:
        return ProviderBusy(status_code=status, retry_after_seconds=_retry_after(headers))
    if status in _UNDECIDED:
        return OutcomeUnknown(status_code=status)
    if status in _MISCONFIGURED:
        return ProviderMisconfigured(status_code=status)
    if status >= _SERVER_ERROR:
        # Courier keeps its first answer to a key, a 500 included, and repeats it for a day or more.
        return ProviderBusy(
            status_code=status,
            retry_after_seconds=_retry_after(headers),
            key_spent=None if status in _GATEWAY_ERRORS else True,
        )
    return RecipientRejected(status_code=status)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, RFC 9110 §10.2.3; the date form is not used by Courier and counts as absent."""
    value = headers.get("retry-after", "")
    return float(value) if value.isdecimal() else None
