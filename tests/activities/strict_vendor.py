"""A vendor who knows what the person wants, and will not be handed what should not have come.

What may be sent is decided here once more, in other words than the product's. All instants are the world's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from driven_world import MINUTES_OF_DAY, MINUTES_OF_WEEK, World

from notifications.contracts.changes import ChangeAnswer, ChangeKind, Effect
from notifications.contracts.names import delivery_id
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.vocabulary import EXTERNAL_CHANNELS, Channel, NotificationType, Priority
from policy.types import policy_of
from providers.provider import Accepted, OutcomeUnknown, OutgoingMessage, ProviderBusy, RecipientRejected

DAY = timedelta(days=1)
# Between the product's last look at the clock and the vendor's, the clock goes on.
_STOPPED = {Effect.STOPPED, Effect.IN_DOUBT}
JUST_NOW = timedelta(seconds=5)


@dataclass(kw_only=True)
class Life:
    """One notification, as it was asked for."""

    kind: NotificationType
    priority: Priority
    channels: tuple[Channel, ...]
    due: datetime
    expires_at: datetime | None
    escalation: Mapping[Channel, int]
    is_digest: bool = False
    is_read: bool = False
    is_deleted: bool = False
    stopped: set[Channel] = field(default_factory=set)

    def learn(self, kind: ChangeKind, answer: ChangeAnswer, due: datetime) -> None:
        effects = {each.channel: each.effect for each in answer.channels}
        match kind:
            case ChangeKind.CANCEL:
                self.stopped |= {each for each, effect in effects.items() if effect in _STOPPED}
            case ChangeKind.RESTORE:
                self.stopped -= {each for each, effect in effects.items() if effect is Effect.CHANGED}
            case _ if answer.changed_anything:
                self.due = due


@dataclass
class Wants:
    """What the person has said."""

    by_type: dict[tuple[NotificationType, Channel], bool] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)

    digest_since: datetime | None = None
    """When they last changed how what may wait is told."""

    def allow(self, kind: NotificationType, channel: Channel) -> bool:
        if channel in policy_of(kind).forbidden or channel in self.profile.get("opted_out_channels", ()):
            return False
        if channel in policy_of(kind).required:
            return True
        overall = self.profile.get(f"{channel}_enabled")
        return self.by_type.get((kind, channel), True if overall is None else overall)


class StrictVendor:
    name = "strict"

    def __init__(self, world: World) -> None:
        self.world = world
        self.wants = Wants()
        self.lives: dict[UUID, Life] = {}
        self.script: list[str] = []
        """What happens to the next calls."""
        self.accepted: dict[str, UUID] = {}
        """The delivery, by each key under which a message got through."""
        self._received: dict[UUID, datetime] = {}
        """When each message may last have got through, since there is a limit."""
        self._had_slots: set[UUID] = set()
        self.digested: dict[UUID, UUID] = {}
        """The digest that told of each delivery."""
        self._tried: set[UUID] = set()

    def hear_of_digest(self, request: NotificationRequest, entries: Sequence[UUID]) -> None:
        """What may be told in it, at the moment at which that is decided."""
        (channel,), now, told_at = request.channels, self.world.now, self.world.told_at
        assert channel in EXTERNAL_CHANNELS, "a second place in the inbox"
        assert told_at is not None, "told together with others, against the person's wish"
        assert not (self._is_quiet(now) and self._is_quiet(now - JUST_NOW)), "told in quiet hours"
        last = now - timedelta(minutes=(_minute_of_week(now) - told_at) % MINUTES_OF_DAY)
        assert request.metadata["total"] == len(entries), "another number than it tells"
        for entry in entries:
            life, delivery = self.lives[entry], delivery_id(entry, channel)
            since = max(life.due, self.wants.digest_since or life.due)
            assert last + JUST_NOW + timedelta(minutes=1) >= since or self._is_quiet(last), "told before its time"
            assert life.priority is not Priority.URGENT, "urgent, and made to wait"
            assert not life.is_digest, "a digest of digests"
            has_left = life.is_read or life.is_deleted or channel in life.stopped
            assert not has_left, "told although it had left"
            assert life.expires_at is None or now < life.expires_at + JUST_NOW, "told after its expiry"
            assert self.wants.allow(life.kind, channel), "told against a preference"
            assert delivery not in self.digested, "told twice"
            assert delivery not in self.accepted.values(), "told although sent"
            self.digested[delivery] = request.notification_id
        self.lives[request.notification_id] = Life(
            kind=NotificationType.SYSTEM,
            priority=Priority.NORMAL,
            channels=(channel,),
            due=now,
            expires_at=None,
            escalation={},
            is_digest=True,
        )

    def limit(self, limit: int | None) -> None:
        """A new limit. What was on its way goes out under the old one."""
        if self.wants.profile.get("daily_limit") is None:
            self._received.clear()
        self._had_slots |= self.world.sends.keys()
        self.wants.profile["daily_limit"] = limit

    async def send(self, message: OutgoingMessage) -> Accepted:
        notification, delivery = self._whose(message)
        life, now = self.lives[notification], self.world.now
        await self._check_wanted(notification, life, message.channel, now)
        assert delivery not in self.digested, "sent although told"
        self._check_patience(delivery, life, message.channel, now)
        self._tried.add(delivery)
        match self.script.pop(0) if self.script else None:
            case "busy":
                raise ProviderBusy(status_code=429, retry_after_seconds=600)
            case "rejected":
                raise RecipientRejected(status_code=400)
            case "silent":
                self._check_attention(delivery, life, now)
                raise OutcomeUnknown
            case "lost":
                self._take(message.idempotency_key, delivery, life, now)
                raise OutcomeUnknown
        self._take(message.idempotency_key, delivery, life, now)
        return Accepted(message.idempotency_key)

    def _take(self, key: str, delivery: UUID, life: Life, now: datetime) -> None:
        self._check_attention(delivery, life, now)
        assert key in self.accepted or delivery not in self.accepted.values(), "sent twice"
        self.accepted[key] = delivery

    def _whose(self, message: OutgoingMessage) -> tuple[UUID, UUID]:
        delivery = UUID(message.delivery_id)
        return next(
            (each, delivery) for each in self.lives for channel in EXTERNAL_CHANNELS
            if delivery_id(each, channel) == delivery
        )  # fmt: skip

    async def _check_wanted(self, notification: UUID, life: Life, channel: Channel, now: datetime) -> None:
        assert not life.is_deleted, "sent although deleted"
        assert channel not in life.stopped, "sent after a truthful cancel"
        assert now >= life.due, "sent before its time"
        assert life.expires_at is None or now < life.expires_at + JUST_NOW, "sent after its expiry"
        if life.is_digest:
            assert channel not in self.wants.profile.get("opted_out_channels", ()), "sent to who has opted out"
        else:
            assert self.wants.allow(life.kind, channel), "sent against a preference"
        published_at = await self.world.published_at(notification)
        if channel in life.escalation and published_at is not None:
            assert not life.is_read, "sent although read"
            assert now >= published_at + timedelta(seconds=life.escalation[channel]), "escalated too soon"
        if life.priority is not Priority.URGENT:
            assert not (self._is_quiet(now) and self._is_quiet(now - JUST_NOW)), "sent in quiet hours"

    def _check_patience(self, delivery: UUID, life: Life, channel: Channel, now: datetime) -> None:
        """What goes by itself, although its person wants to be told once a day, is what may not wait."""
        told_at = self.world.told_at
        if told_at is None or life.is_digest or life.priority is Priority.URGENT or delivery in self._tried:
            return
        if channel in policy_of(life.kind).required:
            return
        wait = (told_at - _minute_of_week(now)) % MINUTES_OF_DAY or MINUTES_OF_DAY
        told = now + timedelta(minutes=wait)
        while self._is_quiet(told):
            told += timedelta(minutes=1)
        assert life.expires_at is not None, "not gathered"
        assert life.expires_at < told + timedelta(minutes=1), "not gathered"

    def _is_quiet(self, now: datetime) -> bool:
        return any((_minute_of_week(now) - begin) % MINUTES_OF_WEEK < length for begin, length in self.world.quiet)

    def _check_attention(self, delivery: UUID, life: Life, now: datetime) -> None:
        limit = self.wants.profile.get("daily_limit")
        if life.priority is Priority.URGENT or limit is None:
            return
        self._received[delivery] = now
        recent = [each for each, at in self._received.items() if at > now - DAY]
        assert delivery in self._had_slots or len(recent) <= limit, "sent beyond the day's limit"


def _minute_of_week(now: datetime) -> int:
    return (now.weekday() * 24 + now.hour) * 60 + now.minute
