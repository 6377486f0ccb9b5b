"""Reminders as they are asked for and answered."""

from datetime import datetime
from uuid import UUID

from pydantic import Field, StrictInt

from api.schemas.content import Content, Everybody
from api.schemas.fields import Instant, Shape
from api.schemas.words import Message, PreconditionWord, Title
from notifications.contracts.reminders import ReminderStatus


class RemindersCreate(Content, Everybody):
    """`user` or `users`, an anchor, and what to say: the content fields of a notification."""

    anchor: str = Field(examples=["booking:123"])
    starts_at: Instant
    offsets: list[StrictInt] = Field(
        examples=[[86400, 1800]], description="Seconds before the start; negative ones are after it."
    )
    title: Title | None = Field(default=None, examples=["Your session starts soon"])
    message: Message | None = Field(default=None, examples=["Bring a mat and some water."])
    expires_at: Instant | None = None
    precondition: PreconditionWord | None = None


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
