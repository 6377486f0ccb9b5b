"""What crosses between the workflow and its activities: ids, instants and outcomes, never content."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDelivery:
    """One external delivery whose moment has come."""

    delivery_id: UUID
    channel: Channel
    deadline_seconds: int
    """From the moment it is due until it is given up."""
    redrives: int = 0
    """How often it has been redriven."""
    asks_first: bool = False
    """Nobody could say whether it is still true; that is asked with patience before it is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done now, and when to think again."""

    status: NotificationStatus
    deliveries: tuple[PlannedDelivery, ...] = ()
    """To be sent now, those included that are being sent already."""
    wake_at: datetime | None = None
    """The next instant at which something that waits may be due; None when nothing waits."""
    waits_for: str = ""
    """Why, in the word of `policy.planning.Reason`, for whoever looks at the waiting workflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptResult:
    """What acceptance came to."""

    call_id: str
    """Of the call that first had this notification accepted: another one than the workflow's own
    means that the notification existed before this workflow, and nothing is left to do."""
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class SendInput:
    delivery_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AskInput:
    delivery_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """How a delivery stands after its sending, or after asking whether it is to be sent: then `pending` lets it."""

    status: DeliveryStatus
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceInput:
    notification_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """A delivery whose sending ended without a recorded outcome."""

    delivery_id: UUID
    reason: str
    redrives: int = 0
    """If it has been redriven since, it is not this sending that decides about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcludeInput:
    notification_id: UUID
    given_up: tuple[GivenUp, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    status: NotificationStatus
