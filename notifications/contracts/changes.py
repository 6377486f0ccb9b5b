"""What may be changed about a notification that has not gone out yet, and the truth about what was."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID, uuid4

from notifications.contracts.vocabulary import Channel, DeliveryStatus


class ChangeKind(StrEnum):
    CANCEL = "cancel"
    RESTORE = "restore"
    """Undoes a cancellation, until the planned time."""
    RESCHEDULE = "reschedule"
    EDIT = "edit"
    """Words, channels or times; the words wait in the database under the change's id."""
    REDRIVE = "redrive"
    """Tries one failed channel again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change to one notification. Repeating it with the same id is answered again and not done again.

    No words are in here: they would stay in Temporal's history.
    """

    change_id: UUID
    notification_id: UUID
    kind: ChangeKind
    scheduled_for: datetime | None = None
    """RESCHEDULE: the new time; None sends what waits at once."""
    channel: Channel | None = None
    """REDRIVE: the channel that had failed; all others are left alone."""

    @classmethod
    def of(cls, notification_id: UUID, kind: ChangeKind, *, scheduled_for: datetime | None = None) -> Self:
        """A new change, with an id of its own."""
        return cls(change_id=uuid4(), notification_id=notification_id, kind=kind, scheduled_for=scheduled_for)


class Effect(StrEnum):
    """What a change did to one channel."""

    STOPPED = "stopped"
    CHANGED = "changed"
    ALREADY_SENT = "already_sent"
    IN_DOUBT = "in_doubt"
    """The provider never answered: it may have gone out. It is not tried again."""
    UNDER_WAY = "under_way"
    """A provider is being asked at this moment."""
    NOT_SENT = "not_sent"
    """It had ended before, without being sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEffect:
    channel: Channel
    effect: Effect
    status: DeliveryStatus
    """How the delivery stands after the change."""
    reason: str | None = None
    at: datetime | None = None
    """When it had gone out, or is planned to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAnswer:
    """The truth about one change, by channel."""

    change_id: UUID
    channels: tuple[ChannelEffect, ...] = ()

    @property
    def changed_anything(self) -> bool:
        return any(each.effect in (Effect.STOPPED, Effect.CHANGED) for each in self.channels)

    @property
    def is_final(self) -> bool:
        """No provider is being asked; nothing in the answer can change any more."""
        return all(each.effect is not Effect.UNDER_WAY for each in self.channels)
