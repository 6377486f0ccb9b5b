"""Calls to the workflow of an anchor, which a call starts when no reminder of it waits."""

from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from notifications.contracts import names
from notifications.contracts.reminders import (
    AnchorCancellation,
    AnchorInput,
    AnchorMove,
    ReminderRequest,
    Reminders,
)
from notifications.starting import FIRST_TASK_TIMEOUT
from notifications.updating import answered


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
    return await answered(temporal, start, update, call, result_type=Reminders)
