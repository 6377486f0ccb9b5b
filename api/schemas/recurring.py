"""Recurring notifications as they are asked for and answered."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field, StrictInt

from api.schemas.fields import ClockTime, Instant, Shape
from api.schemas.words import ChannelWord, Key, Message, ObjectId, ObjectType, PriorityWord, Title, TypeWord, UserId
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


class _Said(Shape):
    """What each of them says: the content fields of a notification."""

    notification_type: TypeWord | None = None
    title: Title | None = Field(default=None, examples=["Your week"])
    message: Message | None = Field(default=None, examples=["Have a look at what is booked."])
    template_key: Key | None = None
    delivery_channel: ChannelWord | None = None
    delivery_channels: list[ChannelWord] | None = None
    metadata: dict[str, Any] | None = None
    related_object_type: ObjectType | None = None
    related_object_id: ObjectId | None = None
    group_key: Key | None = None
    supersede_key: Key | None = None
    escalation: dict[ChannelWord, StrictInt] | None = None
    priority: PriorityWord | None = None

    def content(self) -> dict[str, Any]:
        """What was given, as the client takes it."""
        given = self.model_dump(exclude_unset=True, include=set(_Said.model_fields))
        first = given.pop("delivery_channel", None)
        return given if first is None else {"delivery_channels": [first], **given}


class RecurringCreate(_Said):
    """`user` or `users`, when, on whose clocks, and what to say."""

    key: str = Field(examples=["weekly-plan"], json_schema_extra={"maxLength": limits.ANCHOR_CHARS})
    user: UserId | None = None
    users: list[UserId] | None = Field(default=None, max_length=limits.IDS_PER_CALL, examples=[["anna", "ben"]])
    recurs: Cron | WeekdaysAndTime = Field(alias="schedule")
    time_zone: str = Field(examples=["Europe/Berlin"], description=f"`{RECIPIENTS_ZONE}` is each recipient's own.")
    ends_at: Instant | None = None

    def everybody(self) -> list[str | int]:
        return [*(self.users or []), *([] if self.user is None else [self.user])]


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
