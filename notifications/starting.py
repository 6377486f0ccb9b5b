"""Starting a workflow and awaiting its first step in one call: how everything that is accepted comes to be.

A crash of the caller between any two lines loses nothing: the start is durable before anything is answered,
and repeating a keyed call finds the same workflow.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, Protocol, TypedDict, TypeVar

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from notifications.contracts import limits, names
from notifications.refusals import conflict, refusal, unreachable
from notifications.updating import retrieve, update_with_start

# A worker that dies inside the first workflow task delays its workflow by this much. Not below about
# three seconds: a slow local activity reports in at four fifths of it.
FIRST_TASK_TIMEOUT = timedelta(seconds=4)


class Identified(Protocol):
    """What requests and their answers share; see `NotificationRequest`."""

    @property
    def call_id(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...


Answer = TypeVar("Answer", bound=Identified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(Generic[Answer]):
    """A workflow to be started. No name here tells who it is for or what it says."""

    workflow: str
    workflow_id: str
    task_queue: str
    request: Identified
    answer: type[Answer]
    priority: Priority
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(Generic[Answer]):
    call_id: str
    """Of the call that the workflow was started for."""
    answer: Answer | None
    """Of the first step; None when it takes too long to be waited for: accepted for good all the same."""


async def accepted(temporal: Client, start: Start[Answer]) -> Accepted[Answer]:
    """Starts a workflow, unless there is one, and waits for its first step.

    Raises:
        InvalidNotification, IdempotencyConflict, Unacceptable: refused, and nothing was accepted.
        ServiceUnreachable: no acceptance is known.
    """
    acceptance = asyncio.ensure_future(_start_and_await_acceptance(temporal, start))
    acceptance.add_done_callback(retrieve)
    try:
        done, _ = await asyncio.wait({acceptance}, timeout=limits.ACCEPT_SECONDS)
    finally:
        acceptance.cancel()
    try:
        answer = acceptance.result() if done else None
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        answer = None
    except RPCError as error:
        raise unreachable() from error
    known: Identified | None = answer
    if known is None:
        await ensure_started(temporal, start)
        known = await _started_for(temporal, start)
    if known.fingerprint != start.request.fingerprint:
        raise conflict()
    return Accepted(call_id=known.call_id, answer=answer)


async def ensure_started(temporal: Client, start: Start[Any]) -> None:
    """Makes sure that the workflow exists, or has, whether or not anybody is there to run it.

    Raises:
        ServiceUnreachable: it is not known.
    """
    try:
        async with asyncio.timeout(limits.ACCEPT_SECONDS):
            await temporal.start_workflow(start.workflow, start.request, **options(start))
    except WorkflowAlreadyStartedError:
        return
    except (TimeoutError, RPCError) as error:
        raise unreachable() from error


async def _start_and_await_acceptance(temporal: Client, start: Start[Answer]) -> Answer:
    operation: WithStartWorkflowOperation[Any, Answer] = WithStartWorkflowOperation(
        start.workflow, start.request, **options(start)
    )
    try:
        # The update's id is the fingerprint: equal requests at once share one update instead of
        # filling the ten that a workflow may have in flight.
        return await update_with_start(
            temporal,
            operation,
            names.ACCEPTED_UPDATE,
            start.request.fingerprint,
            id=start.request.fingerprint,
            result_type=start.answer,
        )
    except WorkflowAlreadyStartedError:
        return await _result_of_earlier(temporal, start)
    except WorkflowUpdateFailedError as failed:
        raise refusal(failed.cause) from failed


async def _result_of_earlier(temporal: Client, start: Start[Answer]) -> Answer:
    """What the closed workflow of the same key had accepted."""
    handle = temporal.get_workflow_handle(start.workflow_id, result_type=start.answer)
    try:
        answer: Answer = await handle.result()
    except WorkflowFailureError as failed:
        raise refusal(failed.cause) from failed
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    call_id: str
    fingerprint: str


async def _started_for(temporal: Client, start: Start[Any]) -> _Known:
    """Which request a key's workflow was started for, while there may be nobody to run it."""
    workflow = temporal.get_workflow_handle(start.workflow_id)
    try:
        async with asyncio.timeout(limits.ACCEPT_SECONDS):
            memo = await (await workflow.describe()).memo()
    except (TimeoutError, RPCError) as error:
        raise unreachable() from error
    return _Known(call_id=memo[names.CALL_MEMO], fingerprint=memo[names.FINGERPRINT_MEMO])


class StartOptions(TypedDict):
    id: str
    task_queue: str
    id_conflict_policy: WorkflowIDConflictPolicy
    id_reuse_policy: WorkflowIDReusePolicy
    task_timeout: timedelta
    priority: Priority
    static_summary: str
    memo: dict[str, str]


def options(start: Start[Any]) -> StartOptions:
    """For Temporal's client. Nothing here tells who it is for or what it says."""
    return {
        "id": start.workflow_id,
        "task_queue": start.task_queue,
        "id_conflict_policy": WorkflowIDConflictPolicy.USE_EXISTING,
        # A workflow fails only when its request was refused and left nothing behind: such a key is free again.
        "id_reuse_policy": WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        "task_timeout": FIRST_TASK_TIMEOUT,
        "priority": start.priority,
        "static_summary": start.summary,
        # For callers with the same key while no worker is there to compare.
        "memo": {names.FINGERPRINT_MEMO: start.request.fingerprint, names.CALL_MEMO: start.request.call_id},
    }
