"""The same notification for many recipients, asked for in one call."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from notifications.contracts.notification import NotificationRequest


class BatchStatus(StrEnum):
    PENDING = "pending"
    """Accepted; it waits for its time, or its turn."""
    RUNNING = "running"
    COMPLETED = "completed"
    """Every recipient's notification has been accepted, or cannot be."""
    CANCELLED = "cancelled"
    FAILED = "failed"
    """A defect of the service stopped it."""

    @property
    def is_over(self) -> bool:
        """Nobody else will be notified."""
        return self not in (BatchStatus.PENDING, BatchStatus.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Everybody whom the service knows, or those of them whom every given field describes."""

    locale: str | None = None
    """Theirs, or a wider one: `pt` lets `pt-BR` in."""
    time_zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """What a batch is started with; `call_id` and `fingerprint` as in `NotificationRequest`.

    Either `users`, distinct and in order, or an `audience`.
    """

    batch_id: UUID
    call_id: str
    fingerprint: str
    content: NotificationRequest | None = None
    """As every recipient gets it, but for its id and its user. None, and no users, once the database has them:
    they travel through Temporal a single time."""
    users: tuple[str, ...] = ()
    audience: Audience | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedBatch:
    """The answer to a request, once its transaction has committed; also the workflow's result."""

    batch_id: UUID
    call_id: str
    fingerprint: str
    scheduled_for: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageInput:
    batch_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResult:
    """What became of one page of recipients."""

    accepted: int = 0
    is_last: bool
    """The batch is over."""
