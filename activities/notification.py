"""The short, idempotent steps of a notification's life: each writes once, all or nothing, as a local activity.

They run again after a crash, so each finds its own earlier work and changes nothing twice.
"""

from datetime import UTC, datetime

from temporalio import activity

from activities.acceptance import Acceptance, draft, priority_of
from activities.advancing import advance
from activities.digests import gather
from activities.gathering import enter
from activities.plans import plan_of
from activities.refusing import check_precondition, refusals
from activities.stopping import stop_waiting
from activities.summaries import with_what_is_unread
from notifications.contracts import names
from notifications.contracts.delivery import AcceptResult, AdvanceInput, ConcludeInput, Conclusion, Plan
from notifications.contracts.errors import IdempotencyConflict, InvalidNotification
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.vocabulary import NotificationStatus
from persistence import events
from persistence.attention import AttentionRepository
from persistence.changes import ChangeRepository
from persistence.database import Database, Transaction
from persistence.deliveries import DeliveryRepository
from persistence.inbox import InboxRepository
from persistence.notifications import NotificationRepository
from persistence.recipients import RecipientRepository
from persistence.templates import TemplateRepository
from policy.retries import Reason
from providers.destinations import Destinations


class NotificationActivities:
    """`destinations` are those that may be asked whether something is still true; None is nobody."""

    def __init__(self, *, database: Database, destinations: Destinations | None = None) -> None:
        self._database = database
        self._destinations = destinations

    @activity.defn(name=names.ACCEPT_ACTIVITY)
    async def accept(self, request: NotificationRequest) -> AcceptResult:
        """Everything that makes a notification exist, in one statement: after it, it is readable and live.

        Where it has to wait for its person's turn, in one transaction.

        Raises:
            ApplicationError: of a type named after the contract's error; nothing was written.
        """
        with refusals():
            if not (request.resumed or request.supersede_key or request.digest or request.summary_week):
                async with self._database.statements() as transaction:
                    accepted = await self._accept(transaction, request)
                if accepted is not None:
                    return accepted
            async with self._database.transaction() as transaction:
                accepted = None if request.resumed else await self._accept(transaction, request, is_turn=True)
                return accepted or await _found(transaction, request)

    @activity.defn(name=names.ADVANCE_ACTIVITY)
    async def advance(self, input: AdvanceInput) -> Plan:
        """A wait is over, or something has changed: what is to be done now."""
        async with self._database.transaction() as transaction:
            return await advance(transaction, input.notification_id)

    @activity.defn(name=names.CONCLUDE_ACTIVITY)
    async def conclude(self, input: ConcludeInput) -> Conclusion:
        """Gives every delivery that ended without an outcome its terminal status, and so the notification."""
        async with self._database.transaction() as transaction:
            notifications = NotificationRepository(transaction)
            notification = await notifications.get(input.notification_id)
            if notification is None:
                return Conclusion(status=NotificationStatus.CANCELLED)
            deliveries = DeliveryRepository(transaction)
            for given_up in input.given_up:
                await deliveries.give_up(given_up, owner=notification["user_id"])
            return Conclusion(status=await notifications.settle(input.notification_id))

    async def _accept(
        self, transaction: Transaction, request: NotificationRequest, *, is_turn: bool = False
    ) -> AcceptResult | None:
        """None when the id is taken, or it must be the person's turn and is not; nothing was written then.

        In their turn nothing else happens to the person: no other message takes their attention, no wish of theirs
        changes.
        """
        if is_turn:
            await InboxRepository(transaction).lock(request.user)
        notifications = NotificationRepository(transaction)
        if request.summary_week:
            summary = await with_what_is_unread(transaction, request)
            if summary is None:
                return await _nothing_to_tell(transaction, request)
            request = summary
        try:
            check_precondition(request, self._destinations)
            acceptance = await _draft(transaction, request, is_turn=is_turn)
        except InvalidNotification:
            # Its template, or whom the service asks, may have changed since this very request was accepted.
            if await notifications.owner(request.notification_id) is None:
                raise
            return None
        if acceptance.needs_turn and not is_turn:
            return None
        message = None if acceptance.item is None else events.new_notification(acceptance.item)
        if not await notifications.accept(acceptance.notification, acceptance.deliveries, message):
            return None
        return AcceptResult(call_id=request.call_id, plan=await _joined(transaction, request, acceptance))


async def _draft(transaction: Transaction, request: NotificationRequest, *, is_turn: bool) -> Acceptance:
    now = datetime.now(UTC)
    person = await RecipientRepository(transaction).reachability(request.user, request.notification_type)
    templates = (
        await TemplateRepository(transaction).texts(request.template_key, locale=person.locale)
        if request.template_key
        else {}
    )
    budget = None
    if is_turn:
        budget = await AttentionRepository(transaction).budget_of_next(
            request.user, limit=person.daily_limit, priority=priority_of(request), now=now
        )
    return draft(request, person=person, templates=templates, now=now, budget=budget)


async def _nothing_to_tell(transaction: Transaction, request: NotificationRequest) -> AcceptResult | None:
    """None when it was accepted before, and all that it tells has been read since."""
    if await NotificationRepository(transaction).owner(request.notification_id) is not None:
        return None
    return AcceptResult(call_id=request.call_id, plan=Plan(status=NotificationStatus.CANCELLED))


async def _joined(transaction: Transaction, request: NotificationRequest, acceptance: Acceptance) -> Plan:
    """Its plan, once it has taken its place among the person's others."""
    for delivery_id in acceptance.slots:
        await AttentionRepository(transaction).give(delivery_id, owner=request.user, now=acceptance.now)
    for delivery_id, (channel, until) in acceptance.gathered.items():
        await enter(transaction, delivery_id, channel, user_id=request.user, until=until, now=acceptance.now)
    if request.supersede_key:
        await _supersede(transaction, request)
    if request.digest:
        wait = await gather(transaction, request, request.digest)
        return plan_of(acceptance.plan.status, (), [wait])
    return acceptance.plan


async def _supersede(transaction: Transaction, request: NotificationRequest) -> None:
    """What waits of the same matter is overtaken by the new word on it. Its workflow finds out when it wakes."""
    superseded = await ChangeRepository(transaction).superseded(
        request.user, request.supersede_key or "", request.notification_id
    )
    for notification_id in superseded:
        await stop_waiting(transaction, notification_id, reason=Reason.SUPERSEDED)


async def _found(transaction: Transaction, request: NotificationRequest) -> AcceptResult:
    """The id is taken: by this workflow before a crash, by the one that it resumes, or by a forgotten one."""
    existing = await NotificationRepository(transaction).get(request.notification_id)
    if existing is None and request.resumed:
        return AcceptResult(call_id=request.call_id, plan=Plan(status=NotificationStatus.CANCELLED))  # deleted since
    if existing is None or existing["fingerprint"] != request.fingerprint:
        raise IdempotencyConflict
    mine = existing["call_id"] == request.call_id
    plan = (
        await advance(transaction, request.notification_id)
        if mine
        else Plan(status=NotificationStatus(existing["status"]))
    )
    return AcceptResult(call_id=existing["call_id"], plan=plan)
