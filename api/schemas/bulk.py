"""The same notification for many, and how far it has come."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from api.schemas.fields import Shape
from api.schemas.notifications import NotificationContent
from api.schemas.recipients import Locale, TimeZone
from api.schemas.words import Key, UserId
from notifications.contracts import limits
from notifications.contracts.batches import BatchStatus
from notifications.contracts.vocabulary import NotificationStatus, NotificationType


class Audience(Shape):
    """Everybody whom the service knows, or those of them whom every given field describes."""

    all: Literal[True] = Field(description="Says aloud that nobody is named.")
    locale: Locale | None = Field(default=None, description="`pt` lets `pt-BR` in.", examples=["de"])
    time_zone: TimeZone | None = Field(default=None, examples=["Europe/Berlin"])


class BulkCreate(NotificationContent):
    """Either `users` or an `audience`; the rest as for a single notification, the same for all of them."""

    users: list[UserId] | None = Field(
        default=None, description=f"At most {limits.USERS_PER_BATCH}.", examples=[["anna", 42]]
    )
    audience: Audience | None = None
    # A batch takes neither: they are read to be refused in words, where ignoring them would mislead.
    digest: SkipJsonSchema[dict[str, Any] | None] = None
    supersede_key: SkipJsonSchema[Key | None] = None


class BatchAccepted(Shape):
    """`total` is null while it is accepted and not readable yet."""

    id: UUID
    status: BatchStatus
    total: int | None


class Batch(Shape):
    """Of `total` recipients `accepted` have their notification; for `failed` it could not be made (`failures` says
    why); `stopped` never will have it.

    While an audience is being walked through, `total` is how many there were at the beginning.
    """

    id: UUID
    status: BatchStatus
    total: int
    accepted: int
    failed: int
    stopped: int
    failures: dict[str, int]
    notification_type: NotificationType
    title: str | None
    template_key: str | None
    audience: Audience | None
    scheduled_for: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class BatchPage(Shape):
    count: int
    next: str | None
    previous: str | None
    results: list[Batch]


class BatchDetail(Batch):
    """`notifications` counts them by their status: those that leave through a provider are `pending` until then."""

    notifications: dict[NotificationStatus, int]


class BatchIsOver(BatchDetail):
    """The conflict: nothing was left to stop."""

    detail: str
