"""Telling what waits that something has changed which may decide about it."""

import asyncio
from uuid import UUID

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from notifications.contracts import limits, names
from notifications.contracts.errors import ServiceUnreachable
from notifications.contracts.reconsidering import ReconsiderInput
from notifications.starting import FIRST_TASK_TIMEOUT

_UNREACHABLE = "What waits could not be told of the change, which was not made. Try again."


async def reconsider(temporal: Client, user: str) -> None:
    """Has all that waits for somebody think again, for certain: whoever has been told once, tells the rest.

    Raises:
        ServiceUnreachable: it is not known whether it will.
    """
    try:
        async with asyncio.timeout(limits.ACCEPT_SECONDS):
            await temporal.start_workflow(
                names.RECONSIDER_WORKFLOW,
                ReconsiderInput(user=user),
                id=names.reconsider_workflow_id(user),
                task_queue=names.CLOCK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                task_timeout=FIRST_TASK_TIMEOUT,
                start_signal=names.AGAIN_SIGNAL,
            )
    except (TimeoutError, RPCError) as error:
        raise ServiceUnreachable(_UNREACHABLE) from error


async def wake(temporal: Client, notification_id: UUID) -> None:
    """Has one notification think again; one that has ended is none that waits.

    Raises:
        ServiceUnreachable: it is not known whether it will.
    """
    handle = temporal.get_workflow_handle(names.notification_workflow_id(notification_id))
    try:
        async with asyncio.timeout(limits.ACCEPT_SECONDS):
            await handle.signal(names.RECONSIDER_SIGNAL)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise ServiceUnreachable(_UNREACHABLE) from error
    except TimeoutError as error:
        raise ServiceUnreachable(_UNREACHABLE) from error
