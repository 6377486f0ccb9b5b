"""Recurring notifications as they are asked for and answered."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from api.schemas.content import Content, Everybody
from api.schemas.fields import ClockTime, Instant, Shape
from api.schemas.words import Message, Title, UserId
from notifications.contracts import limits
from notifications.contracts.building_recurring import RECIPIENTS_ZONE

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Cron(Shape):
    model_config = ConfigDict(extra="forbid")

    cron: str = Field(examples=["0 9 1 * *"], description="Minute, hour, day, month and weekday.")


class WeekdaysAndTime(Shape):
    model_config = ConfigDict(extra="forbid")

    weekdays: list[Weekday] = Field(min_length=1, examples=[["monday", "thursday"]])
    time: ClockTime = Field(examples=["09:00"])


class _Said(Content):
    title: Title | None = Field(default=None, examples=["Your week"])
    message: Message | None = Field(default=None, examples=["Have a look at what is booked."])


class RecurringCreate(_Said, Everybody):
    """`user` or `users`, when, on whose clocks, and what to say."""

    key: str = Field(examples=["weekly-plan"], json_schema_extra={"maxLength": limits.ANCHOR_CHARS})
    recurs: Cron | WeekdaysAndTime = Field(alias="schedule")
    time_zone: str = Field(examples=["Europe/Berlin"], description=f"`{RECIPIENTS_ZONE}` is each recipient's own.")
    ends_at: Instant | None = None


class RecurringChange(_Said):
    """What is not named stays. `paused` is true to pause and false to go on."""

    paused: bool | None = None
    users: list[UserId] | None = Field(default=None, max_length=limits.IDS_PER_CALL)
    recurs: Cron | WeekdaysAndTime | None = Field(default=None, alias="schedule")
    time_zone: str | None = None
    ends_at: Instant | None = None

    def changes(self) -> dict[str, Any]:
        """By the names of the client's arguments. An end may be taken away; nothing else may be null."""
        when = self.model_dump(exclude_unset=True, by_alias=True, include={"users", "recurs", "time_zone"})
        given = {name: value for name, value in (when | self.content()).items() if value is not None}
        return given | ({"ends_at": self.ends_at} if "ends_at" in self.model_fields_set else {})


class NextTime(Shape):
    """`local` is what the clocks show; `at` is null when each recipient's own clock decides."""

    local: str
    at: datetime | None


class Recurring(Shape):
    key: str
    users: list[str]
    recurs: Cron | WeekdaysAndTime = Field(alias="schedule")
    time_zone: str
    ends_at: datetime | None
    paused: bool
    next: list[NextTime]
    notification_type: str
    title: str | None
    message: str | None
    template_key: str | None
    delivery_channels: list[str] | None
    metadata: dict[str, Any]


class RecurringItem(Shape):
    key: str
    paused: bool


class RecurringItems(Shape):
    results: list[RecurringItem]
