"""The one way into the service, for an asyncio process.

The SDK, the API and the sample data all come through here.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self, Unpack
from uuid import UUID

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from notifications.accepting import Notification, accept
from notifications.announcing import Batch, announce, wake_batch
from notifications.connecting import connect
from notifications.contracts import limits, names
from notifications.contracts.batches import Audience
from notifications.contracts.building import build_reminders, build_request, user_id_of
from notifications.contracts.building_batches import build_batch
from notifications.contracts.building_recurring import build_recurrence
from notifications.contracts.changes import Change, ChangeAnswer, ChangeKind
from notifications.contracts.checking import check_instant
from notifications.contracts.errors import NotificationNotFound, ServiceUnreachable
from notifications.contracts.notification import AcceptedNotification, NotificationRequest
from notifications.contracts.recurring import RecurrenceState
from notifications.contracts.reminders import AnchorCancellation, AnchorMove, Reminders
from notifications.contracts.snooze import Snooze
from notifications.contracts.vocabulary import NotificationStatus
from notifications.digesting import flush_digest
from notifications.options import NotifyOptions, RemindOptions
from notifications.recurring import Recurrences
from notifications.redriving import redrive
from notifications.refusals import refusal, unreachable
from notifications.reminding import call_anchor
from notifications.snoozing import start_snooze

# Two thousand recipients in one call must not open two thousand calls at once.
_CONCURRENT_CALLS = 20
_ASK_AGAIN_SECONDS = 0.05


class NotificationsClient:
    """Starts notifications from an asyncio process. Safe to share between tasks."""

    def __init__(self, temporal: Client) -> None:
        self._temporal = temporal
        self.recurring = Recurrences(temporal)

    @classmethod
    async def connect(cls, address: str = "127.0.0.1:7233", *, namespace: str = "default") -> Self:
        """A client on its own connection.

        Raises:
            ServiceUnreachable: nobody answers at `address`.
        """
        try:
            return cls(await connect(address, namespace=namespace))
        except (RuntimeError, RPCError) as error:
            raise ServiceUnreachable(f"No notification service answers at {address}.") from error

    async def notify(self, *, user: object, notification_type: str, **options: Unpack[NotifyOptions]) -> Notification:
        """Accepts one notification for one user, durably, and returns it.

        Raises:
            InvalidNotification: the request is at fault; nothing was accepted.
            IdempotencyConflict: the key stands for another request; nothing was accepted.
            Unacceptable: the service is at fault; nothing was accepted.
            ServiceUnreachable: nothing was accepted, try again.
        """
        return await self.accept(build_request(user=user, notification_type=notification_type, **options))

    async def notify_many(
        self, *, users: Iterable[object], notification_type: str, **options: Unpack[NotifyOptions]
    ) -> list[Notification]:
        """The same notification for several users, each its own workflow, in the order of `users`.

        A key is widened by the user, so that repeating an interrupted call completes it without repeats.

        Raises:
            InvalidNotification: before anything was started.
            ServiceUnreachable: some may have been accepted; repeat the call with the same key.
        """
        requests = []
        for user in users:
            widened = options.copy()
            key = options.get("idempotency_key") or options.get("notification_key")
            request = build_request(user=user, notification_type=notification_type, **options)
            if key:
                widened["idempotency_key"] = names.recipients_key(key, request.user)
                request = build_request(user=user, notification_type=notification_type, **widened)
            requests.append(request)
        turn = asyncio.Semaphore(_CONCURRENT_CALLS)

        async def accept(request: NotificationRequest) -> Notification:
            async with turn:
                return await self.accept(request)

        return await asyncio.gather(*map(accept, requests))

    async def announce(
        self,
        *,
        users: Iterable[object] | None = None,
        audience: Audience | None = None,
        notification_type: str,
        **options: Unpack[NotifyOptions],
    ) -> Batch:
        """The same notification for many in one call: `users`, or an `audience` of those whom the service knows.

        They are notified in the background, behind every single notification; REST shows how far it has come,
        and stops it.

        Raises:
            InvalidNotification, IdempotencyConflict, Unacceptable, ServiceUnreachable: as `notify`.
        """
        request = build_batch(users=users, audience=audience, notification_type=notification_type, **options)
        return await announce(self._temporal, request)

    async def wake_batch(self, batch_id: UUID) -> None:
        """Tells the workflow of a batch that it has been cancelled; never fails."""
        await wake_batch(self._temporal, batch_id)

    async def status(self, notification_id: UUID) -> NotificationStatus:
        """How a notification stands, as its workflow knows it; what a provider reported later, REST knows.

        Raises:
            NotificationNotFound: it was never accepted, or so long ago that Temporal has forgotten it.
            ServiceUnreachable: try again.
        """
        handle = self._temporal.get_workflow_handle(
            names.notification_workflow_id(notification_id), result_type=AcceptedNotification
        )
        try:
            if (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
                return NotificationStatus.PENDING
            accepted: AcceptedNotification = await handle.result()
        except WorkflowFailureError:
            raise NotificationNotFound from None  # refused, so there is nothing of it
        except RPCError as error:
            raise NotificationNotFound if error.status is RPCStatusCode.NOT_FOUND else unreachable() from None
        return accepted.status

    async def remind(
        self,
        *,
        anchor: str,
        starts_at: datetime,
        offsets: Iterable[int],
        users: Iterable[object],
        **content: Unpack[RemindOptions],
    ) -> Reminders:
        """Reminds `users` so many seconds before `anchor` (as `booking:123`) starts, or after it if negative.

        Offsets that have passed already are skipped, and told so. Repeating a call changes nothing; calls for the
        same anchor add up, and its time is the last one's.

        Raises:
            InvalidNotification: the request is at fault; nothing was changed.
            ServiceUnreachable: it is not known whether anything was changed; repeat the call.
        """
        request = build_reminders(anchor=anchor, starts_at=starts_at, offsets=offsets, users=users, content=content)
        return await call_anchor(self._temporal, names.REMIND_UPDATE, request)

    async def reschedule(self, anchor: str, starts_at: datetime) -> Reminders:
        """Moves an anchor and every reminder with it.

        Raises:
            InvalidNotification: the time is at fault; nothing was moved.
            NotificationNotFound: there is no such anchor.
            ServiceUnreachable: it is not known whether it was moved; repeat the call.
        """
        check_instant("starts_at", starts_at)
        move = AnchorMove(anchor=anchor, starts_at=starts_at)
        return _found(await call_anchor(self._temporal, names.MOVE_UPDATE, move))

    async def cancel_reminders(self, anchor: str, *, user: object = None) -> Reminders:
        """Cancels what waits of an anchor, or of one user under it. Raises as `reschedule`."""
        whose = None if user is None else user_id_of(user)
        cancellation = AnchorCancellation(anchor=anchor, user=whose)
        return _found(await call_anchor(self._temporal, names.CANCEL_UPDATE, cancellation))

    async def recur(
        self,
        *,
        key: str,
        users: Iterable[object],
        schedule: Mapping[str, Any],
        time_zone: str,
        ends_at: datetime | None = None,
        **content: Unpack[RemindOptions],
    ) -> RecurrenceState:
        """Tells `users` again and again: `{"weekdays": ["monday"], "time": "09:00"}` or `{"cron": "0 9 1 * *"}`.

        The clocks are those of `time_zone`, as `Europe/Berlin`; `recipient` is each one's own. The same call again
        changes nothing; what there is, `recurring` reads, changes and deletes.

        Raises:
            InvalidNotification, IdempotencyConflict: the request is at fault; nothing was scheduled.
            ServiceUnreachable: it is not known whether it was scheduled; repeat the call.
        """
        when: dict[str, Any] = {"schedule": schedule, "time_zone": time_zone, "ends_at": ends_at}
        return await self.recurring.create(build_recurrence(key=key, users=users, content=content, **when))

    async def flush_digest(self, digest_id: UUID) -> None:
        """Has a digest tell now what it has gathered. One that has told it already stays as it is.

        Raises:
            ServiceUnreachable: it is not known whether it was flushed; repeat the call.
        """
        await flush_digest(self._temporal, digest_id)

    async def cancel(self, notification_id: UUID) -> ChangeAnswer:
        """Stops what has not gone out of one notification; the answer is the truth, by channel.

        Raises:
            NotificationNotFound: it was never accepted, or has ended: there is nothing left to stop.
            ServiceUnreachable: it is not known whether it was stopped; ask again.
        """
        return await self.change(Change.of(notification_id, ChangeKind.CANCEL))

    async def restore(self, notification_id: UUID) -> ChangeAnswer:
        """Undoes a cancellation, until the planned time. Raises as `cancel`."""
        return await self.change(Change.of(notification_id, ChangeKind.RESTORE))

    async def reschedule_notification(self, notification_id: UUID, scheduled_for: datetime | None) -> ChangeAnswer:
        """Moves what waits to another time, None being at once. Raises as `cancel`, and InvalidNotification."""
        check_instant("scheduled_for", scheduled_for)
        return await self.change(Change.of(notification_id, ChangeKind.RESCHEDULE, scheduled_for=scheduled_for))

    async def change(self, change: Change) -> ChangeAnswer:
        """Has the notification's own workflow apply a change; repeating it with its id changes nothing more.

        Raises:
            InvalidNotification: an edit is at fault; nothing was changed.
            NotificationNotFound: it was never accepted, or has ended: there is nothing left to change.
            ServiceUnreachable: it is not known whether it was changed; ask again.
        """
        asked_before = False
        try:
            async with asyncio.timeout(limits.CHANGE_SECONDS):
                while True:
                    try:
                        return await self._have_changed(change)
                    except RPCError as error:
                        if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                            raise
                    # The workflow was just closing, or its worker dying; the change's id makes asking again safe.
                    asked_before = True
                    await asyncio.sleep(_ASK_AGAIN_SECONDS)
        except WorkflowUpdateFailedError as failed:
            raise refusal(failed.cause) from failed
        except RPCError as error:
            has_ended = error.status is RPCStatusCode.NOT_FOUND and not asked_before
            raise NotificationNotFound if has_ended else unreachable() from None
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise unreachable() from error

    async def _have_changed(self, change: Change) -> ChangeAnswer:
        handle = self._temporal.get_workflow_handle(names.notification_workflow_id(change.notification_id))
        answer: ChangeAnswer = await handle.execute_update(
            names.CHANGE_UPDATE, change, id=str(change.change_id), result_type=ChangeAnswer
        )
        return answer

    async def redrive(self, request: NotificationRequest, change: Change) -> None:
        """Has a notification's workflow try a failed channel again; `request` resumes it if it has ended.

        When this returns, it will happen. What comes of it, `change` answers with the same change.

        Raises:
            ServiceUnreachable: it is not known whether it will happen; repeat the call.
        """
        await redrive(self._temporal, request, change)

    async def snooze(self, snooze: Snooze) -> None:
        """Sees to it that a notification wakes at its moment, if it then still sleeps until that moment.

        Raises:
            ServiceUnreachable: nobody would wake it; it must not be put to sleep.
        """
        await start_snooze(self._temporal, snooze)

    async def accept(self, request: NotificationRequest) -> Notification:
        """Accepts a request built by `build_request`; see `notify`."""
        return await accept(self._temporal, request)


def _found(reminders: Reminders) -> Reminders:
    if reminders.starts_at is None:
        raise NotificationNotFound
    return reminders
