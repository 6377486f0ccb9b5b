"""A user's switches."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from api.schemas.fields import Shape
from notifications.contracts.vocabulary import Channel, NotificationType


class Switches(Shape):
    """Switches left out keep their state."""

    email_enabled: bool | None = Field(default=None, examples=[False])
    sms_enabled: bool | None = None
    in_app_enabled: bool | None = None
    push_enabled: bool | None = None

    def given(self) -> dict[str, bool]:
        """The switches that are to be written, by column."""
        return self.model_dump(include=set(Switches.model_fields), exclude_none=True)


class SettingWrite(Switches):
    notification_type: NotificationType


class BulkUpdate(Shape):
    preferences: list[SettingWrite] = Field(min_length=1, max_length=len(NotificationType) * 4)


class _OfType(Shape):
    """On which channels one type comes."""

    notification_type: NotificationType
    notification_type_display: str
    email_enabled: bool
    sms_enabled: bool
    in_app_enabled: bool
    push_enabled: bool


class Setting(_OfType):
    id: UUID
    created_at: datetime
    updated_at: datetime


class SettingPage(Shape):
    count: int
    next: str | None
    previous: str | None
    results: list[Setting]


class EffectiveSetting(_OfType):
    """What applies to a type, and which rule says so for each channel."""

    id: UUID | None
    reasons: dict[Channel, str]
    created_at: datetime | None
    updated_at: datetime | None


class EffectiveSettingPage(Shape):
    count: int
    next: str | None
    previous: str | None
    results: list[EffectiveSetting]
