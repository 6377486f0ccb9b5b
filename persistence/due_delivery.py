"""A delivery that is still to be brought out, with all that decides about it and that a provider needs."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifications.contracts.changes import ChannelEffect, Effect
from notifications.contracts.preconditions import IfUnreachable
from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationType, Priority
from persistence.recipients import Reachability
from policy.attention import Place, needs_slot
from policy.changing import Standing
from policy.planning import Situation, Wait, WaitReason
from policy.types import policy_of


@dataclass(frozen=True, slots=True)
class DueDelivery:
    id: UUID
    notification_id: UUID
    user_id: str
    channel: Channel
    notification_type: NotificationType
    priority: Priority
    status: DeliveryStatus
    reason: str | None
    subject: str
    body: str
    attempts: int
    key_generation: int
    redrives: int
    earlier_attempts: int
    in_doubt: bool
    """An attempt under the current key may have got through: it had no answer, or its process died."""
    next_attempt_at: datetime | None
    """Set while it waits: for its time, or to be tried again."""
    updated_at: datetime
    """Tells, when the delivery is claimed, whether anything about it has changed since."""
    sent_at: datetime | None
    has_slot: bool
    """It was given a slot of its person's attention budget."""
    accepted_at: datetime
    turn: int
    """Its place among the channels that were named."""
    cancel_requested: bool
    """Somebody cancelled it while a provider was being asked."""
    scheduled_for: datetime | None
    expires_at: datetime | None
    published_at: datetime | None
    read_at: datetime | None
    escalates_after_seconds: int | None
    if_unreachable: IfUnreachable | None
    """Set where its sender wants to be asked, before each send, whether it is still true."""
    unanswered_since: datetime | None
    answer_holds_until: datetime | None
    digest_id: UUID | None
    """The window that it waits in, or was told in, or has left."""
    is_digest: bool
    reachability: Reachability

    @property
    def needs_slot(self) -> bool:
        """Its person has a daily limit, and it counts."""
        return self.reachability.daily_limit is not None and needs_slot(self.channel, self.priority)

    @property
    def place(self) -> Place:
        """Where it stands in line for a slot."""
        return Place.of(self.priority, since=self.accepted_at, notification_id=self.notification_id, turn=self.turn)

    def is_to_be_asked_about(self, now: datetime) -> bool:
        """Its sender wants to be asked, and was not a moment ago."""
        return self.if_unreachable is not None and (self.answer_holds_until is None or self.answer_holds_until <= now)

    @property
    def silent_since(self) -> datetime | None:
        """Since when its sender was asked in vain; what was moved on meanwhile begins anew."""
        if self.unanswered_since is None or self.scheduled_for is None:
            return self.unanswered_since
        return max(self.unanswered_since, self.scheduled_for)

    @property
    def is_under_way(self) -> bool:
        """A provider is being asked at this moment."""
        return self.status is DeliveryStatus.SENDING and self.next_attempt_at is None

    @property
    def situation(self) -> Situation:
        return Situation(
            channel=self.channel,
            policy=policy_of(self.notification_type),
            preferences=self.reachability.preferences,
            has_address=self.reachability.has_address(self.channel),
            priority=self.priority,
            quiet_hours=self.reachability.quiet_hours,
            scheduled_for=self.scheduled_for,
            expires_at=self.expires_at,
            published_at=self.published_at,
            read_at=self.read_at,
            escalates_after_seconds=self.escalates_after_seconds,
            held_until=self.next_attempt_at if self.reason == WaitReason.PRECONDITION else None,
            own_digest=self.reachability.own_digest,
            gathered_until=self.next_attempt_at if self.reason == WaitReason.OWN_DIGEST else None,
            goes_alone=self.attempts > 0 or self.if_unreachable is not None,
            is_digest=self.is_digest,
        )

    @property
    def wait(self) -> Wait | None:
        """What it was put off for, by a plan; None when it was not, or waits to be tried again."""
        if self.next_attempt_at is None or self.reason not in set(WaitReason):
            return None
        return Wait(self.next_attempt_at, WaitReason(self.reason))

    def standing(self, *, was_under_way: bool = False) -> Standing:
        return Standing(
            status=self.status,
            reason=self.reason,
            is_waiting=self.next_attempt_at is not None,
            in_doubt=self.in_doubt,
            was_under_way=was_under_way,
        )

    def told(self, effect: Effect) -> ChannelEffect:
        """What somebody who wanted to change it is told: `at` is when it went out, or is planned to."""
        is_out = self.status in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED)
        return ChannelEffect(
            channel=self.channel,
            effect=effect,
            status=self.status,
            reason=self.reason,
            at=self.sent_at if is_out else self.next_attempt_at,
        )
