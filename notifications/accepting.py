"""From a request to an accepted notification: its workflow is started, and the first step awaited.

A crash of the caller between any two lines loses nothing: the start is durable before anything is answered,
and repeating a keyed call finds the same workflow.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import Priority as TaskPriority
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from notifications.contracts import limits, names
from notifications.contracts.notification import AcceptedNotification, NotificationRequest
from notifications.contracts.vocabulary import NotificationStatus, Priority
from notifications.refusals import conflict, refusal, unreachable

# A worker that dies inside the first workflow task delays its notification by this much. Not below about
# three seconds: a slow local activity reports in at four fifths of it.
FIRST_TASK_TIMEOUT = timedelta(seconds=4)


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


async def accept(temporal: Client, request: NotificationRequest) -> Notification:
    """Starts the workflow of a request built by `build_request`; see `NotificationsClient.notify`."""
    acceptance = asyncio.ensure_future(_start_and_await_acceptance(temporal, request))
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
        raise unreachable() from error
    visible = accepted is not None
    if accepted is None:
        await start(temporal, request)
        accepted = await _started_for(temporal, request)
    if accepted.fingerprint != request.fingerprint:
        raise conflict()
    replayed = accepted.call_id != request.call_id
    return _notification(request, accepted.status, replayed=replayed, visible=visible)


async def _start_and_await_acceptance(temporal: Client, request: NotificationRequest) -> AcceptedNotification:
    start: WithStartWorkflowOperation[Any, AcceptedNotification] = WithStartWorkflowOperation(
        names.NOTIFICATION_WORKFLOW, request, **start_options(request)
    )
    try:
        # The update's id is the fingerprint: equal requests at once share one update instead of
        # filling the ten that a workflow may have in flight.
        accepted: AcceptedNotification = await temporal.execute_update_with_start_workflow(
            names.ACCEPTED_UPDATE,
            request.fingerprint,
            start_workflow_operation=start,
            id=request.fingerprint,
            result_type=AcceptedNotification,
        )
    except WorkflowAlreadyStartedError:
        return await _result_of_earlier(temporal, request)
    except WorkflowUpdateFailedError as failed:
        raise refusal(failed.cause) from failed
    finally:
        # The operation keeps the outcome as well, and would complain that nobody asked it.
        asyncio.ensure_future(start.workflow_handle()).add_done_callback(_retrieve)
    return accepted


async def _result_of_earlier(temporal: Client, request: NotificationRequest) -> AcceptedNotification:
    """What the closed workflow of the same key had accepted."""
    handle = temporal.get_workflow_handle(
        names.notification_workflow_id(request.notification_id), result_type=AcceptedNotification
    )
    try:
        accepted: AcceptedNotification = await handle.result()
    except WorkflowFailureError as failed:
        raise refusal(failed.cause) from failed
    return accepted


async def start(temporal: Client, request: NotificationRequest) -> None:
    """Makes sure that the workflow exists, whether or not anybody is there to run it."""
    try:
        async with asyncio.timeout(limits.ACCEPT_SECONDS):
            await temporal.start_workflow(names.NOTIFICATION_WORKFLOW, request, **start_options(request))
    except WorkflowAlreadyStartedError:
        return
    except (TimeoutError, RPCError) as error:
        raise unreachable() from error


async def _started_for(temporal: Client, request: NotificationRequest) -> AcceptedNotification:
    """Which request a key's workflow was started for, while there may be nobody to run it."""
    workflow = temporal.get_workflow_handle(names.notification_workflow_id(request.notification_id))
    try:
        async with asyncio.timeout(limits.ACCEPT_SECONDS):
            memo = await (await workflow.describe()).memo()
    except (TimeoutError, RPCError) as error:
        raise unreachable() from error
    return AcceptedNotification(
        notification_id=request.notification_id,
        call_id=memo[names.CALL_MEMO],
        fingerprint=memo[names.FINGERPRINT_MEMO],
        status=NotificationStatus.PENDING,
    )


class StartOptions(TypedDict):
    id: str
    task_queue: str
    id_conflict_policy: WorkflowIDConflictPolicy
    id_reuse_policy: WorkflowIDReusePolicy
    task_timeout: timedelta
    priority: TaskPriority
    static_summary: str
    memo: dict[str, str]


def start_options(request: NotificationRequest) -> StartOptions:
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
        # For callers with the same key while no worker is there to compare.
        "memo": {names.FINGERPRINT_MEMO: request.fingerprint, names.CALL_MEMO: request.call_id},
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
