"""The words of the wire contract, one meaning each."""

from enum import StrEnum


class NotificationType(StrEnum):
    BOOKING = "booking"
    PAYMENT = "payment"
    SESSION = "session"
    REVIEW = "review"
    SYSTEM = "system"
    MESSAGE = "message"
    REMINDER = "reminder"


class Channel(StrEnum):
    IN_APP = "in_app"
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"

    @property
    def is_external(self) -> bool:
        """Leaves through a provider rather than through the inbox."""
        return self is not Channel.IN_APP


EXTERNAL_CHANNELS = tuple(channel for channel in Channel if channel.is_external)


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def task_priority(self) -> int:
        """Temporal's priority key: 1 is served first, 5 last."""
        return {Priority.URGENT: 1, Priority.HIGH: 2, Priority.NORMAL: 3, Priority.LOW: 4}[self]


class NotificationStatus(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DeliveryStatus(StrEnum):
    """One delivery's life. It moves forward only, along `rank`."""

    PENDING = "pending"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def rank(self) -> int:
        """Position on the way forward; a change never lowers it.

        A provider may still report a bounce after it accepted a message, so `failed` outranks `sent`;
        a receipt outranks everything, because then the person has it.
        """
        return _RANK[self]

    @property
    def is_settled(self) -> bool:
        """The service has nothing left to do for it (a receipt may still arrive)."""
        return self.rank >= DeliveryStatus.SENT.rank


_RANK = {
    DeliveryStatus.PENDING: 0,
    DeliveryStatus.SCHEDULED: 1,
    DeliveryStatus.SENDING: 2,
    DeliveryStatus.SENT: 3,
    DeliveryStatus.FAILED: 4,
    DeliveryStatus.SKIPPED: 4,
    DeliveryStatus.CANCELLED: 4,
    DeliveryStatus.DELIVERED: 5,
}


class DigestFrequency(StrEnum):
    """How often a person wants what can be gathered; `off` is each by itself."""

    OFF = "off"
    HOURLY = "hourly"
    DAILY = "daily"


class Weekday(StrEnum):
    """In the order of `datetime.weekday`."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
