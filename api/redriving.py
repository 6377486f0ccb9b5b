"""Having failed deliveries tried again by their notifications' workflows."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from api.services import Services
from notifications.contracts import limits, names
from notifications.contracts.changes import Change, ChangeKind
from notifications.contracts.errors import NothingToRedrive, NotificationNotFound, ServiceUnreachable
from notifications.contracts.vocabulary import DeliveryStatus
from persistence.due import DueRepository
from persistence.due_delivery import DueDelivery
from persistence.notifications import NotificationRepository
from policy.planning import next_step
from policy.redriving import why_not_redriven

_ENDED_WITHOUT = {DeliveryStatus.FAILED, DeliveryStatus.SKIPPED, DeliveryStatus.CANCELLED}


async def redriven(services: Services, delivery_id: UUID) -> bool:
    """Starts a redrive and waits for its first step; whether it is done already: else it will be, soon.

    Pressed again while it is under way, or when it has succeeded, nothing more happens.

    Raises:
        NotificationNotFound: there is no such delivery.
        NothingToRedrive: it has not failed, or would not be sent any more.
        ServiceUnreachable: it is not known whether it will happen.
    """
    change = await _started(services, delivery_id)
    if change is None:
        return True
    # Whether it is answered in time or not, the row tells.
    with suppress(TimeoutError, NotificationNotFound, ServiceUnreachable):
        async with asyncio.timeout(limits.ACCEPT_SECONDS):
            await services.client.change(change)
    async with services.database.statements() as transaction:
        delivery = await DueRepository(transaction).get(delivery_id)
    if delivery is None:
        raise NotificationNotFound
    if change == _next_redrive(delivery):
        _refuse_needless(delivery)
        return False
    return True


async def start_redrive(services: Services, delivery_id: UUID) -> str | None:
    """Starts a redrive without waiting for anything; why not, in a sentence, when it may not be."""
    try:
        await _started(services, delivery_id)
    except NothingToRedrive as refused:
        return str(refused)
    except NotificationNotFound:
        return "It was deleted."
    return None


async def _started(services: Services, delivery_id: UUID) -> Change | None:
    """None when one is under way, or has brought it out."""
    async with services.database.statements() as transaction:
        delivery = await DueRepository(transaction).get(delivery_id)
        notifications = NotificationRepository(transaction)
        request = None if delivery is None else await notifications.resumed(delivery.notification_id)
    if delivery is None or request is None:
        raise NotificationNotFound
    if delivery.redrives and delivery.status not in _ENDED_WITHOUT:
        return None
    _refuse_needless(delivery)
    change = _next_redrive(delivery)
    await services.client.redrive(request, change)
    return change


def _next_redrive(delivery: DueDelivery) -> Change:
    """Its id is that of the delivery's next time, so that two presses are one."""
    return Change(
        change_id=names.redrive_id(delivery.id, delivery.redrives + 1),
        notification_id=delivery.notification_id,
        kind=ChangeKind.REDRIVE,
        channel=delivery.channel,
    )


def _refuse_needless(delivery: DueDelivery) -> None:
    why_not = why_not_redriven(delivery.status, next_step(delivery.situation, now=datetime.now(UTC)))
    if why_not is not None:
        raise NothingToRedrive(why_not)
