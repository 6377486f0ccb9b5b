"""A user's switches."""

from datetime import datetime
from uuid import UUID

from api.schemas.fields import Shape
from notifications.contracts.vocabulary import NotificationType


class SettingWrite(Shape):
    """Switches left out keep their state."""

    notification_type: NotificationType
    email_enabled: bool | None = None
    sms_enabled: bool | None = None
    in_app_enabled: bool | None = None
    push_enabled: bool | None = None


class Setting(Shape):
    id: UUID
    notification_type: NotificationType
    notification_type_display: str
    email_enabled: bool
    sms_enabled: bool
    in_app_enabled: bool
    push_enabled: bool
    created_at: datetime
    updated_at: datetime


class SettingPage(Shape):
    count: int
    next: str | None
    previous: str | None
    results: list[Setting]
