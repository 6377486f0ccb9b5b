"""From decisions about each delivery to the plan that the workflow carries out, and the last look at one. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from notifications.contracts.delivery import Plan, PlannedDelivery
from notifications.contracts.vocabulary import Channel, NotificationStatus, NotificationType
from persistence.due_delivery import DueDelivery
from policy.planning import Go, Step, Wait, WaitReason, next_step
from policy.types import policy_of

AFTER_CLOSING = timedelta(seconds=5)
"""An entry of a digest looks so long after its window should have closed whether it has."""
WHILE_OVERDUE = timedelta(seconds=30)
"""So often it looks again when it has not."""


def planned(
    delivery_id: UUID, channel: Channel, notification_type: NotificationType, *, redrives: int = 0
) -> PlannedDelivery:
    return PlannedDelivery(
        delivery_id=delivery_id,
        channel=channel,
        deadline_seconds=policy_of(notification_type).deadline_seconds[channel],
        redrives=redrives,
    )


def last_check(due: DueDelivery, *, now: datetime) -> Step:
    """Whether what was planned may be sent at this moment."""
    step = next_step(due.situation, now=now)
    if isinstance(step, Go) and due.needs_slot and not due.has_slot:
        # The person's limit is newer than the plan; slots are given where plans are made.
        return Wait(now, WaitReason.ATTENTION_BUDGET)
    return step


def plan_of(status: NotificationStatus, deliveries: Iterable[PlannedDelivery], waits: Iterable[Wait]) -> Plan:
    """What to send now, and to think again at the end of the first wait."""
    first = min(waits, key=wakes_at, default=None)
    if first is None:
        return Plan(status=status, deliveries=tuple(deliveries))
    return Plan(status=status, deliveries=tuple(deliveries), wake_at=wakes_at(first), waits_for=first.reason)


def wakes_at(wait: Wait) -> datetime:
    """When it is time to think again: what waits for its window looks whether that was closed."""
    return wait.until + AFTER_CLOSING if wait.reason is WaitReason.OWN_DIGEST else wait.until
