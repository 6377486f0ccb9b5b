"""Changes to what has not gone out yet, and its story."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field

from api.schemas.fields import Instant, Shape
from notifications.contracts.changes import Effect
from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationStatus


def _in_the_future(instant: datetime) -> datetime:
    if instant <= datetime.now(UTC):
        raise ValueError("Must be in the future; null sends at once what waits.")
    return instant


Future = Annotated[Instant, AfterValidator(_in_the_future)]


class Reschedule(Shape):
    scheduled_for: Future | None = Field(
        description="The new time; null sends at once what waits.", examples=["2027-05-01T09:00:00Z"]
    )


class NotificationEdit(Shape):
    """Whatever is given is written, to the channels that have not gone out."""

    title: str | None = None
    message: str | None = None
    metadata: dict[str, Any] | None = None
    delivery_channel: str | None = None
    delivery_channels: list[str] | None = None
    scheduled_for: Future | None = None
    expires_at: Future | None = None

    def given(self) -> dict[str, Any]:
        """By the notification's columns; of these, a time alone may be null."""
        named = {"delivery_channel": "channels", "delivery_channels": "channels"}
        times = {"scheduled_for", "expires_at"}
        given = {
            named.get(name, name): [value] if name == "delivery_channel" else value
            for name in self.model_fields_set
            if (value := getattr(self, name)) is not None or name in times
        }
        if self.delivery_channels is not None:
            given["channels"] = self.delivery_channels
        return given


class ChannelEffect(Shape):
    """What became of one channel: `stopped`, `changed`, `already_sent` (`at` says when), `in_doubt`, `not_sent`."""

    channel: Channel
    effect: Effect
    status: DeliveryStatus
    reason: str | None
    at: datetime | None


class ChangeResult(Shape):
    id: UUID
    status: NotificationStatus
    channels: list[ChannelEffect]


class NothingToChange(Shape):
    """The conflict: nothing was left to change; `channels` says what had gone out, and when."""

    detail: str
    channels: list[ChannelEffect]


class TimelineEntry(Shape):
    at: datetime
    event: str
    channel: Channel | None
    reason: str | None
    explanation: str | None
    until: datetime | None
    attempt: int | None
    status_code: int | None


class Timeline(Shape):
    id: UUID
    status: NotificationStatus
    entries: list[TimelineEntry]
