"""The short, idempotent steps of a notification's life: each writes once, all or nothing, as a local activity.

They run again after a crash, so each finds its own earlier work and changes nothing twice.
"""

from datetime import UTC, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.acceptance import draft, planned_delivery
from notifications.contracts import names
from notifications.contracts.delivery import ConcludeInput, Conclusion, Plan, PublishInput
from notifications.contracts.errors import IdempotencyConflict, InvalidNotification, Unacceptable
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationStatus
from observability import where
from persistence import events
from persistence.database import Database, DatabaseFault, DatabaseUnavailable, Transaction
from persistence.deliveries import DeliveryRepository
from persistence.inbox import InboxRepository
from persistence.notifications import NotificationRepository
from persistence.recipients import RecipientRepository
from persistence.templates import TemplateRepository


class NotificationActivities:
    def __init__(self, *, database: Database) -> None:
        self._database = database

    @activity.defn(name=names.ACCEPT_ACTIVITY)
    async def accept(self, request: NotificationRequest) -> Plan:
        """Everything that makes a notification exist, in one statement: after it, it is readable and live.

        Raises:
            ApplicationError: of a type named after the contract's error; nothing was written.
        """
        try:
            async with self._database.statements() as transaction:
                return await _accept(transaction, request)
        except DatabaseUnavailable:
            raise
        except (DatabaseFault, TypeError, ValueError) as error:
            # What cannot be stored today cannot be stored in a minute: better refused than tried for ever.
            raise ApplicationError(
                f"The request cannot be stored ({where(error)}).", type=Unacceptable.__name__, non_retryable=True
            ) from None
        except (InvalidNotification, IdempotencyConflict) as error:
            details = [error.errors] if isinstance(error, InvalidNotification) else []
            raise ApplicationError(
                "The request was refused.",
                *details,
                type=type(error).__name__,
                non_retryable=True,
                category=ApplicationErrorCategory.BENIGN,
            ) from None

    @activity.defn(name=names.PUBLISH_ACTIVITY)
    async def publish(self, input: PublishInput) -> None:
        """The scheduled time has come: the notification enters its owner's inbox."""
        async with self._database.transaction() as transaction:
            notifications = NotificationRepository(transaction)
            notification = await notifications.get(input.notification_id)
            if notification is None or Channel.IN_APP not in notification["channels"]:
                return
            delivery = names.delivery_id(input.notification_id, Channel.IN_APP)
            inbox = InboxRepository(transaction)
            owner = notification["user_id"]
            if await DeliveryRepository(transaction).move(delivery, DeliveryStatus.DELIVERED, owner=owner):
                item = await notifications.publish(input.notification_id)
                if item is not None:
                    unread = 0 if item["is_read"] else 1
                    await inbox.append(owner, [events.new_notification(item)], unread=unread)

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
                await deliveries.move(
                    given_up.delivery_id,
                    DeliveryStatus.FAILED,
                    owner=notification["user_id"],
                    reason=given_up.reason,
                )
            return Conclusion(status=await notifications.settle(input.notification_id))


async def _accept(transaction: Transaction, request: NotificationRequest) -> Plan:
    person = await RecipientRepository(transaction).reachability(request.user, request.notification_type)
    templates = (
        await TemplateRepository(transaction).texts(request.template_key, locale=person.locale)
        if request.template_key
        else {}
    )
    acceptance = draft(request, person=person, templates=templates, now=datetime.now(UTC))
    message = None if acceptance.item is None else events.new_notification(acceptance.item)
    notifications = NotificationRepository(transaction)
    if not await notifications.accept(acceptance.notification, acceptance.deliveries, message):
        return await _found(transaction, request)
    return Plan(
        call_id=request.call_id,
        status=acceptance.status,
        not_before=acceptance.not_before,
        deliveries=acceptance.planned,
    )


async def _found(transaction: Transaction, request: NotificationRequest) -> Plan:
    """The id was taken: by this workflow before a crash, or by an earlier one that Temporal has forgotten."""
    existing = await NotificationRepository(transaction).get(request.notification_id)
    if existing is None or existing["fingerprint"] != request.fingerprint:
        raise IdempotencyConflict
    mine = existing["call_id"] == request.call_id
    unsettled = await DeliveryRepository(transaction).unsettled_channels(request.notification_id) if mine else []
    return Plan(
        call_id=existing["call_id"],
        status=NotificationStatus(existing["status"]),
        not_before=existing["scheduled_for"] if unsettled else None,
        deliveries=tuple(planned_delivery(request, channel) for channel in unsettled if channel.is_external),
    )
