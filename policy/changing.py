"""Whether a delivery can still be changed, and the truth about it when it cannot. Pure."""

from dataclasses import dataclass

from notifications.contracts.changes import ChangeKind, Effect
from notifications.contracts.vocabulary import DeliveryStatus
from policy.retries import Reason

_OUT = {DeliveryStatus.SENT, DeliveryStatus.DELIVERED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one delivery stands when a change arrives."""

    status: DeliveryStatus
    reason: str | None = None
    is_waiting: bool = False
    """For its time, or to be tried again; else, while `sending`, a provider is being asked."""
    in_doubt: bool = False
    """An attempt without an answer may have got through."""
    was_under_way: bool = False
    """The same change met it while a provider was being asked, and is asking again."""


def effect_on(delivery: Standing, kind: ChangeKind) -> Effect:
    """What a change does to one delivery."""
    if delivery.status.is_settled:
        return _on_settled(delivery, kind)
    if kind is ChangeKind.RESTORE:
        return Effect.NOT_SENT  # it was never cancelled, so there is nothing to undo
    if delivery.status is DeliveryStatus.SENDING:
        if not delivery.is_waiting:
            return Effect.UNDER_WAY
        if delivery.in_doubt:
            return Effect.IN_DOUBT
    return Effect.STOPPED if kind is ChangeKind.CANCEL else Effect.CHANGED


def _on_settled(delivery: Standing, kind: ChangeKind) -> Effect:
    if delivery.status in _OUT:
        return Effect.ALREADY_SENT
    if delivery.reason == Reason.IN_DOUBT:
        return Effect.IN_DOUBT
    if delivery.status is DeliveryStatus.CANCELLED and delivery.reason == Reason.CANCELLED:
        if kind is ChangeKind.RESTORE:
            return Effect.CHANGED
        if kind is ChangeKind.CANCEL and delivery.was_under_way:
            return Effect.STOPPED
    return Effect.NOT_SENT
