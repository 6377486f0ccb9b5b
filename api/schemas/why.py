"""What would happen to a notification, and why."""

from datetime import datetime

from api.schemas.fields import Shape
from notifications.contracts.vocabulary import Channel, NotificationType
from policy.channels import Rule
from policy.planning import WaitReason


class ChannelWhy(Shape):
    use: bool
    rule: Rule
    """What decides whether the channel is used."""
    explanation: str
    by_default: bool
    """Used when a notification of the type names no channels."""
    deferred_until: datetime | None
    deferred_by: WaitReason | None


class Why(Shape):
    """What would happen to a notification of this type that came in at this moment."""

    user: str
    notification_type: NotificationType
    now: datetime
    channels: dict[Channel, ChannelWhy]
