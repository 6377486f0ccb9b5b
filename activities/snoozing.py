"""Waking a notification that its owner has put to sleep."""

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from notifications.contracts import names
from notifications.contracts.snooze import Snooze
from persistence.database import Database
from persistence.notifications import NotificationRepository
from persistence.treatment import TreatmentRepository


class SnoozeActivities:
    def __init__(self, *, database: Database) -> None:
        self._database = database

    @activity.defn(name=names.WAKE_ACTIVITY)
    async def wake(self, snooze: Snooze) -> None:
        """The notification enters its owner's inbox anew, if it still sleeps until this moment.

        Raises:
            ApplicationError: the database's clock is behind Temporal's; try again.
        """
        async with self._database.transaction() as transaction:
            owner = await NotificationRepository(transaction).owner(snooze.notification_id)
            if owner is None:
                return
            is_time = await TreatmentRepository(transaction).wake(owner, snooze.notification_id, snooze.until)
        if not is_time:
            raise ApplicationError("Not yet.", type="TooEarly", category=ApplicationErrorCategory.BENIGN)
