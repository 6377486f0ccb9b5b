"""The one way into the service: start a notification's workflow and await its acceptance.

The SDK, the API and the sample data all come through here. A crash of the caller between any two lines
loses nothing: the start is durable before anything is answered, and repeating a keyed call finds the
same workflow.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self, TypedDict, Unpack
from uuid import UUID

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import Priority as TaskPriority
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from notifications.connecting import connect
from notifications.contracts import limits, names
from notifications.contracts.building import build_request
from notifications.contracts.errors import (
    IdempotencyConflict,
    InvalidNotification,
    NotificationNotFound,
    ServiceUnreachable,
    Unacceptable,
)
from notifications.contracts.notification import AcceptedNotification, NotificationRequest
from notifications.contracts.vocabulary import NotificationStatus, Priority
from notifications.options import NotifyOptions

# A worker that dies inside the first workflow task delays its notification by this much. Not below about
# three seconds: a slow local activity reports in at four fifths of it.
FIRST_TASK_TIMEOUT = timedelta(seconds=4)

# Two thousand recipients in one call must not open two thousand calls at once.
_CONCURRENT_CALLS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """An accepted notification, as far as the caller knows it; attributes are named as in the REST detail.

    `title` and `message` are None when a template will supply them. `replayed` tells that the key was
    already taken by the same request, so that this call changed nothing. `visible` is False when the
    first step took too long to be waited for: accepted for good, readable soon.
    """

    id: UUID
    user: str
    notification_type: str
    status: str
    title: str | None = None
    message: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    related_object_type: str | None = None
    related_object_id: str | None = None
    group_key: str | None = None
    notification_key: str | None = None
    scheduled_for: datetime | None = None
    replayed: bool = False
    visible: bool = True

    @property
    def pk(self) -> UUID:
        """The id under Django's name for it."""
        return self.id


class NotificationsClient:
    """Starts notifications from an asyncio process. Safe to share between tasks."""

    def __init__(self, temporal: Client) -> None:
        self._temporal = temporal

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
                widened["idempotency_key"] = f"{key}:{request.user}"[-limits.KEY_CHARS :]
                request = build_request(user=user, notification_type=notification_type, **widened)
            requests.append(request)
        turn = asyncio.Semaphore(_CONCURRENT_CALLS)

        async def accept(request: NotificationRequest) -> Notification:
            async with turn:
                return await self.accept(request)

        return await asyncio.gather(*map(accept, requests))

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
            raise NotificationNotFound if error.status is RPCStatusCode.NOT_FOUND else _unreachable() from None
        return accepted.status

    async def accept(self, request: NotificationRequest) -> Notification:
        """Accepts a request built by `build_request`; see `notify`."""
        acceptance = asyncio.ensure_future(self._start_and_await_acceptance(request))
        acceptance.add_done_callback(_retrieve)
        try:
            done, _ = await asyncio.wait({acceptance}, timeout=limits.ACCEPT_SECONDS)
        finally:
            acceptance.cancel()
        try:
            accepted = acceptance.result() if done else None
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            accepted = None
        except RPCError as error:
            raise _unreachable() from error
        if accepted is None:
            await self._start(request)
            return _notification(request, NotificationStatus.PENDING, visible=False)
        if accepted.fingerprint != request.fingerprint:
            raise _conflict()
        return _notification(request, accepted.status, replayed=accepted.call_id != request.call_id)

    async def _start_and_await_acceptance(self, request: NotificationRequest) -> AcceptedNotification:
        start: WithStartWorkflowOperation[Any, AcceptedNotification] = WithStartWorkflowOperation(
            names.NOTIFICATION_WORKFLOW, request, **_start_options(request)
        )
        try:
            # The update's id is the fingerprint: equal requests at once share one update instead of
            # filling the ten that a workflow may have in flight.
            accepted: AcceptedNotification = await self._temporal.execute_update_with_start_workflow(
                names.ACCEPTED_UPDATE,
                request.fingerprint,
                start_workflow_operation=start,
                id=request.fingerprint,
                result_type=AcceptedNotification,
            )
        except WorkflowAlreadyStartedError:
            return await self._result_of_earlier(request)
        except WorkflowUpdateFailedError as failed:
            raise _refusal(failed.cause) from failed
        finally:
            # The operation keeps the outcome as well, and would complain that nobody asked it.
            asyncio.ensure_future(start.workflow_handle()).add_done_callback(_retrieve)
        return accepted

    async def _result_of_earlier(self, request: NotificationRequest) -> AcceptedNotification:
        """What the closed workflow of the same key had accepted."""
        handle = self._temporal.get_workflow_handle(
            names.notification_workflow_id(request.notification_id), result_type=AcceptedNotification
        )
        try:
            accepted: AcceptedNotification = await handle.result()
        except WorkflowFailureError as failed:
            raise _refusal(failed.cause) from failed
        return accepted

    async def _start(self, request: NotificationRequest) -> None:
        """Makes sure that the workflow exists, whether or not anybody is there to run it."""
        try:
            async with asyncio.timeout(limits.ACCEPT_SECONDS):
                await self._temporal.start_workflow(names.NOTIFICATION_WORKFLOW, request, **_start_options(request))
        except WorkflowAlreadyStartedError:
            return
        except (TimeoutError, RPCError) as error:
            raise _unreachable() from error


