"""The housekeeping's steps: short turns, each made of short transactions that count what they remove.

Everything that was removed is counted when its transaction ends, so a turn that runs again after a crash goes on
with what is left, and the counts stay exact.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from temporalio import activity

from notifications.contracts import names
from notifications.contracts.maintenance import RetentionProgress, RetentionReport, RetentionTurn
from persistence.database import Database
from persistence.partitions import EventMonths
from persistence.retention import LEFTOVERS, RetentionRepository
from policy.retention import EVENTS_KEPT, horizons, is_over, months_to_have

_LOOKED_AT_ONCE = 1_000
# Fewer than are replayed to a client that resumes, and fewer than wait for a slow socket.
_REMOVED_AT_ONCE = 100
_LEFTOVERS_AT_ONCE = 500
# What waits for its queue, a batch perhaps, comes in between.
_TURN_SECONDS = 5.0
_THE_BEGINNING = (datetime.min.replace(tzinfo=UTC), UUID(int=0))

log = structlog.get_logger("retention")


class RetentionActivities:
    def __init__(self, *, database: Database) -> None:
        self._database = database

    @activity.defn(name=names.BEGIN_RETENTION_ACTIVITY)
    async def begin(self, turn: RetentionTurn) -> None:
        """Makes the months of events that are to come, and drops those that are over."""
        now = datetime.now(UTC)
        async with self._run(turn.run_id) as run:
            await run.begin()
        async with self._database.statements() as transaction:
            existing = await EventMonths(transaction).all()
        for month in months_to_have(now):
            if month not in existing:
                async with self._database.transaction() as transaction:
                    await EventMonths(transaction).make(month)
        for month in existing:
            if is_over(month, now):
                async with self._database.transaction() as transaction:
                    await EventMonths(transaction).drop(month)
                    await RetentionRepository(transaction, run_id=turn.run_id).count({"months of inbox_events": 1})

    @activity.defn(name=names.REMOVE_NOTIFICATIONS_ACTIVITY)
    async def remove_notifications(self, turn: RetentionTurn) -> RetentionProgress:
        """Goes through the notifications from where the last turn ended, until its time is over."""
        turn_ends = asyncio.get_running_loop().time() + _TURN_SECONDS
        before = horizons(datetime.now(UTC))
        place = _THE_BEGINNING
        if turn.listed_at is not None and turn.notification_id is not None:
            place = (turn.listed_at, turn.notification_id)
        while asyncio.get_running_loop().time() < turn_ends:
            async with self._database.statements() as transaction:
                visit = await RetentionRepository(transaction, run_id=turn.run_id).visit(
                    place, before, most=_LOOKED_AT_ONCE
                )
            if visit.last is None:
                return RetentionProgress()
            for user, ids in visit.old.items():
                for first in range(0, len(ids), _REMOVED_AT_ONCE):
                    activity.heartbeat()
                    async with self._run(turn.run_id) as run:
                        await run.remove(user, ids[first : first + _REMOVED_AT_ONCE], before)
            place = visit.last
        return RetentionProgress(next_turn=replace(turn, listed_at=place[0], notification_id=place[1]))

    @activity.defn(name=names.REMOVE_LEFTOVERS_ACTIVITY)
    async def remove_leftovers(self, turn: RetentionTurn) -> None:
        """Removes what outlives notifications and is of no more use."""
        for table, before in useless_before(datetime.now(UTC)).items():
            removed = _LEFTOVERS_AT_ONCE
            while removed == _LEFTOVERS_AT_ONCE:
                activity.heartbeat()
                async with self._run(turn.run_id) as run:
                    removed = await run.remove_leftovers(table, before, most=_LEFTOVERS_AT_ONCE)

    @activity.defn(name=names.CONCLUDE_RETENTION_ACTIVITY)
    async def conclude(self, turn: RetentionTurn) -> RetentionReport:
        """What has been removed, all told."""
        async with self._run(turn.run_id) as run:
            removed = await run.finish()
        log.info("retention done", run_id=str(turn.run_id), **removed)
        return RetentionReport(removed=removed)

    @asynccontextmanager
    async def _run(self, run_id: UUID) -> AsyncIterator[RetentionRepository]:
        async with self._database.transaction() as transaction:
            yield RetentionRepository(transaction, run_id=run_id)


def useless_before(now: datetime) -> Mapping[str, datetime]:
    """For each of the leftovers. What is about notifications is kept as long as any of them may be."""
    longest = min(horizons(now).values())
    special = {
        # The longest that a budget looks back is a day, and a deadline.
        "attention_slots": now - timedelta(days=7),
        "socket_tickets": now,
        "token_revocations": now,
        "inbox_events": now - EVENTS_KEPT,
    }
    return {table: special.get(table, longest) for table in LEFTOVERS}
