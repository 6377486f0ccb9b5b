"""What a notification is to say, kept in the database until its time."""

from collections.abc import Mapping
from typing import Any

import orjson
from temporalio.converter import JSONPlainPayloadConverter, value_to_type

from notifications.contracts.notification import NotificationRequest


def as_json(content: NotificationRequest) -> dict[str, Any]:
    """Spelled as in Temporal's payloads."""
    payload = JSONPlainPayloadConverter().to_payload(content)
    if payload is None:
        raise ValueError("Content that is no JSON.")
    spelled: dict[str, Any] = orjson.loads(payload.data)
    return spelled


def content_from(kept: Mapping[str, Any]) -> NotificationRequest:
    """What `as_json` has spelled; its id and its user are nobody's."""
    content: NotificationRequest = value_to_type(NotificationRequest, kept)
    return content
