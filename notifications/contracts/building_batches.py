"""From loose arguments to a `BatchRequest`, or to an error naming every field at fault."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any
from uuid import uuid4

from notifications.contracts import limits
from notifications.contracts.batches import Audience, BatchRequest
from notifications.contracts.building import build_request, user_id_of
from notifications.contracts.checking import Check
from notifications.contracts.errors import InvalidNotification
from notifications.contracts.names import keyed_batch_id
from notifications.contracts.notification import NotificationRequest

_NOBODY = "nobody yet"


def build_batch(
    *,
    notification_type: str,
    users: Iterable[object] | None = None,
    audience: Audience | None = None,
    idempotency_key: str | None = None,
    notification_key: str | None = None,
    **content: Any,
) -> BatchRequest:
    """A checked request for a batch; `content` is that of `build_request`.

    `idempotency_key`, else `notification_key`, decides the id. Who is named twice is notified once.

    Raises:
        InvalidNotification: with every field at fault.
    """
    check = Check()
    key = check.text("idempotency_key", idempotency_key, limits.KEY_CHARS) or notification_key
    if (users is None) is (audience is None):
        check.fail("users", "Name either users or an audience.")
    if audience is not None:
        check.text("audience", audience.locale, limits.OBJECT_CHARS)
        check.text("audience", audience.time_zone, limits.OBJECT_CHARS)
    if content.get("supersede_key") is not None:
        check.fail("supersede_key", "A batch supersedes nothing.")
    if content.get("digest") is not None:
        check.fail("digest", "A batch is not gathered; it reaches everybody by itself.")
    recipients = () if users is None else _users(check, users)
    try:
        request = build_request(
            user=_NOBODY, notification_type=notification_type, notification_key=notification_key, **content
        )
    except InvalidNotification as error:
        check.add(error.errors)
        check.finish()
        raise
    check.finish()
    batch_id = keyed_batch_id(key or uuid4().hex)
    fingerprint = _fingerprint(request, recipients, audience)
    return BatchRequest(
        batch_id=batch_id,
        call_id=uuid4().hex,
        fingerprint=fingerprint,
        content=replace(request, call_id=str(batch_id), fingerprint=fingerprint),
        users=recipients,
        audience=audience,
    )


def _users(check: Check, users: Iterable[object]) -> tuple[str, ...]:
    if isinstance(users, str):
        check.fail("users", "Must be a list of users.")
        return ()
    found: set[str] = set()
    for user in users:
        try:
            name = check.text("users", user_id_of(user), limits.USER_CHARS, required=True)
        except InvalidNotification as error:
            check.fail("users", error.errors["user"][0])
            break
        if name is None:
            break  # one of them is enough to say what is wrong
        found.add(name)
    else:
        if not found:
            check.fail("users", "Name at least one user.")
        elif len(found) > limits.USERS_PER_BATCH:
            check.fail("users", f"At most {limits.USERS_PER_BATCH} in one batch; this names {len(found)}.")
        elif len(json.dumps(list(found))) > limits.BATCH_BYTES:
            check.fail("users", f"At most {limits.BATCH_BYTES} bytes of JSON in one batch.")
    return tuple(sorted(found))


def _fingerprint(request: NotificationRequest, users: tuple[str, ...], audience: Audience | None) -> str:
    whole = [request.fingerprint, users, audience and asdict(audience)]
    return hashlib.sha256(json.dumps(whole, separators=(",", ":")).encode()).hexdigest()
