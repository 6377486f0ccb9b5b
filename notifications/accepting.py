"""From a request to an accepted notification."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from temporalio.client import Client
from temporalio.common import Priority as TaskPriority

from notifications.contracts import names
from notifications.contracts.notification import AcceptedNotification, NotificationRequest
from notifications.contracts.vocabulary import NotificationStatus, Priority
from notifications.starting import Start, StartOptions, accepted, ensure_started, options

# Behind `Priority.task_priority`.
_BATCHES = 5


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
    known = await accepted(temporal, _start_of(request))
    replayed = known.call_id != request.call_id
    if known.answer is None:
        return _notification(request, NotificationStatus.PENDING, replayed=replayed, visible=False)
    return _notification(request, known.answer.status, replayed=replayed)


async def start(temporal: Client, request: NotificationRequest) -> None:
    """Makes sure that the workflow exists, or has, whether or not anybody is there to run it.

    For what a clock begins. Providers' queues, which it shares with what somebody waits for, serve it a step later.

    Raises:
        ServiceUnreachable: it is not known.
    """
    at_once = _start_of(request)
    patient = TaskPriority(priority_key=min((at_once.priority.priority_key or _BATCHES) + 1, _BATCHES))
    await ensure_started(temporal, replace(at_once, task_queue=names.CLOCK_QUEUE, priority=patient))


def start_options(request: NotificationRequest) -> StartOptions:
    """How a notification's workflow is started."""
    return options(_start_of(request))


def _start_of(request: NotificationRequest) -> Start[AcceptedNotification]:
    return Start(
        workflow=names.NOTIFICATION_WORKFLOW,
        workflow_id=names.notification_workflow_id(request.notification_id),
        task_queue=names.NOTIFICATION_QUEUE if request.scheduled_for is None else names.CLOCK_QUEUE,
        request=request,
        answer=AcceptedNotification,
        priority=_task_priority(request),
        summary=request.notification_type,
    )


def _task_priority(request: NotificationRequest) -> TaskPriority:
    """Temporal's: whatever a batch says of itself, it comes after every single notification, and batches take turns."""
    if request.batch_id is not None:
        return TaskPriority(priority_key=_BATCHES, fairness_key=str(request.batch_id))
    return TaskPriority(priority_key=(request.priority or Priority.NORMAL).task_priority)


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
