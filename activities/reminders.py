"""Keeping, moving and cancelling an anchor's reminders, and firing those whose time has come."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from temporalio import activity

from activities.keeping import as_json, content_from
from activities.refusing import check_precondition, refusals
from activities.stopping import stop_waiting
from notifications.contracts import limits, names
from notifications.contracts.building import fingerprint
from notifications.contracts.errors import InvalidNotification
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.reminders import (
    AnchorCancellation,
    AnchorInput,
    AnchorMove,
    AnchorPlan,
    ReminderRequest,
    Reminders,
)
from persistence.database import Database, Transaction
from persistence.recipients import RecipientRepository
from persistence.reminders import DueReminder, ReminderRepository
from persistence.templates import TemplateRepository
from policy.reminders import expiry
from policy.retries import Reason
from providers.destinations import Destinations
from templating.composing import compose

Start = Callable[[NotificationRequest], Awaitable[None]]
# So many start within one local activity's time; the next thought starts the rest.
_FIRED_AT_ONCE = 100


class ReminderActivities:
    """`start` makes sure that a notification's workflow exists; starting it again changes nothing.

    `destinations` are those that may be asked whether something is still true; None is nobody.
    """

    def __init__(self, *, database: Database, start: Start, destinations: Destinations | None = None) -> None:
        self._database = database
        self._destinations = destinations
        self._start = start

    @activity.defn(name=names.REMIND_ACTIVITY)
    async def remind(self, request: ReminderRequest) -> Reminders:
        """Keeps reminders; the anchor as it stands afterwards.

        Raises:
            ApplicationError: what they say cannot be said, or there are too many; nothing was changed.
        """
        now = datetime.now(UTC)
        with refusals():
            check_precondition(request.content, self._destinations)
            async with self._database.transaction() as transaction:
                await _check_words(transaction, request)
                reminders = ReminderRepository(transaction)
                overtaken = await reminders.anchor_at(request.anchor, request.starts_at, now=now)
                await reminders.put(
                    request.anchor,
                    starts_at=request.starts_at,
                    users=request.users,
                    offsets=request.offsets_seconds,
                    content=as_json(request.content),
                    now=now,
                )
                if await reminders.count(request.anchor) > limits.REMINDERS_PER_ANCHOR:
                    raise InvalidNotification(
                        {"anchor": [f"An anchor has at most {limits.REMINDERS_PER_ANCHOR} reminders."]}
                    )
                await _stop(transaction, overtaken, Reason.SUPERSEDED)
                return await reminders.of(request.anchor)

    @activity.defn(name=names.MOVE_ANCHOR_ACTIVITY)
    async def move(self, move: AnchorMove) -> Reminders:
        """Moves an anchor with all its reminders; what had fired for the old time and still waits is stopped."""
        async with self._database.transaction() as transaction:
            reminders = ReminderRepository(transaction)
            if await reminders.lock(move.anchor) is not None:
                overtaken = await reminders.anchor_at(move.anchor, move.starts_at, now=datetime.now(UTC))
                await _stop(transaction, overtaken, Reason.SUPERSEDED)
            return await reminders.of(move.anchor)

    @activity.defn(name=names.CANCEL_ANCHOR_ACTIVITY)
    async def cancel(self, cancellation: AnchorCancellation) -> Reminders:
        """Cancels what waits, the fired ones still on their way included."""
        async with self._database.transaction() as transaction:
            reminders = ReminderRepository(transaction)
            if await reminders.lock(cancellation.anchor) is not None:
                fired = await reminders.cancel(cancellation.anchor, cancellation.user)
                await _stop(transaction, fired, Reason.CANCELLED)
            return await reminders.of(cancellation.anchor)

    @activity.defn(name=names.FIRE_ACTIVITY)
    async def fire(self, input: AnchorInput) -> AnchorPlan:
        """Starts the notifications of the reminders that are due, and says when to come again.

        The workflow keeps its anchor still meanwhile. Should the process die in between, the same
        notifications are started again, under the same ids.
        """
        async with self._database.statements() as transaction:
            reminders = ReminderRepository(transaction)
            due = await reminders.due(input.anchor, now=datetime.now(UTC), most=_FIRED_AT_ONCE)
            participants = await reminders.participants(input.anchor) if due else 0
            people = {each.user_id: await _zone(transaction, each.user_id) for each in due}
        for reminder in due:
            request = request_of(reminder, zone=people[reminder.user_id], participants=participants)
            await self._start(request)
            async with self._database.statements() as transaction:
                await ReminderRepository(transaction).mark_fired(reminder, request.notification_id)
        async with self._database.statements() as transaction:
            return AnchorPlan(wake_at=await ReminderRepository(transaction).next_due(input.anchor))


def request_of(reminder: DueReminder, *, zone: ZoneInfo, participants: int) -> NotificationRequest:
    """The notification that a reminder fires, with the facts of this moment among a template's variables."""
    content = content_from(reminder.content)
    notification_id = names.fired_notification_id(reminder.id, reminder.fires_at)
    request = replace(
        content,
        notification_id=notification_id,
        call_id=str(reminder.id),
        user=reminder.user_id,
        metadata=facts(reminder.starts_at, zone=zone, participants=participants) | content.metadata,
        expires_at=expiry(content.expires_at, starts_at=reminder.starts_at, offset_seconds=reminder.offset_seconds),
    )
    return replace(request, fingerprint=fingerprint(request))


def facts(starts_at: datetime, *, zone: ZoneInfo, participants: int) -> dict[str, Any]:
    """What a reminder's template may speak of besides the caller's own variables."""
    local = starts_at.astimezone(zone)
    return {
        "starts_at": local.isoformat(),
        "start_date": f"{local:%Y-%m-%d}",
        "start_time": f"{local:%H:%M}",
        "participants": participants,
    }


async def _check_words(transaction: Transaction, request: ReminderRequest) -> None:
    """Better refused now than found out when it should fire."""
    content = request.content
    if content.template_key is None:
        return
    sample = facts(request.starts_at, zone=ZoneInfo("UTC"), participants=1)
    templates = await TemplateRepository(transaction).texts(content.template_key, locale="en")
    compose(
        replace(content, metadata=sample | content.metadata), templates, channels=content.channels, recipient_name="-"
    )


async def _stop(transaction: Transaction, notifications: Iterable[UUID], reason: Reason) -> None:
    for notification_id in notifications:
        await stop_waiting(transaction, notification_id, reason=reason)


async def _zone(transaction: Transaction, user: str) -> ZoneInfo:
    person = await RecipientRepository(transaction).get(user)
    return ZoneInfo(person["time_zone"] if person else "UTC")
