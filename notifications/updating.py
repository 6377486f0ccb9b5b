"""Starting a workflow, unless it runs, and having it answer an update: one call to Temporal."""

import asyncio
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError

from notifications.contracts import limits
from notifications.refusals import refusal, unreachable

Answer = TypeVar("Answer")


async def update_with_start(
    temporal: Client,
    operation: WithStartWorkflowOperation[Any, Any],
    update: str,
    *arguments: object,
    id: str,
    result_type: type[Answer],
    rpc_timeout: timedelta | None = None,
) -> Answer:
    """The answer to an update; raises as `Client.execute_update_with_start_workflow`."""
    try:
        answer: Answer = await temporal.execute_update_with_start_workflow(
            update,
            args=arguments,
            start_workflow_operation=operation,
            id=id,
            result_type=result_type,
            rpc_timeout=rpc_timeout,
        )
    finally:
        # The operation keeps the outcome as well, and asyncio would complain that nobody asked it.
        asyncio.ensure_future(operation.workflow_handle()).add_done_callback(retrieve)
    return answer


async def answered(
    temporal: Client,
    operation: WithStartWorkflowOperation[Any, Any],
    update: str,
    *arguments: object,
    result_type: type[Answer],
) -> Answer:
    """The answer to an update that changes nothing when it is repeated.

    Raises:
        InvalidNotification: the request is at fault; nothing was changed.
        ServiceUnreachable: it is not known whether anything was changed; repeat the call.
        WorkflowAlreadyStartedError: the workflow has ended, and must not be started again.
    """
    try:
        async with asyncio.timeout(limits.ANCHOR_SECONDS):
            return await update_with_start(
                temporal,
                operation,
                update,
                *arguments,
                id=uuid4().hex,
                result_type=result_type,
                rpc_timeout=timedelta(seconds=limits.ANCHOR_SECONDS),
            )
    except WorkflowUpdateFailedError as failed:
        raise refusal(failed.cause) from failed
    except (TimeoutError, RPCError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        raise unreachable() from error


def retrieve(outcome: asyncio.Future[Any]) -> None:
    """Looks at an outcome that nobody waits for any more, so that asyncio does not report it."""
    if not outcome.cancelled():
        outcome.exception()
