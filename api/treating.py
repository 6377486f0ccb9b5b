"""Doing what its owner wishes with a notification."""

from uuid import UUID

from api.services import Services
from identity.caller import Identity
from notifications.contracts.errors import NotificationNotFound
from notifications.contracts.snooze import Snooze
from persistence.notifications import Detail, NotificationRepository
from persistence.treatment import TreatmentRepository
from policy.treatment import Wish


async def acting_for(caller: Identity, id: UUID, services: Services) -> str:
    """On whose behalf a caller acts: staff for whoever owns the notification, everybody else for themselves."""
    if not caller.is_staff:
        return caller.user_id
    async with services.database.statements() as transaction:
        return await NotificationRepository(transaction).owner(id) or caller.user_id


async def treat(services: Services, owner: str, id: UUID, wish: Wish) -> Detail:
    """Applies all of a wish or nothing of it; the notification as it is then.

    Whoever wakes it is started first. Should this process die in between, the notification is where it was, and
    the waker will find nothing to do.

    Raises:
        NotificationNotFound, NotInInbox, InvalidNotification: as `TreatmentRepository.change`.
        ServiceUnreachable: nobody would wake what is to be snoozed.
    """
    if wish.is_snoozed and wish.snoozed_until is not None:
        async with services.database.statements() as transaction:
            await TreatmentRepository(transaction).check(owner, id, wish)
        await services.client.snooze(Snooze(notification_id=id, until=wish.snoozed_until))
    async with services.database.transaction() as transaction:
        await TreatmentRepository(transaction).change(owner, id, wish)
        found = await NotificationRepository(transaction).detail(id, owner=owner)
    if found is None:
        raise NotificationNotFound
    return found
