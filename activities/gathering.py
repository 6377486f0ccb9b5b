"""What a person gathers for themselves: into the window that closes when they want it, and out again."""

from datetime import datetime
from uuid import UUID

from activities.plans import WHILE_OVERDUE
from notifications.contracts.vocabulary import Channel, DeliveryStatus
from persistence.database import Transaction
from persistence.deliveries import DeliveryRepository
from persistence.digest_entries import DigestEntryRepository
from persistence.digests import DigestRepository, Window
from persistence.due import DueRepository
from persistence.due_delivery import DueDelivery
from policy.planning import Skip, Wait, WaitReason, next_step


async def enter(
    transaction: Transaction, delivery_id: UUID, channel: Channel, *, user_id: str, until: datetime, now: datetime
) -> None:
    """Puts a delivery that waits until then into the window that closes then. The caller holds the inbox."""
    digest_id = await DigestRepository(transaction).open_own(user_id, channel, closes_at=until, now=now)
    await DigestEntryRepository(transaction).put(delivery_id, digest_id)


async def put_off(transaction: Transaction, delivery: DueDelivery, wait: Wait, *, now: datetime) -> Wait:
    """Has a delivery wait on, for whatever it is; until when its workflow may sleep.

    Should the window that it waits for have closed without it, or be gone, another one for that moment closes at once.
    """
    await DeliveryRepository(transaction).wait(delivery, wait)
    if wait.reason is not WaitReason.OWN_DIGEST:
        return wait
    await enter(transaction, delivery.id, delivery.channel, user_id=delivery.user_id, until=wait.until, now=now)
    return wait if wait.until > now else Wait(now + WHILE_OVERDUE, wait.reason)


async def let_leave(transaction: Transaction, digest: Window, *, now: datetime) -> None:
    """Right before a window closes: what is not wanted any more ends, what would wait otherwise is left to itself.

    Whoever changed the person's mind has its workflow told; and it looks by itself soon after its window.
    """
    for delivery in await DueRepository(transaction).gathered(digest.id):
        match next_step(delivery.situation, now=now):
            case Wait(until, WaitReason.OWN_DIGEST) if until == digest.closes_at:
                continue
            case Skip(reason):
                await DeliveryRepository(transaction).move(
                    delivery.id, DeliveryStatus.SKIPPED, owner=delivery.user_id, reason=reason
                )
            case _:
                await DigestEntryRepository(transaction).put(delivery.id, None)
