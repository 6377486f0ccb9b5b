"""What crosses between the workflow and its activities: ids, instants and outcomes, never content."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDelivery:
    """One external delivery that the workflow still has to bring out."""

    delivery_id: UUID
    channel: Channel
    deadline_seconds: int
    """From the moment it is due until it is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What acceptance decided."""

    call_id: str
    """Of the call that first had this notification accepted: another one than the workflow's own
    means that the notification existed before this workflow, and nothing is left to do."""
    status: NotificationStatus
    not_before: datetime | None = None
    """Set when the notification has to wait, its in-app delivery included."""
    deliveries: tuple[PlannedDelivery, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendInput:
    delivery_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    status: DeliveryStatus
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishInput:
    notification_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """A delivery whose sending ended without a recorded outcome."""

    delivery_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcludeInput:
    notification_id: UUID
    given_up: tuple[GivenUp, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    status: NotificationStatus
