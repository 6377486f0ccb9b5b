"""Reminders as they are asked for and answered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field, StrictInt

from api.schemas.fields import Instant, Shape
from api.schemas.words import (
    ChannelWord,
    Key,
    Message,
    ObjectId,
    ObjectType,
    PreconditionWord,
    PriorityWord,
    Title,
    TypeWord,
    UserId,
)
from notifications.contracts import limits
from notifications.contracts.reminders import ReminderStatus
from notifications.options import RemindOptions


class RemindersCreate(Shape):
    """`user` or `users`, an anchor, and what to say: the content fields of a notification."""

    user: UserId | None = None
    users: list[UserId] | None = Field(default=None, max_length=limits.IDS_PER_CALL, examples=[["anna", "ben"]])
    anchor: str = Field(examples=["booking:123"])
    starts_at: Instant
    offsets: list[StrictInt] = Field(
        examples=[[86400, 1800]], description="Seconds before the start; negative ones are after it."
    )
    notification_type: TypeWord | None = None
    title: Title | None = Field(default=None, examples=["Your session starts soon"])
    message: Message | None = Field(default=None, examples=["Bring a mat and some water."])
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
    expires_at: Instant | None = None
    precondition: PreconditionWord | None = None

    def everybody(self) -> list[str | int]:
        return [*(self.users or []), *([] if self.user is None else [self.user])]

    def content(self) -> RemindOptions:
        """What each reminder says, as the client takes it."""
        channels = self.delivery_channels
        if channels is None and self.delivery_channel is not None:
            channels = [self.delivery_channel]
        return {
            "notification_type": self.notification_type,
            "title": self.title,
            "message": self.message,
            "template_key": self.template_key,
            "delivery_channels": channels,
            "metadata": self.metadata,
            "related_object_type": self.related_object_type,
            "related_object_id": self.related_object_id,
            "group_key": self.group_key,
            "supersede_key": self.supersede_key,
            "escalation": self.escalation,
            "priority": self.priority,
            "expires_at": self.expires_at,
            "precondition": self.precondition,
        }


class AnchorMove(Shape):
    starts_at: Instant


class Reminder(Shape):
    user: str
    offset: int
    fires_at: datetime
    status: ReminderStatus
    notification_id: UUID | None


class Reminders(Shape):
    anchor: str
    starts_at: datetime
    reminders: list[Reminder]
