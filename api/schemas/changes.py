"""Changes to what has not gone out yet, and its story."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field

from api.schemas.content import OnChannels
from api.schemas.fields import Instant, Shape
from api.schemas.words import Message, Title
from notifications.contracts import limits
from notifications.contracts.changes import Effect
from notifications.contracts.checking import OUT_OF_REACH
from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationStatus
from policy.treatment import Wish


def _in_the_future(instant: datetime) -> datetime:
    if instant <= datetime.now(UTC):
        raise ValueError("Must be in the future; null sends at once what waits.")
    if instant.year not in limits.YEARS:
        raise ValueError(OUT_OF_REACH)
    return instant


Future = Annotated[Instant, AfterValidator(_in_the_future)]


class Reschedule(Shape):
    scheduled_for: Future | None = Field(
        description="The new time; null sends at once what waits.", examples=["2027-05-01T09:00:00Z"]
    )


class NotificationEdit(OnChannels):
    """Staff's part: whatever is given and differs is written, to the channels that have not gone out."""

    title: Title | None = Field(default=None, examples=["Booking moved"])
    message: Message | None = Field(default=None, examples=["Your yoga session starts at 11:00."])
    metadata: dict[str, Any] | None = None
    scheduled_for: Instant | None = None
    expires_at: Instant | None = None

    def given(self) -> dict[str, Any]:
        """By the notification's columns; of these, a time alone may be null."""
        times = {"scheduled_for", "expires_at"}
        editable = NotificationEdit.model_fields.keys() - OnChannels.model_fields.keys()
        given = {
            name: value
            for name in self.model_fields_set & editable
            if (value := getattr(self, name)) is not None or name in times
        }
        channels = self.channels()
        return given if channels is None else given | {"channels": channels}


class NotificationChange(NotificationEdit):
    """What is left out stays as it is. What is not the caller's to change is ignored, as are all other fields."""

    is_read: bool = Field(default=False, examples=[True])
    is_seen: bool = Field(default=False, examples=[True])
    is_archived: bool = Field(default=False, description="The short spelling of `archived_at`.")
    archived_at: Instant | None = Field(default=None, description="A time puts it into the archive, null takes it out.")
    snoozed_until: Instant | None = Field(
        default=None, description="Leaves the inbox and comes back to it, unread, at that time; null brings it back."
    )

    def wish(self) -> Wish:
        given = self.model_fields_set
        is_archived = self.archived_at is not None if "archived_at" in given else None
        return Wish(
            is_read=self.is_read if "is_read" in given else None,
            is_seen=self.is_seen if "is_seen" in given else None,
            is_archived=self.is_archived if "is_archived" in given else is_archived,
            archived_at=self.archived_at,
            is_snoozed=self.snoozed_until is not None if "snoozed_until" in given else None,
            snoozed_until=self.snoozed_until,
        )


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


class NotInTheInbox(Shape):
    """The conflict: it has not come into the inbox, so it cannot leave it."""

    detail: str


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
