"""Weekly summaries: beginning those whose time has come, and counting what each tells.

A summary leaves here as nothing but a person and a week. What it says is counted by its own first step, in the
transaction that accepts it, so that what was counted is what is told, and no title passes through Temporal.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import structlog
from temporalio import activity

from activities.pacing import Pace
from activities.reminders import Start
from notifications.contracts import names
from notifications.contracts.building import fingerprint
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.summaries import (
    SUMMARY_GROUP,
    SUMMARY_TEMPLATE,
    SUMMARY_TITLES,
    SummaryProgress,
    SummaryTurn,
)
from notifications.contracts.vocabulary import Channel, NotificationType, Priority
from persistence.database import Database, Transaction
from persistence.summaries import DueSummary, Moved, SummaryRepository
from policy.summaries import is_in_time, next_due, week_of
from policy.types import policy_of

# Those that a worker who dies leaves to be begun again; beginning again is harmless.
_PAGE = 50
# What waits for its queue, a batch perhaps, comes in between.
_TURN_SECONDS = 5.0

log = structlog.get_logger("summaries")


class SummaryActivities:
    """`start` makes sure that a notification's workflow exists; starting it again changes nothing.

    No more than `starts_per_second`, as for batches: nobody who waits for something is to notice.
    """

    def __init__(self, *, database: Database, start: Start, starts_per_second: float) -> None:
        self._database = database
        self._start = start
        self._pace = Pace(starts_per_second)

    @activity.defn(name=names.BEGIN_SUMMARIES_ACTIVITY)
    async def begin(self, turn: SummaryTurn) -> SummaryProgress:
        """Goes through those whose time has come, page by page, until nobody is left or the turn is over.

        Should the process die within a page, the same notifications are started again, under the same ids.
        """
        turn_ends = asyncio.get_running_loop().time() + _TURN_SECONDS
        # Two machines' clocks: by this one's alone, what fell due with the round might wait for the next.
        now = max(turn.moment, datetime.now(UTC))
        begun = turn.begun
        while asyncio.get_running_loop().time() < turn_ends:
            async with self._database.statements() as transaction:
                page = await SummaryRepository(transaction).due(now, most=_PAGE)
            for person in page:
                begun += await self._begin(person, now=now)
            if page:
                async with self._database.statements() as transaction:
                    await SummaryRepository(transaction).move_on(
                        {person.user_id: _moved(person, now=now) for person in page}
                    )
            if len(page) < _PAGE:
                if begun:
                    log.info("weekly summaries begun", count=begun)
                return SummaryProgress(begun=begun, is_done=True)
        return SummaryProgress(begun=begun, is_done=False)

    async def _begin(self, person: DueSummary, *, now: datetime) -> bool:
        """False when there is nothing to tell, or it is too late."""
        activity.heartbeat()
        if not person.has_unread or not is_in_time(person.due_at, person.zone, now=now):
            return False
        await self._pace.turn()
        await self._start(summary_request(person.user_id, week_of(person.due_at, person.zone)))
        return True


def _moved(person: DueSummary, *, now: datetime) -> Moved:
    done = week_of(person.due_at, person.zone)
    return Moved(was_due_at=person.due_at, done=done, next_at=next_due(person.zone, done=done, now=now))


def summary_request(user: str, week: str) -> NotificationRequest:
    """One person's summary of one week: whoever begins it, it is the same."""
    notification_id = names.summary_notification_id(week, user)
    request = NotificationRequest(
        notification_id=notification_id,
        call_id=str(notification_id),
        fingerprint="",
        user=user,
        notification_type=NotificationType.REMINDER,
        template_key=SUMMARY_TEMPLATE,
        channels=(Channel.IN_APP, Channel.EMAIL),
        group_key=SUMMARY_GROUP,
        supersede_key=SUMMARY_GROUP,
        # Unlike other reminders, it may wait for the end of quiet hours, and for whatever has more to say.
        priority=Priority.LOW,
        summary_week=week,
    )
    return replace(request, fingerprint=fingerprint(request))


async def with_what_is_unread(transaction: Transaction, request: NotificationRequest) -> NotificationRequest | None:
    """A summary with what it tells among its metadata; None when there is nothing to tell, or it is not wanted.

    The caller holds the user's inbox.
    """
    summaries = SummaryRepository(transaction)
    if not await summaries.is_wanted(request.user):
        return None
    unread = await summaries.unread(request.user, newest=SUMMARY_TITLES)
    if not unread.total:
        return None
    by_type = [
        {"type": kind.value, "display": policy_of(kind).display, "total": total}
        for kind, total in unread.by_type.items()
    ]
    newest = [{"id": str(notification_id), "title": title} for notification_id, title in unread.newest]
    facts = {"week": request.summary_week, "unread": unread.total, "by_type": by_type, "newest": newest}
    return replace(request, metadata=facts)
