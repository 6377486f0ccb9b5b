"""Other words, channels or times for what has not gone out yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from notifications.contracts.changes import Effect
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.vocabulary import Channel, NotificationType
from persistence import events
from persistence.changes import ChangeRepository
from persistence.database import Transaction
from persistence.due_delivery import DueDelivery
from persistence.inbox import InboxRepository
from persistence.notifications import NotificationRepository
from persistence.recipients import RecipientRepository
from persistence.templates import TemplateRepository
from policy.types import policy_of
from templating.composing import Words, compose

Row = Mapping[str, Any]


async def apply_edit(
    transaction: Transaction,
    notification_id: UUID,
    edit: Row,
    *,
    due: Sequence[DueDelivery],
    changeable: Sequence[DueDelivery],
) -> dict[Channel, Effect]:
    """Writes an edit, keyed like the notification's columns; the effects on channels it adds or takes away.

    The caller holds the owner's inbox.

    Raises:
        InvalidNotification: the template cannot be rendered with the new metadata.
    """
    row = await NotificationRepository(transaction).get(notification_id)
    if row is None:
        return {}
    wanted = {**row, **edit}
    here = {delivery.channel for delivery in due}
    added = [Channel(channel) for channel in wanted["channels"] if channel not in here]
    kept = [delivery for delivery in changeable if delivery.channel in wanted["channels"]]
    dropped = [delivery for delivery in changeable if delivery not in kept]
    escalation = policy_of(NotificationType(row["notification_type"])).escalation
    changes = ChangeRepository(transaction)
    words = await _words(transaction, wanted, added, kept)
    for delivery in dropped:
        await changes.stop(delivery)
    for delivery in kept:
        await changes.rewrite(delivery, words[delivery.channel])
    for channel in added:
        await changes.add(notification_id, channel, words[channel], escalates_after_seconds=escalation.get(channel))
    gone = [channel for channel in Channel if channel in here - {delivery.channel for delivery in changeable}]
    # In-app words that are out stay as they were read.
    shown = words[Channel.IN_APP]
    said = {} if Channel.IN_APP in gone else {"title": shown.subject, "message": shown.body}
    await changes.write(
        notification_id,
        {
            **said,
            "metadata": wanted["metadata"],
            "channels": list(dict.fromkeys([*gone, *wanted["channels"]])),
            "expires_at": _instant(wanted["expires_at"]),
        },
    )
    if "scheduled_for" in edit:
        await changes.move_to(notification_id, _instant(edit["scheduled_for"]), kept)
    await InboxRepository(transaction).append(row["user_id"], [events.edited(notification_id)])
    return dict.fromkeys(added, Effect.CHANGED) | {delivery.channel: Effect.STOPPED for delivery in dropped}


async def _words(
    transaction: Transaction, row: Row, added: Sequence[Channel], kept: Sequence[DueDelivery]
) -> Mapping[Channel, Words]:
    """What each channel is to say, composed as at acceptance."""
    person = await RecipientRepository(transaction).reachability(
        row["user_id"], NotificationType(row["notification_type"])
    )
    key = row["template_key"]
    templates = await TemplateRepository(transaction).texts(key, locale=person.locale) if key else {}
    return compose(
        NotificationRequest(
            notification_id=row["id"],
            call_id=row["call_id"],
            fingerprint=row["fingerprint"],
            user=row["user_id"],
            notification_type=NotificationType(row["notification_type"]),
            title=None if key else row["title"],
            message=None if key else row["message"],
            template_key=key,
            metadata=row["metadata"],
        ),
        templates,
        channels=[*added, *(delivery.channel for delivery in kept)],
        recipient_name=person.name,
    )


def _instant(value: datetime | str | None) -> datetime | None:
    """An edit waits as JSON, the row does not."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value
