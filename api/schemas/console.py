"""What the staff console shows of everybody."""

from datetime import datetime

from api.schemas.fields import Shape
from api.schemas.notifications import NotificationItem
from notifications.contracts.vocabulary import Channel, NotificationStatus


class RecentNotification(NotificationItem):
    user: str
    status: NotificationStatus
    delivery_channels: list[Channel]
    scheduled_for: datetime | None


class RecentPage(Shape):
    """A page may be empty and have a `next`: it looks at 2,000 notifications, and goes on from there."""

    next: str | None
    previous: str | None
    results: list[RecentNotification]


class Rate(Shape):
    """`sent` is what entered the inbox, or what a provider took over; `failed` is tries that it did not take."""

    at: datetime
    channel: Channel
    sent: int
    failed: int


class Rates(Shape):
    """By minute from `since` on, which is later than asked for where there is too much to count."""

    since: datetime
    until: datetime
    results: list[Rate]
