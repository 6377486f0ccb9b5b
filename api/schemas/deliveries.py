"""Deliveries, also as staff see them: never an address, never a word of the message."""

from datetime import datetime
from uuid import UUID

from api.schemas.fields import Shape
from notifications.contracts.vocabulary import Channel, DeliveryStatus
from policy.retries import Outcome


class ChannelDelivery(Shape):
    """One channel of a notification."""

    channel: Channel
    status: DeliveryStatus
    reason: str | None
    provider: str | None
    provider_message_id: str | None
    attempts: int
    sent_at: datetime | None
    delivered_at: datetime | None
    next_attempt_at: datetime | None


class Delivery(ChannelDelivery):
    id: UUID
    notification: UUID
    user: str
    redrives: int
    created_at: datetime
    updated_at: datetime


class DeliveryPage(Shape):
    """`cursor` in the links; there is no count."""

    next: str | None
    previous: str | None
    results: list[Delivery]


class Attempt(Shape):
    """One try at the provider, under the key that the provider knows it by."""

    number: int
    outcome: Outcome
    status_code: int | None
    retry_after_seconds: float | None
    idempotency_key: str
    started_at: datetime
    finished_at: datetime | None


class DeliveryDetail(Delivery):
    attempt_history: list[Attempt]


class StartedRedrive(Shape):
    """`detail` is null when it is tried again, else the reason why it is not."""

    id: UUID
    detail: str | None


class StartedRedrives(Shape):
    """What was found failed on this page, and how many of it are tried again; `next` is to be posted to, to go on."""

    next: str | None
    started: int
    results: list[StartedRedrive]
