"""Cancelling, restoring, moving and editing what has not gone out yet, and trying again what failed.

The answer is the truth, by channel.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from temporalio import activity

from activities.editing import apply_edit
from activities.refusing import refusals
from notifications.contracts import names
from notifications.contracts.changes import Change, ChangeAnswer, ChangeKind, Effect
from notifications.contracts.vocabulary import Channel
from persistence.changes import ChangeRepository
from persistence.database import Database, Transaction
from persistence.due import DueRepository
from persistence.due_delivery import DueDelivery
from persistence.inbox import InboxRepository
from persistence.notifications import NotificationRepository
from policy.changing import effect_on
from policy.planning import next_step
from policy.redriving import why_not_redriven


class ChangeActivities:
    def __init__(self, *, database: Database) -> None:
        self._database = database

    @activity.defn(name=names.CHANGE_ACTIVITY)
    async def change(self, change: Change) -> ChangeAnswer:
        """Applies a change in one transaction, or answers it again; asked again, it settles what was under way.

        Raises:
            ApplicationError: an edit is at fault; nothing was changed.
        """
        with refusals():
            async with self._database.transaction() as transaction:
                owner = await NotificationRepository(transaction).owner(change.notification_id)
                if owner is None:
                    return ChangeAnswer(change_id=change.change_id)
                await InboxRepository(transaction).lock(owner)
                return await _apply_once(transaction, change)


async def _apply_once(transaction: Transaction, change: Change) -> ChangeAnswer:
    changes = ChangeRepository(transaction)
    earlier = await changes.answer(change.change_id)
    if earlier is not None and earlier.is_final:
        return earlier
    deliveries = DueRepository(transaction)
    due = await deliveries.held(change.notification_id)
    effects = _effects(due, change, earlier)
    effects |= await _apply(transaction, change, due, effects)
    await NotificationRepository(transaction).settle(change.notification_id)
    after = await deliveries.of(change.notification_id)
    answer = ChangeAnswer(
        change_id=change.change_id,
        channels=tuple(delivery.told(effects[delivery.channel]) for delivery in after if delivery.channel in effects),
    )
    if answer.changed_anything or change.kind is not ChangeKind.REDRIVE:
        # A redrive that was refused may be asked for again, when what stood in its way is mended.
        await changes.record(change, answer)
    return answer


def _effects(due: Sequence[DueDelivery], change: Change, earlier: ChangeAnswer | None) -> dict[Channel, Effect]:
    if change.kind is ChangeKind.REDRIVE:
        return {delivery.channel: _redriven(delivery) for delivery in due if delivery.channel is change.channel}
    before = {each.channel: each.effect for each in earlier.channels} if earlier else {}
    return {
        delivery.channel: effect_on(
            delivery.standing(was_under_way=before.get(delivery.channel) is Effect.UNDER_WAY), change.kind
        )
        for delivery in due
    }


def _redriven(delivery: DueDelivery) -> Effect:
    step = next_step(delivery.situation, now=datetime.now(UTC))
    return Effect.CHANGED if why_not_redriven(delivery.status, step) is None else Effect.NOT_SENT


async def _apply(
    transaction: Transaction,
    change: Change,
    due: Sequence[DueDelivery],
    effects: Mapping[Channel, Effect],
) -> dict[Channel, Effect]:
    """Writes the change down; the effects on channels that it adds or takes away."""
    changes = ChangeRepository(transaction)
    changeable = [delivery for delivery in due if effects.get(delivery.channel) is Effect.CHANGED]
    match change.kind:
        case ChangeKind.CANCEL:
            for delivery in due:
                if not delivery.status.is_settled:
                    await changes.stop(delivery)
        case ChangeKind.RESTORE if changeable:
            for delivery in changeable:
                await changes.restore(delivery)
        case ChangeKind.RESCHEDULE if changeable:
            await changes.move_to(change.notification_id, change.scheduled_for, changeable)
        case ChangeKind.REDRIVE:
            for delivery in changeable:
                await changes.redrive(delivery)
        case ChangeKind.EDIT if changeable:
            edit = await changes.edit(change.change_id)
            return await apply_edit(transaction, change.notification_id, edit, due=due, changeable=changeable)
    return {}
