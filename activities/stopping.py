"""Stopping what waits without asking its workflow, which finds out when it wakes."""

from uuid import UUID

from persistence.changes import ChangeRepository
from persistence.database import Transaction
from persistence.due import DueRepository
from persistence.inbox import InboxRepository
from persistence.notifications import NotificationRepository
from policy.retries import Reason


async def stop_waiting(transaction: Transaction, notification_id: UUID, *, reason: Reason) -> None:
    """Nothing more of the notification goes out; what has gone, or goes at this moment, is not undone."""
    notifications = NotificationRepository(transaction)
    owner = await notifications.owner(notification_id)
    if owner is None:
        return
    await InboxRepository(transaction).lock(owner)
    open_deliveries = [
        delivery
        for delivery in await DueRepository(transaction).held(notification_id)
        if not delivery.status.is_settled
    ]
    for delivery in open_deliveries:
        await ChangeRepository(transaction).stop(delivery, reason=reason)
    if open_deliveries:
        await notifications.settle(notification_id)
