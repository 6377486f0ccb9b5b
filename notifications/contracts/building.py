"""From loose arguments to a `NotificationRequest`, or to an error naming every field at fault.

The SDK and the API build requests here and nowhere else, so both doors refuse the same things before
anything has been started.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import uuid4

from notifications.contracts import limits
from notifications.contracts.errors import InvalidNotification
from notifications.contracts.names import keyed_notification_id
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.vocabulary import Channel, NotificationType, Priority

Word = TypeVar("Word", bound=StrEnum)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CONTROL_BUT_LAYOUT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NOT_CONTENT = {"notification_id", "call_id", "fingerprint"}
_ADDED_LATER = {"supersede_key", "escalation"}


def user_id_of(user: object) -> str:
    """A user's id as text: the value itself, or the `pk` or `id` of an object (a Django user)."""
    if isinstance(user, str | int):
        return str(user)
    for name in ("pk", "id"):
        value = getattr(user, name, None)
        if value is not None:
            return str(value)
    raise InvalidNotification({"user": ["An id, or an object with pk or id, is required."]})


def build_request(
    *,
    user: object,
    notification_type: str,
    title: str | None = None,
    message: str | None = None,
    template_key: str | None = None,
    delivery_channels: Iterable[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    related_object_type: str | None = None,
    related_object_id: object = None,
    group_key: str | None = None,
    notification_key: str | None = None,
    supersede_key: str | None = None,
    escalation: Mapping[str, int] | None = None,
    priority: str | None = None,
    scheduled_for: datetime | None = None,
    expires_at: datetime | None = None,
    idempotency_key: str | None = None,
) -> NotificationRequest:
    """A checked request, with its id and fingerprint.

    `idempotency_key`, else `notification_key`, decides the id; with neither, every call is a new one.

    Raises:
        InvalidNotification: with every field at fault.
    """
    check = _Check()
    user = check.text("user", user_id_of(user), limits.USER_CHARS, required=True)
    kind = check.word("notification_type", notification_type, NotificationType)
    key = check.text("idempotency_key", idempotency_key, limits.KEY_CHARS)
    notification_key = check.text("notification_key", notification_key, limits.KEY_CHARS)
    title = check.text("title", title, limits.TITLE_CHARS, required=template_key is None)
    message = check.text("message", message, limits.MESSAGE_CHARS, required=template_key is None, layout=True)
    if template_key is not None and (title is not None or message is not None):
        check.fail("template_key", "Give either a template or a title and message, not both.")
    request = NotificationRequest(
        notification_id=keyed_notification_id(key or notification_key or uuid4().hex),
        call_id=uuid4().hex,
        fingerprint="",
        user=user or "",
        notification_type=kind or NotificationType.SYSTEM,
        title=title,
        message=message,
        template_key=check.text("template_key", template_key, limits.KEY_CHARS),
        channels=check.channels("delivery_channels", delivery_channels),
        metadata=check.metadata("metadata", metadata),
        related_object_type=check.text("related_object_type", related_object_type, limits.OBJECT_CHARS),
        related_object_id=check.text(
            "related_object_id", None if related_object_id is None else str(related_object_id), limits.OBJECT_CHARS
        ),
        group_key=check.text("group_key", group_key, limits.KEY_CHARS),
        notification_key=notification_key,
        supersede_key=check.text("supersede_key", supersede_key, limits.KEY_CHARS),
        escalation=check.escalation("escalation", escalation),
        priority=None if priority is None else check.word("priority", priority, Priority),
        scheduled_for=check.instant("scheduled_for", scheduled_for),
        expires_at=check.instant("expires_at", expires_at),
    )
    if request.scheduled_for and request.expires_at and request.expires_at <= request.scheduled_for:
        check.fail("expires_at", "Must be later than scheduled_for.")
    check.finish()
    return replace(request, fingerprint=fingerprint(request))


def fingerprint(request: NotificationRequest) -> str:
    """The digest by which 'the same key with another body' is recognised."""
    content = {item.name: getattr(request, item.name) for item in fields(request) if item.name not in _NOT_CONTENT}
    # A request that does not use a later field keeps the fingerprint that it had before there was one.
    content = {name: value for name, value in content.items() if value is not None or name not in _ADDED_LATER}
    text = json.dumps(content, sort_keys=True, default=lambda value: value.isoformat(), separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class _Check:
    """Collects what is wrong, so that one answer names every field."""

    def __init__(self) -> None:
        self._errors: dict[str, list[str]] = {}

    def fail(self, field: str, message: str) -> None:
        self._errors.setdefault(field, []).append(message)

    def finish(self) -> None:
        if self._errors:
            raise InvalidNotification(self._errors)

    def text(self, field: str, value: object, most: int, *, required: bool = False, layout: bool = False) -> str | None:
        """One line of at most `most` characters; `layout` admits line breaks and tabs."""
        if value is None or value == "":
            if required:
                self.fail(field, "This field is required.")
            return None
        if not isinstance(value, str):
            self.fail(field, "Not a valid string.")
        elif len(value) > most:
            self.fail(field, f"Ensure this field has no more than {most} characters.")
        elif (_CONTROL_BUT_LAYOUT if layout else _CONTROL).search(value) or not _is_encodable(value):
            # A line break in a title would become a header of its own in an email.
            self.fail(field, "Control characters are not allowed." if layout else "Must be a single line of text.")
        elif required and not value.strip():
            self.fail(field, "This field may not be blank.")
        else:
            return value
        return None

    def word(self, field: str, value: object, words: type[Word]) -> Word | None:
        for word in words:
            if word == value:
                return word
        told = str(value)[:50].encode(errors="replace").decode()
        self.fail(field, f'"{told}" is not one of: {", ".join(words)}.')
        return None

    def channels(self, field: str, values: Iterable[str] | None) -> tuple[Channel, ...]:
        if values is None:
            return ()
        if isinstance(values, str):
            values = (values,)
        if not isinstance(values, Iterable):
            self.fail(field, "Must be a list of channels.")
            return ()
        found = tuple(dict.fromkeys(self.word(field, value, Channel) for value in values))
        if not found:
            self.fail(field, "Name at least one channel, or leave it out for the type's defaults.")
        return tuple(channel for channel in found if channel is not None)

    def escalation(self, field: str, value: object) -> dict[Channel, int] | None:
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.fail(field, "Must be an object of seconds by channel.")
            return None
        found: dict[Channel, int] = {}
        for name, seconds in value.items():
            channel = self.word(field, name, Channel)
            if channel is Channel.IN_APP:
                self.fail(field, "in_app is what the other channels wait for to be read.")
            elif isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds <= limits.WAIT_SECONDS:
                self.fail(field, f"Seconds from 0 to {limits.WAIT_SECONDS} are required.")
            elif channel is not None:
                found[channel] = seconds
        return found

    def instant(self, field: str, value: object) -> datetime | None:
        if value is None:
            return None
        if not isinstance(value, datetime) or value.tzinfo is None:
            self.fail(field, "A date and time with its offset from UTC is required.")
            return None
        return value

    def metadata(self, field: str, value: Mapping[str, Any] | None) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.fail(field, "Must be an object.")
            return {}
        try:
            text = json.dumps(value, allow_nan=False)
            depth = _depth(value)
            has_huge_number = _has_huge_number(json.loads(text))
        except RecursionError:
            self.fail(field, f"Must nest at most {limits.METADATA_DEPTH} levels deep.")
            return {}
        except (TypeError, ValueError):
            self.fail(field, "Must hold only text, numbers, booleans, null, lists and objects.")
            return {}
        if len(text) > limits.METADATA_BYTES:
            self.fail(field, f"Must be at most {limits.METADATA_BYTES} bytes of JSON; this is {len(text)}.")
        elif depth > limits.METADATA_DEPTH:
            self.fail(field, f"Must nest at most {limits.METADATA_DEPTH} levels deep.")
        elif has_huge_number:
            # The database's JSON would keep it, and no client could read it back.
            self.fail(field, "Whole numbers must fit into 64 bits.")
        elif "\\u0000" in text or not _is_encodable(json.dumps(value, ensure_ascii=False)):
            self.fail(field, "Must be storable text: no NUL characters, no lone surrogates.")
        else:
            return dict(json.loads(text))
        return {}


def _has_huge_number(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_has_huge_number, value.values()))
    if isinstance(value, list):
        return any(map(_has_huge_number, value))
    return isinstance(value, int) and not -(2**63) <= value < 2**63


def _depth(value: object) -> int:
    """Levels of nesting."""
    if isinstance(value, Mapping):
        return 1 + max((_depth(item) for item in value.values()), default=0)
    if isinstance(value, list | tuple):
        return 1 + max((_depth(item) for item in value), default=0)
    return 0


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
