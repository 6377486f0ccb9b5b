"""From loose arguments to a `NotificationRequest`, or to an error naming every field at fault.

The SDK and the API build requests here and nowhere else, so both doors refuse the same things before
anything has been started.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from notifications.contracts import limits
from notifications.contracts.checking import Check
from notifications.contracts.checking_digests import checked_digest
from notifications.contracts.checking_preconditions import checked_precondition
from notifications.contracts.errors import InvalidNotification
from notifications.contracts.names import keyed_notification_id
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.reminders import ReminderRequest
from notifications.contracts.vocabulary import NotificationType, Priority

_ANCHOR = re.compile(r"[A-Za-z0-9_.-]+:[A-Za-z0-9_.:-]+")
_NOT_CONTENT = {"notification_id", "call_id", "fingerprint", "resumed", "is_digest"}
_ADDED_LATER = {"supersede_key", "escalation", "digest", "batch_id", "precondition", "summary_week"}


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
    digest: Mapping[str, Any] | None = None,
    precondition: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> NotificationRequest:
    """A checked request, with its id and fingerprint.

    `idempotency_key`, else `notification_key`, decides the id; with neither, every call is a new one.

    Raises:
        InvalidNotification: with every field at fault.
    """
    check = Check()
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
        digest=checked_digest(check, "digest", digest),
        precondition=checked_precondition(check, "precondition", precondition),
    )
    if request.scheduled_for and request.expires_at and request.expires_at <= request.scheduled_for:
        check.fail("expires_at", "Must be later than scheduled_for.")
    if request.digest is not None:
        by_itself = {"scheduled_for": scheduled_for, "escalation": escalation, "precondition": precondition}
        for name, value in by_itself.items():
            if value is not None:
                check.fail(name, "An entry of a digest goes out when its digest does.")
    check.finish()
    return replace(request, fingerprint=fingerprint(request))


def build_reminders(
    *,
    anchor: str,
    starts_at: datetime,
    offsets: Iterable[int],
    users: Iterable[object],
    content: Mapping[str, Any],
) -> ReminderRequest:
    """A checked request for reminders; `content` has the keyword arguments of `build_request` but the user's.

    Raises:
        InvalidNotification: with every field at fault.
    """
    check = Check()
    everybody = tuple(dict.fromkeys(user_id_of(user) for user in users))
    if not everybody:
        check.fail("users", "Name at least one user.")
    elif len(everybody) > limits.IDS_PER_CALL:
        check.fail("users", f"Ensure this field has no more than {limits.IDS_PER_CALL} elements.")
    for user in everybody:
        check.text("users", user, limits.USER_CHARS, required=True)
    if not isinstance(anchor, str) or len(anchor) > limits.ANCHOR_CHARS or not _ANCHOR.fullmatch(anchor):
        check.fail("anchor", "Must be what the reminders hang on, as booking:123.")
    check.instant("starts_at", starts_at)
    found = check.offsets("offsets", offsets)
    for name in ("scheduled_for", "notification_key"):
        if content.get(name) is not None:
            check.fail(name, "A reminder has its own: it follows from the anchor and the offset.")
    check.finish()
    kind, _, number = anchor.partition(":")
    related = {"related_object_type": kind, "related_object_id": number}
    given = {"notification_type": NotificationType.REMINDER, **related, **_given(content)}
    return ReminderRequest(
        anchor=anchor,
        starts_at=starts_at,
        offsets_seconds=found,
        users=everybody,
        content=build_request(user=everybody[0], **given),
    )


def _given(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value is not None}


def fingerprint(request: NotificationRequest) -> str:
    """The digest by which 'the same key with another body' is recognised."""
    content = {item.name: getattr(request, item.name) for item in fields(request) if item.name not in _NOT_CONTENT}
    # A request that does not use a later field keeps the fingerprint that it had before there was one.
    content = {name: value for name, value in content.items() if value is not None or name not in _ADDED_LATER}
    text = json.dumps(content, sort_keys=True, default=_plain, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> object:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value.isoformat()
