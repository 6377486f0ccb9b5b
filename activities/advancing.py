"""Thinking again about one notification: what is due is let go, what is not waits on, what will never be is ended."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from activities.digests import held_back
from activities.gathering import put_off
from activities.plans import plan_of, planned
from notifications.contracts.delivery import Plan, PlannedDelivery
from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationStatus
from persistence import events
from persistence.attention import AttentionRepository
from persistence.database import Transaction
from persistence.deliveries import DeliveryRepository
from persistence.drawers import Folder, Moves
from persistence.due import DueRepository
from persistence.due_delivery import DueDelivery
from persistence.inbox import InboxRepository
from persistence.notifications import NotificationRepository
from policy.planning import Skip, Wait, WaitReason, next_step
from policy.retries import Reason

_PUT_OFF = set(WaitReason)
_TIME_TO_ASK_SECONDS = 60


async def advance(transaction: Transaction, notification_id: UUID) -> Plan:
    """The plan as of this moment. What it decides is written down before it is answered.

    Running it again, or at any other time, is harmless: it only does what the clock and the rows say.
    """
    notifications = NotificationRepository(transaction)
    owner = await notifications.owner(notification_id)
    if owner is None:
        return Plan(status=NotificationStatus.CANCELLED)  # deleted
    await InboxRepository(transaction).lock(owner)
    due = await DueRepository(transaction).held(notification_id)
    attention = AttentionRepository(transaction)
    now = datetime.now(UTC)
    is_entry = any(each.reason == WaitReason.DIGEST and not each.status.is_settled for each in due)
    digest = await held_back(transaction, notification_id) if is_entry else None
    waits: list[Wait] = []
    sending: list[PlannedDelivery] = []
    published_at = None
    for delivery in sorted(due, key=lambda each: (each.channel.is_external, each.turn)):
        if delivery.status.is_settled:
            if _may_be_restored(delivery, now=now) and delivery.scheduled_for is not None:
                waits.append(Wait(delivery.scheduled_for, WaitReason.SCHEDULED))
            continue
        if _is_tried(delivery):
            sending.append(_planned(delivery, now=now))
            continue
        situation = replace(
            delivery.situation,
            published_at=delivery.published_at or published_at,
            budget=await attention.budget_of(delivery, now=now),
        )
        match digest or next_step(situation, now=now):
            case Wait() as wait:
                waits.append(await put_off(transaction, delivery, wait, now=now))
            case Skip(reason):
                await DeliveryRepository(transaction).move(
                    delivery.id, DeliveryStatus.SKIPPED, owner=owner, reason=reason
                )
            case _ if delivery.channel is Channel.IN_APP:
                await _publish(transaction, delivery)
                published_at = now
            case _:
                await DeliveryRepository(transaction).release(delivery)
                if delivery.needs_slot:
                    await attention.give(delivery.id, owner=owner, now=now)
                sending.append(_planned(delivery, now=now))
    return plan_of(await notifications.settle(notification_id), sending, waits)


def _planned(delivery: DueDelivery, *, now: datetime) -> PlannedDelivery:
    plan = planned(delivery.id, delivery.channel, delivery.notification_type, redrives=delivery.redrives)
    if delivery.silent_since is None:
        return plan
    # Asked about again and again, it must not begin anew each time.
    gone = (now - delivery.silent_since).total_seconds()
    return replace(plan, asks_first=True, deadline_seconds=max(plan.deadline_seconds - int(gone), _TIME_TO_ASK_SECONDS))


def _is_tried(delivery: DueDelivery) -> bool:
    """Its sending has begun, and goes on by itself."""
    return delivery.status is DeliveryStatus.SENDING and delivery.reason not in _PUT_OFF


def _may_be_restored(delivery: DueDelivery, *, now: datetime) -> bool:
    """A cancellation can be undone until the planned time, so somebody has to be there until then."""
    return (
        delivery.status is DeliveryStatus.CANCELLED
        and delivery.reason == Reason.CANCELLED
        and delivery.scheduled_for is not None
        and delivery.scheduled_for > now
    )


async def _publish(transaction: Transaction, delivery: DueDelivery) -> None:
    """The notification enters its owner's inbox."""
    moved = await DeliveryRepository(transaction).move(delivery.id, DeliveryStatus.DELIVERED, owner=delivery.user_id)
    item = await NotificationRepository(transaction).publish(delivery.notification_id) if moved else None
    if item is not None:
        moves = Moves()
        moves.enter(Folder.INBOX, item["notification_type"], is_read=item["is_read"])
        await InboxRepository(transaction).append(delivery.user_id, [events.new_notification(item)], moves)
