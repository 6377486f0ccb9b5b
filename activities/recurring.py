"""Firing one occurrence: an ordinary notification for everybody whose time has come."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from temporalio import activity

from notifications.contracts import names
from notifications.contracts.building import fingerprint
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.recurring import Firing, FiringPlan, Recurrence, RecurrenceState
from persistence.database import Database
from persistence.notifications import NotificationRepository
from persistence.recipients import RecipientRepository
from policy.recurring import due_at, is_wanted, occurs, wall_time

Find = Callable[[str], Awaitable[RecurrenceState | None]]
Start = Callable[[NotificationRequest], Awaitable[None]]
# Somebody who travels is told by the clocks of where they are, at most so late.
_LOOK_AGAIN = timedelta(hours=1)


class RecurringActivities:
    """`find` reads a recurrence as it is, `start` makes sure that a notification's workflow exists."""

    def __init__(self, *, database: Database, find: Find, start: Start) -> None:
        self._database = database
        self._find = find
        self._start = start

    @activity.defn(name=names.FIRE_RECURRENCE_ACTIVITY)
    async def fire(self, firing: Firing) -> FiringPlan:
        """Starts what is due and says when to come again; nothing of what was paused, changed away or deleted.

        Should the process die in between, the same notifications are started again, under the same ids.
        """
        found = await self._find(firing.key)
        if found is None or found.paused:
            return FiringPlan()
        recurrence, now = found.recurrence, datetime.now(UTC)
        due = await self._due(recurrence, firing.scheduled_at)
        occurrence = firing.scheduled_at.astimezone(UTC) if recurrence.cron else wall_time(firing.scheduled_at)
        for user, moment in due.items():
            if moment <= now and is_wanted(recurrence, moment, now=now):
                await self._tell(recurrence, occurrence, user)
        later = [moment for moment in due.values() if moment > now]
        if not later:
            return FiringPlan()
        may_travel = recurrence.time_zone is None
        return FiringPlan(wake_at=min([*later, now + _LOOK_AGAIN]) if may_travel else min(later))

    async def _due(self, recurrence: Recurrence, scheduled_at: datetime) -> Mapping[str, datetime]:
        """When each person's time comes; nobody's, if it is no occurrence of what the recurrence has become."""
        if recurrence.cron is not None:
            return dict.fromkeys(recurrence.users, scheduled_at)
        wall = wall_time(scheduled_at)
        if not occurs(recurrence, wall):
            return {}
        if recurrence.time_zone is not None:
            return dict.fromkeys(recurrence.users, due_at(wall, ZoneInfo(recurrence.time_zone)))
        async with self._database.statements() as transaction:
            zones = await RecipientRepository(transaction).zones(recurrence.users)
        return {user: due_at(wall, ZoneInfo(zones.get(user, "UTC"))) for user in recurrence.users}

    async def _tell(self, recurrence: Recurrence, occurrence: datetime, user: str) -> None:
        notification_id = names.recurring_notification_id(recurrence.key, occurrence, user)
        activity.heartbeat()
        async with self._database.statements() as transaction:
            if await NotificationRepository(transaction).owner(notification_id) is not None:
                return
        request = replace(
            recurrence.content, notification_id=notification_id, call_id=str(notification_id), user=user, fingerprint=""
        )
        await self._start(replace(request, fingerprint=fingerprint(request)))
