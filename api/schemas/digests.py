"""Digests as staff look into them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from api.schemas.fields import Shape
from notifications.contracts.digests import WindowKind
from notifications.contracts.vocabulary import NotificationType


class DigestWindow(Shape):
    """With the fields of its kind."""

    kind: WindowKind
    seconds: int | None = None
    at_most_seconds: int | None = None
    count: int | None = None
    at: str | None = None


class Digest(Shape):
    """`total` is how many entries it holds, or told of; `notification_id` is what told of them, if there were any."""

    id: UUID
    user: str
    key: str
    notification_type: NotificationType
    window: DigestWindow
    status: Literal["open", "closed"]
    opened_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    total: int
    notification_id: UUID | None


class DigestEntry(Shape):
    """`waiting` for the digest, `digested` in it, or `left`: read, expired, stopped or moved before."""

    id: UUID
    title: str
    message: str
    related_object_type: str | None
    related_object_id: str | None
    created_at: datetime
    status: Literal["waiting", "digested", "left"]


class DigestDetail(Digest):
    """With its newest entries, at most a hundred."""

    entries: list[DigestEntry]


class DigestPage(Shape):
    count: int
    next: str | None
    previous: str | None
    results: list[Digest]
