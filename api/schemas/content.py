"""What a notification may say and whom it may be for, however it comes to be made."""

from typing import Any

from pydantic import Field, StrictInt

from api.schemas.fields import Shape
from api.schemas.words import (
    ChannelWord,
    Key,
    Message,
    ObjectId,
    ObjectType,
    PriorityWord,
    Title,
    TypeWord,
    UserId,
)
from notifications.contracts import limits
from notifications.options import NotifyOptions, RemindOptions

_OPTIONS = NotifyOptions.__annotations__.keys() | RemindOptions.__annotations__.keys()


class OnChannels(Shape):
    """`delivery_channels`, or `delivery_channel` for a single one."""

    delivery_channel: ChannelWord | None = None
    delivery_channels: list[ChannelWord] | None = Field(default=None, examples=[["in_app", "email"]])

    def channels(self) -> list[str] | None:
        if self.delivery_channels is None and self.delivery_channel is not None:
            return [self.delivery_channel]
        return self.delivery_channels


class Content(OnChannels):
    """Either `title` and `message`, or `template_key` with its variables in `metadata`."""

    notification_type: TypeWord | None = None
    title: Title | None = Field(default=None, examples=["Booking confirmed"])
    message: Message | None = Field(default=None, examples=["Your yoga session with Jane Doe is confirmed."])
    template_key: Key | None = None
    metadata: dict[str, Any] | None = None
    related_object_type: ObjectType | None = None
    related_object_id: ObjectId | None = None
    group_key: Key | None = None
    supersede_key: Key | None = None
    escalation: dict[ChannelWord, StrictInt] | None = Field(default=None, examples=[{"email": 600}])
    priority: PriorityWord | None = None

    def content(self) -> dict[str, Any]:
        """What was given of the client's options, as it takes them."""
        given = {name: getattr(self, name) for name in self.model_fields_set & _OPTIONS}
        channels = self.channels()
        return given if channels is None else given | {"delivery_channels": channels}


class Everybody(Shape):
    """Whom several are for: `user`, `users`, or both."""

    user: UserId | None = None
    users: list[UserId] | None = Field(default=None, max_length=limits.IDS_PER_CALL, examples=[["anna", "ben"]])

    def everybody(self) -> list[str | int]:
        return [*(self.users or []), *([] if self.user is None else [self.user])]
