"""Having somebody there who wakes a notification."""

import asyncio

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from notifications.contracts import limits, names
from notifications.contracts.errors import ServiceUnreachable
from notifications.contracts.snooze import Snooze


async def start_snooze(temporal: Client, snooze: Snooze) -> None:
    """Starts the workflow that wakes it, unless it is there already.

    It comes before the notification is put to sleep: one that nobody wakes is lost, a waker without a sleeper
    finds nothing to do.

    Raises:
        ServiceUnreachable: nobody would wake it.
    """
    try:
        async with asyncio.timeout(limits.ACCEPT_SECONDS):
            await temporal.start_workflow(
                names.SNOOZE_WORKFLOW,
                snooze,
                id=names.snooze_workflow_id(snooze.notification_id, snooze.until),
                task_queue=names.CLOCK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )
    except (TimeoutError, RPCError) as error:
        raise ServiceUnreachable("It cannot be snoozed right now; nothing has changed.") from error