class _StartOptions(TypedDict):
    id: str
    task_queue: str
    id_conflict_policy: WorkflowIDConflictPolicy
    id_reuse_policy: WorkflowIDReusePolicy
    task_timeout: timedelta
    priority: TaskPriority
    static_summary: str


def _start_options(request: NotificationRequest) -> _StartOptions:
    """How a notification's workflow is started. Nothing here tells who it is for or what it says."""
    return {
        "id": names.notification_workflow_id(request.notification_id),
        "task_queue": names.NOTIFICATION_QUEUE,
        "id_conflict_policy": WorkflowIDConflictPolicy.USE_EXISTING,
        # A workflow fails only when its request was refused and left nothing behind: such a key is free again.
        "id_reuse_policy": WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        "task_timeout": FIRST_TASK_TIMEOUT,
        "priority": TaskPriority(priority_key=(request.priority or Priority.NORMAL).task_priority),
        "static_summary": request.notification_type,
    }


def _notification(
    request: NotificationRequest, status: NotificationStatus, *, replayed: bool = False, visible: bool = True
) -> Notification:
    return Notification(
        id=request.notification_id,
        user=request.user,
        notification_type=request.notification_type,
        status=status,
        title=request.title,
        message=request.message,
        metadata=request.metadata,
        related_object_type=request.related_object_type,
        related_object_id=request.related_object_id,
        group_key=request.group_key,
        notification_key=request.notification_key,
        scheduled_for=request.scheduled_for,
        replayed=replayed,
        visible=visible,
    )


def _retrieve(outcome: asyncio.Future[Any]) -> None:
    """Looks at an outcome that nobody waits for any more, so that asyncio does not report it."""
    if not outcome.cancelled():
        outcome.exception()


def _refusal(cause: BaseException) -> Exception:
    """The domain's error behind a failed update or workflow."""
    if isinstance(cause, ApplicationError):
        if cause.type == InvalidNotification.__name__ and cause.details:
            return InvalidNotification(cause.details[0])
        if cause.type == IdempotencyConflict.__name__:
            return _conflict()
        if cause.type == Unacceptable.__name__:
            return Unacceptable("The notification could not be stored; nothing was accepted.")
    return _unreachable()


def _conflict() -> IdempotencyConflict:
    return IdempotencyConflict("This idempotency key was used for another notification.")


def _unreachable() -> ServiceUnreachable:
    return ServiceUnreachable(
        "The notification service cannot be reached; no acceptance is known. Repeat the call with the same key."
    )
