"""Recurrences are Temporal's schedules, and nothing else: what there is of one is what will be fired."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleBackfill,
    ScheduleCalendarSpec,
    ScheduleDescription,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from notifications.contracts import names
from notifications.contracts.building_recurring import change_recurrence, refused_by_temporal
from notifications.contracts.errors import IdempotencyConflict, NotificationNotFound
from notifications.contracts.recurring import HERALD, LATE, LOOK_BACK, Recurrence, RecurrenceState
from notifications.refusals import unreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceItem:
    """One of a list, as Temporal's index has it: a moment behind."""

    key: str
    paused: bool


class Recurrences:
    """What comes again, as Temporal has it."""

    def __init__(self, temporal: Client) -> None:
        self._temporal = temporal

    async def create(self, recurrence: Recurrence) -> RecurrenceState:
        """Schedules it; the same again changes nothing.

        Raises:
            IdempotencyConflict: there is another one with this key.
            InvalidNotification: Temporal does not know such a time.
            ServiceUnreachable: it is not known whether it was scheduled; repeat the call.
        """
        try:
            await self._temporal.create_schedule(
                names.recurrence_schedule_id(recurrence.key), _schedule(recurrence), backfill=_not_due_yet(recurrence)
            )
        except ScheduleAlreadyRunningError:
            found = await self.find(recurrence.key)
            if found is None:
                raise unreachable() from None
            if _asked(found.recurrence) != _asked(recurrence):
                raise IdempotencyConflict("This key stands for another recurrence.") from None
            return found
        except RPCError as error:
            raise _told(error) from error
        return replace(await self.get(recurrence.key), is_new=True)

    async def find(self, key: str) -> RecurrenceState | None:
        """Raises ServiceUnreachable; None when there is none."""
        try:
            return await self.get(key)
        except NotificationNotFound:
            return None

    async def get(self, key: str) -> RecurrenceState:
        """Raises NotificationNotFound, ServiceUnreachable."""
        try:
            described = await self._temporal.get_schedule_handle(names.recurrence_schedule_id(key)).describe()
        except RPCError as error:
            raise _told(error) from error
        recurrence = await _held(self._temporal, described)
        # The others' are the herald's: its clock, not anybody's own.
        next_at = tuple(described.info.next_action_times) if recurrence.cron is not None else ()
        return RecurrenceState(recurrence=recurrence, paused=described.schedule.state.paused, next_at=next_at)

    async def change(self, key: str, changes: Mapping[str, Any], *, paused: bool | None = None) -> RecurrenceState:
        """Changes what is named, for all that has not been fired; raises as `create`, and NotificationNotFound."""
        handle = self._temporal.get_schedule_handle(names.recurrence_schedule_id(key))
        changed: Recurrence | None = None

        async def update(found: ScheduleUpdateInput) -> ScheduleUpdate:
            nonlocal changed
            before = await _held(self._temporal, found.description)
            was_paused = found.description.schedule.state.paused
            after = change_recurrence(before, changes)
            if {"schedule", "time_zone"}.isdisjoint(changes) and not (was_paused and paused is False):
                # What is being fired at this moment is still wanted.
                after = replace(after, since=before.since)
            changed = after
            return ScheduleUpdate(schedule=_schedule(after, paused=was_paused if paused is None else paused))

        try:
            await handle.update(update)
            if changed is not None and (soon := _not_due_yet(changed)):
                await handle.backfill(*soon)
        except RPCError as error:
            raise _told(error) from error
        return await self.get(key)

    async def delete(self, key: str) -> None:
        """What it has fired stays; what waits for somebody's clock finds it gone. Raises as `get`."""
        try:
            await self._temporal.get_schedule_handle(names.recurrence_schedule_id(key)).delete()
        except RPCError as error:
            raise _told(error) from error

    async def every(self, *, most: int) -> list[RecurrenceItem]:
        """Raises ServiceUnreachable."""
        found: list[RecurrenceItem] = []
        try:
            async for entry in await self._temporal.list_schedules():
                if entry.id.startswith(names.RECURRING):
                    paused = entry.schedule is not None and entry.schedule.state.paused
                    found.append(RecurrenceItem(key=entry.id.removeprefix(names.RECURRING), paused=paused))
                if len(found) == most:
                    break
        except RPCError as error:
            raise _told(error) from error
        return sorted(found, key=lambda item: item.key)


def _schedule(recurrence: Recurrence, *, paused: bool = False) -> Schedule:
    """Occurrences neither wait for one another nor are left out for one that is under way: each tells its own."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            names.RECURRENCE_WORKFLOW,
            recurrence,
            id=names.recurrence_schedule_id(recurrence.key),
            task_queue=names.CLOCK_QUEUE,
        ),
        spec=_spec(recurrence),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.ALLOW_ALL, catchup_window=LATE),
        state=ScheduleState(paused=paused),
    )


def _spec(recurrence: Recurrence) -> ScheduleSpec:
    if recurrence.cron is not None:
        return ScheduleSpec(
            cron_expressions=[recurrence.cron], time_zone_name=recurrence.time_zone, end_at=recurrence.ends_at
        )
    hour, minute = map(int, (recurrence.at or "").split(":"))
    # Temporal's week begins with Sunday.
    days = [ScheduleRange((day + 1) % 7) for day in recurrence.weekdays]
    calendar = ScheduleCalendarSpec(hour=[ScheduleRange(hour)], minute=[ScheduleRange(minute)], day_of_week=days)
    return ScheduleSpec(calendars=[calendar], time_zone_name=HERALD, end_at=recurrence.ends_at)


def _not_due_yet(recurrence: Recurrence) -> list[ScheduleBackfill]:
    """What the herald's clock has shown already and somebody's has not. Started twice, it tells nobody twice."""
    if recurrence.cron is not None:
        return []
    now = datetime.now(UTC)
    return [ScheduleBackfill(start_at=now - LOOK_BACK, end_at=now, overlap=ScheduleOverlapPolicy.ALLOW_ALL)]


async def _held(temporal: Client, described: ScheduleDescription) -> Recurrence:
    action = described.schedule.action
    if not isinstance(action, ScheduleActionStartWorkflow):
        raise TypeError("A recurrence starts a workflow.")
    (recurrence,) = await temporal.data_converter.decode(action.args, [Recurrence])
    found: Recurrence = recurrence
    return found


def _asked(recurrence: Recurrence) -> Recurrence:
    """Without what is particular to one call."""
    content = replace(recurrence.content, notification_id=_NOBODY, call_id="")
    return replace(recurrence, content=content, since=datetime.min.replace(tzinfo=UTC))


_NOBODY = names.recurring_notification_id("", datetime.min.replace(tzinfo=UTC), "")


def _told(error: RPCError) -> Exception:
    match error.status:
        case RPCStatusCode.NOT_FOUND:
            return NotificationNotFound()
        case RPCStatusCode.INVALID_ARGUMENT:
            return refused_by_temporal()
        case _:
            return unreachable()
