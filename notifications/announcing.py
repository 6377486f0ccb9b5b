"""From a request to an accepted batch: the same notification for many."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from temporalio.client import Client
from temporalio.common import Priority
from temporalio.service import RPCError

from notifications.contracts import names
from notifications.contracts.batches import AcceptedBatch, BatchRequest
from notifications.starting import Start, accepted

# Whoever cancelled has the answer already; this only spares the workflow its wait.
_SIGNAL_TIMEOUT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """An accepted batch; `replayed` and `visible` as in `Notification`."""

    id: UUID
    replayed: bool = False
    visible: bool = True


async def announce(temporal: Client, request: BatchRequest) -> Batch:
    """Starts the workflow of a request built by `build_batch`; see `NotificationsClient.announce`."""
    start = Start(
        workflow=names.BULK_WORKFLOW,
        workflow_id=names.bulk_workflow_id(request.batch_id),
        task_queue=names.BULK_QUEUE,
        request=request,
        answer=AcceptedBatch,
        # Batches take turns.
        priority=Priority(fairness_key=str(request.batch_id)),
        summary=request.content.notification_type if request.content else "",
    )
    known = await accepted(temporal, start)
    return Batch(id=request.batch_id, replayed=known.call_id != request.call_id, visible=known.answer is not None)


async def wake_batch(temporal: Client, batch_id: UUID) -> None:
    """Wakes the workflow of a batch that has been cancelled; one that cannot be reached finds out by itself."""
    handle = temporal.get_workflow_handle(names.bulk_workflow_id(batch_id))
    try:
        await handle.signal(names.RECONSIDER_SIGNAL, rpc_timeout=_SIGNAL_TIMEOUT)
    except RPCError:
        return
