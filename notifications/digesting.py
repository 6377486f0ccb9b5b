"""Calls to the workflow of a digest's window."""

import asyncio
from datetime import timedelta
from typing import Any, TypedDict
from uuid import UUID

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from notifications.contracts import limits, names
from notifications.contracts.digests import DigestInput
from notifications.refusals import unreachable
from notifications.starting import FIRST_TASK_TIMEOUT
from notifications.updating import answered


async def watch_digest(temporal: Client, digest_id: UUID, user: str | None = None, *, is_due: bool) -> None:
    """Makes sure that somebody waits for a window to close; `is_due` has them look at once.

    With a `user` it may be about to be opened, by whoever holds that user's inbox.

    Raises:
        ServiceUnreachable: it is not known whether anybody does; repeat the call.
    """
    try:
        async with asyncio.timeout(limits.ACCEPT_SECONDS):
            await temporal.start_workflow(
                names.DIGEST_WORKFLOW,
                DigestInput(digest_id=digest_id, user=user),
                start_signal=names.RECONSIDER_SIGNAL if is_due else None,
                **_start_options(digest_id),
            )
    except WorkflowAlreadyStartedError:
        return  # it is closed
    except (TimeoutError, RPCError) as error:
        raise unreachable() from error


async def flush_digest(temporal: Client, digest_id: UUID) -> None:
    """Has a window closed now. One that is closed already stays as it is.

    Raises:
        ServiceUnreachable: it is not known whether it was closed; look, and repeat the call.
    """
    start: WithStartWorkflowOperation[Any, None] = WithStartWorkflowOperation(
        names.DIGEST_WORKFLOW, DigestInput(digest_id=digest_id), **_start_options(digest_id)
    )
    try:
        await answered(temporal, start, names.FLUSH_UPDATE, result_type=type(None))
    except WorkflowAlreadyStartedError:
        return  # it is closed


class _StartOptions(TypedDict):
    id: str
    task_queue: str
    id_conflict_policy: WorkflowIDConflictPolicy
    id_reuse_policy: WorkflowIDReusePolicy
    task_timeout: timedelta


def _start_options(digest_id: UUID) -> _StartOptions:
    return {
        "id": names.digest_workflow_id(digest_id),
        "task_queue": names.CLOCK_QUEUE,
        "id_conflict_policy": WorkflowIDConflictPolicy.USE_EXISTING,
        # A window closes once; but one whose workflow was terminated must not stay open for ever.
        "id_reuse_policy": WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        "task_timeout": FIRST_TASK_TIMEOUT,
    }
