"""Calls to the workflow of an anchor, which a call starts when no reminder of it waits."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from notifications.contracts import limits, names
from notifications.contracts.reminders import (
    AnchorCancellation,
    AnchorInput,
    AnchorMove,
    ReminderRequest,
    Reminders,
)
from notifications.refusals import refusal, unreachable
from notifications.starting import FIRST_TASK_TIMEOUT


async def call_anchor(
    temporal: Client, update: str, call: ReminderRequest | AnchorMove | AnchorCancellation
) -> Reminders:
    """Carries out a call on one anchor; its reminders as they stand afterwards. Repeating a call changes nothing.

    Raises:
        InvalidNotification: the request is at fault; nothing was changed.
        ServiceUnreachable: it is not known whether anything was changed; repeat the call.
    """
    start: WithStartWorkflowOperation[Any, None] = WithStartWorkflowOperation(
        names.ANCHOR_WORKFLOW,
        AnchorInput(anchor=call.anchor),
        id=names.anchor_workflow_id(call.anchor),
        task_queue=names.CLOCK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        task_timeout=FIRST_TASK_TIMEOUT,
    )
    try:
        async with asyncio.timeout(limits.ANCHOR_SECONDS):
            reminders: Reminders = await temporal.execute_update_with_start_workflow(
                update,
                call,
                start_workflow_operation=start,
                id=uuid4().hex,
                result_type=Reminders,
                rpc_timeout=timedelta(seconds=limits.ANCHOR_SECONDS),
            )
    except WorkflowUpdateFailedError as failed:
        raise refusal(failed.cause) from failed
    except (TimeoutError, RPCError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        raise unreachable() from error
    return reminders
