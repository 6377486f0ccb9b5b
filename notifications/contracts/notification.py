"""One notification as it is asked for and as it is accepted."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from notifications.contracts.digests import DigestChoice
from notifications.contracts.preconditions import Precondition
from notifications.contracts.vocabulary import Channel, NotificationStatus, NotificationType, Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRequest:
    """What a service asks for. The only shape that carries content through Temporal.

    Either `title` and `message`, or `template_key` with `metadata` as its variables.
    `fingerprint` is the digest of everything asked for; `call_id` tells the call that started the
    workflow from later calls with the same key.
    """

    notification_id: UUID
    call_id: str
    fingerprint: str
    user: str
    notification_type: NotificationType
    title: str | None = None
    message: str | None = None
    template_key: str | None = None
    channels: tuple[Channel, ...] = ()
    """Empty means the type's default channels."""
    metadata: dict[str, Any] = field(default_factory=dict)
    related_object_type: str | None = None
    related_object_id: str | None = None
    group_key: str | None = None
    notification_key: str | None = None
    supersede_key: str | None = None
    """What waits under the same key for the same user is stopped when this one is accepted."""
    escalation: dict[Channel, int] | None = None
    """Channels used only if it is still unread so many seconds after it arrived; None means the type's."""
    priority: Priority | None = None
    """None means the type's priority."""
    scheduled_for: datetime | None = None
    expires_at: datetime | None = None
    resumed: bool = False
    """It has been accepted already, by an earlier run or by its batch, and is to be brought out.
    Only ids are in here then."""
    digest: DigestChoice | None = None
    """Told together with others, instead of by itself."""
    precondition: Precondition | None = None
    """Asked before each send through a provider."""
    summary_week: str | None = None
    """A weekly summary, of a week such as `2026-W48`. What it says is counted when it is accepted."""
    is_digest: bool = False
    """It tells what its person's own digest has gathered."""
    batch_id: UUID | None = None
    """Its batch, which gives way to everything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedNotification:
    """The answer to a request, once its first transaction has committed; also the workflow's result."""

    notification_id: UUID
    call_id: str
    fingerprint: str
    status: NotificationStatus
