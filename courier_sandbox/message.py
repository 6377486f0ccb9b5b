"""A message as Courier holds it, and the strict reading of what `POST /send` brings.

Strict about what matters to the product: one recipient, one channel, an address for it, words to say, and no
line break in a title, which would forge a header in an email. Courier itself takes more (lists, templates,
several channels); the sandbox refuses what it would not honour. Shapes: https://www.courier.com/docs/reference
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Channel = Literal["email", "sms", "push"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)

Status = Literal["ENQUEUED", "SENT", "DELIVERED", "UNDELIVERABLE", "CANCELED"]
WebhookOrder = Literal["once", "twice", "reversed"]

_ADDRESS_FIELDS: Mapping[Channel, str] = {"email": "email", "sms": "phone_number", "push": "firebaseToken"}


class InvalidMessage(ValueError):
    """What Courier answers with 400; the text says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a valid call asks to have sent."""

    channel: Channel
    user: str | None
    to: str
    title: str
    body: str
    trace_id: str | None
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Draft):
    """A draft that was accepted, with its times in Unix milliseconds."""

    id: str
    idempotency_key: str | None
    webhook_order: WebhookOrder
    status: Status
    enqueued: int
    sent: int | None = None
    delivered: int | None = None

    @property
    def bounces(self) -> bool:
        """The rule that makes bounces reproducible: the address starts with `bounce`."""
        return self.to.startswith("bounce")

    @property
    def reason(self) -> str | None:
        return "BOUNCED" if self.status == "UNDELIVERABLE" else None


def new_message_id(now_ms: int) -> str:
    """An id as Courier writes them: version, seconds in hex, randomness."""
    return f"1-{now_ms // 1000:08x}-{secrets.token_hex(12)}"


def glance(payload: Any) -> tuple[str | None, str | None]:
    """The channel and the user that any call seems to be about, however malformed the rest."""
    message = _member(payload, "message")
    channels = _member(_member(message, "routing"), "channels")
    channel = channels[0] if isinstance(channels, list) and channels else None
    user = _member(_member(message, "to"), "user_id")
    return channel if isinstance(channel, str) else None, user if isinstance(user, str) else None


def read_draft(payload: Any) -> Draft:
    """The draft in a call's JSON; raises `InvalidMessage`."""
    message = _object(_member(payload, "message"), "message")
    recipient = _object(message.get("to"), "message.to", hint=", exactly one recipient")
    channel = _channel(_object(message.get("routing"), "message.routing"))
    content = _object(message.get("content"), "message.content")
    metadata = _object(message.get("metadata", {}), "message.metadata")
    for name in ("timeout", "expiry", "channels", "providers"):
        _object(message.get(name, {}), f"message.{name}")
    _, user = glance(payload)
    return Draft(
        channel=channel,
        user=user,
        to=_address(recipient, channel),
        # An SMS has no title to show.
        title=_title(_text(content, "content.title", required=channel != "sms")),
        body=_text(content, "content.body"),
        trace_id=_text(metadata, "metadata.trace_id", required=False) or None,
        tags=_tags(metadata.get("tags")),
    )


def details(message: Message) -> dict[str, Any]:
    """The message as `GET /messages/{id}` and the webhooks give it: https://www.courier.com/docs/guides/getting-started/outbound-webhooks"""
    error = {"error": "The address bounced the message", "reason": message.reason} if message.reason else {}
    times = {"enqueued": message.enqueued, "sent": message.sent, "delivered": message.delivered}
    known_times = {name: value for name, value in times.items() if value is not None}
    provider = {"channel": {"key": message.channel}, "provider": f"sandbox-{message.channel}", "status": message.status}
    return {
        "id": message.id,
        # A message sent by content has no event nor template of its own.
        "event": message.id,
        "notification": message.id,
        "recipient": message.user or message.to,
        "status": message.status,
        **known_times,
        **error,
        "channels": [{"channel": message.channel, "address": message.to}],
        "providers": [provider | known_times | error] if message.sent is not None else [],
        "metadata": {"trace_id": message.trace_id, "tags": list(message.tags)},
    }


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _object(value: Any, name: str, hint: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidMessage(f"{name} must be an object{hint}")
    return value


def _text(parent: dict[str, Any], path: str, *, required: bool = True) -> str:
    value = parent.get(path.rpartition(".")[2])
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value.strip()):
        raise InvalidMessage(f"message.{path} must be a non-empty string")
    return value


def _title(title: str) -> str:
    if "\r" in title or "\n" in title:
        raise InvalidMessage("message.content.title must not contain a line break")
    return title


def _channel(routing: dict[str, Any]) -> Channel:
    channels = routing.get("channels")
    if routing.get("method") == "single" and isinstance(channels, list) and len(channels) == 1:
        for channel in CHANNELS:
            if channels[0] == channel:
                return channel
    raise InvalidMessage(f'message.routing must be {{"method": "single"}} with one channel of {", ".join(CHANNELS)}')


def _address(recipient: dict[str, Any], channel: Channel) -> str:
    field = _ADDRESS_FIELDS[channel]
    value = recipient.get(field)
    # A user may have several devices.
    values = value if isinstance(value, list) and channel == "push" else [value]
    addresses = [address for address in values if isinstance(address, str) and address.strip()]
    if not addresses or len(addresses) < len(values):
        raise InvalidMessage(f"message.to.{field} must hold an address for {channel}")
    if channel == "email" and "@" not in addresses[0]:
        raise InvalidMessage("message.to.email must be an email address")
    return ", ".join(addresses)


def _tags(value: Any) -> tuple[str, ...]:
    tags = [] if value is None else value
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise InvalidMessage("message.metadata.tags must be a list of strings")
    return tuple(tags)
