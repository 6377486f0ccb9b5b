"""What is to be simulated, and what would come of it."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, ValidationInfo, field_validator

from api.schemas.fields import Instant, Shape
from api.schemas.words import PreconditionWord
from notifications.contracts import limits
from notifications.contracts.checking import Check
from notifications.contracts.checking_preconditions import checked_precondition
from notifications.contracts.errors import InvalidNotification
from notifications.contracts.reminders import ReminderStatus
from notifications.contracts.vocabulary import Channel, NotificationType, Priority
from policy.planning import Go, Skip, Step, Wait

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _within_calendars(instant: datetime) -> datetime:
    if not _FIRST <= instant < _LAST:
        raise ValueError("Must be a date from 2000 to 2199.")
    return instant


def _as_text(value: object) -> object:
    """A number is the user whose id it is, as everywhere."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("Must be a single line of text.")
    return value


User = Annotated[
    str, BeforeValidator(_as_text), Field(min_length=1, max_length=limits.USER_CHARS), AfterValidator(_printable)
]


Moment = Annotated[Instant, AfterValidator(_within_calendars)]
Seconds = Annotated[StrictInt, Field(ge=0, le=limits.WAIT_SECONDS)]


class Simulation(Shape):
    """A notification that is only thought of. What is left out is the type's, and `at` is now."""

    user: User
    notification_type: NotificationType
    at: Moment | None = None
    channels: list[Channel] | None = Field(default=None, min_length=1, examples=[["in_app", "email"]])
    priority: Priority | None = None
    scheduled_for: Moment | None = None
    expires_at: Moment | None = None
    escalation: dict[Literal["email", "sms", "push"], Seconds] | None = Field(default=None, examples=[{"email": 600}])
    precondition: PreconditionWord | None = None
    read_at: Moment | None = Field(default=None, description="When it is read, if it has come by then; else at once.")
    read_after_seconds: Seconds | None = Field(default=None, description="So long after it came; neither is never.")

    @field_validator("expires_at")
    @classmethod
    def _outlasts_the_wait(cls, expires_at: datetime | None, info: ValidationInfo) -> datetime | None:
        scheduled_for = info.data.get("scheduled_for")
        if expires_at is not None and scheduled_for is not None and expires_at <= scheduled_for:
            raise ValueError("Must be later than scheduled_for.")
        return expires_at

    @field_validator("precondition")
    @classmethod
    def _can_be_asked(cls, precondition: dict[str, Any] | None) -> dict[str, Any] | None:
        check = Check()
        checked_precondition(check, "precondition", precondition)
        try:
            check.finish()
        except InvalidNotification as invalid:
            raise ValueError(" ".join(invalid.errors["precondition"])) from None
        return precondition

    @field_validator("read_after_seconds")
    @classmethod
    def _is_read_once(cls, seconds: int | None, info: ValidationInfo) -> int | None:
        if seconds is not None and info.data.get("read_at") is not None:
            raise ValueError("Give either read_at or read_after_seconds.")
        return seconds


class ReminderSimulation(Simulation):
    """Reminders of an anchor that is only thought of."""

    notification_type: NotificationType = NotificationType.REMINDER
    starts_at: Moment
    offsets: list[Annotated[StrictInt, Field(ge=-limits.OFFSET_SECONDS, le=limits.OFFSET_SECONDS)]] = Field(
        min_length=1,
        max_length=limits.OFFSETS_PER_CALL,
        examples=[[86400, 1800]],
        description="Seconds before the start; negative ones are after it.",
    )

    @field_validator("scheduled_for")
    @classmethod
    def _is_planned_by_its_offset(cls, scheduled_for: datetime | None) -> datetime | None:
        if scheduled_for is not None:
            raise ValueError("A reminder has its own: it follows from the anchor and the offset.")
        return scheduled_for


class StepWord(StrEnum):
    WAIT = "wait"
    SEND = "send"
    SKIP = "skip"

    @classmethod
    def of(cls, step: Step) -> "StepWord":
        match step:
            case Wait():
                return cls.WAIT
            case Go():
                return cls.SEND
            case Skip():
                return cls.SKIP


class SimulatedStep(Shape):
    """What is decided at one moment. `until` is when a wait ends; `send`, for `in_app`, is the place in the inbox."""

    at: datetime
    step: StepWord
    reason: str
    explanation: str | None
    until: datetime | None
    asks_first: bool
    """Its sender is asked whether it is still true, and may still stop it."""


class Simulated(Shape):
    user: str
    notification_type: NotificationType
    at: datetime
    read_at: datetime | None
    """Null when it is never read."""
    channels: dict[Channel, list[SimulatedStep]]


class SimulatedReminder(Shape):
    offset: int
    fires_at: datetime
    status: ReminderStatus
    """`waiting`, or `skipped` when its time has passed."""
    read_at: datetime | None
    channels: dict[Channel, list[SimulatedStep]]


class SimulatedReminders(Shape):
    user: str
    notification_type: NotificationType
    at: datetime
    starts_at: datetime
    reminders: list[SimulatedReminder]
