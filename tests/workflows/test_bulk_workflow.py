"""The life of a batch in time, on a server that skips the waiting."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from skipping_server import skipping_server
from temporalio import activity
from temporalio.client import WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from notifications.contracts import names
from notifications.contracts.batches import AcceptedBatch, BatchRequest, PageInput, PageResult
from notifications.contracts.building_batches import build_batch
from workflows.bulk import PAGES_PER_RUN, BulkWorkflow

Handle = WorkflowHandle[BulkWorkflow, AcceptedBatch]


@dataclass
class World:
    """What the activities answer, and what they were asked."""

    server: WorkflowEnvironment
    pages: int = 1
    scheduled_for: datetime | None = None
    existing_call: str | None = None
    refusal: ApplicationError | None = None
    accepted: list[BatchRequest] = field(default_factory=list)
    taken: list[PageInput] = field(default_factory=list)
    taken_at: list[datetime] = field(default_factory=list)
    """By the server's clock, which may be far from ours."""
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    @activity.defn(name=names.ACCEPT_BATCH_ACTIVITY)
    async def accept_batch(self, request: BatchRequest) -> AcceptedBatch:
        if self.refusal is not None:
            raise self.refusal
        self.accepted.append(request)
        return AcceptedBatch(
            batch_id=request.batch_id,
            call_id=self.existing_call or request.call_id,
            fingerprint=request.fingerprint,
            scheduled_for=self.scheduled_for,
        )

    @activity.defn(name=names.ACCEPT_PAGE_ACTIVITY)
    async def accept_page(self, input: PageInput) -> PageResult:
        self.taken.append(input)
        self.taken_at.append(activity.info().scheduled_time)
        if len(self.taken) == self.pages:
            await self.goes_on.wait()
        return PageResult(accepted=1, is_last=len(self.taken) == self.pages)

    async def start(self) -> tuple[BatchRequest, Handle]:
        request = build_batch(users=["ada"], notification_type="system", title="Hello", message="There.")
        handle: Handle = await self.server.client.start_workflow(
            BulkWorkflow.run,
            request,
            id=names.bulk_workflow_id(request.batch_id),
            task_queue=names.BULK_QUEUE,
        )
        return request, handle


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with await skipping_server() as server:
        running = World(server)
        running.goes_on.set()
        async with Worker(
            server.client,
            task_queue=names.BULK_QUEUE,
            workflows=[BulkWorkflow],  # in its sandbox, unlike in production
            activities=[running.accept_batch, running.accept_page],
            disable_eager_activity_execution=True,  # the server does not see those, and skips on while they run
        ):
            yield running


async def test_a_batch_is_accepted_once_and_brought_out_to_its_last_page(world: World) -> None:
    world.pages = 3
    request, handle = await world.start()
    assert (await handle.result()).call_id == request.call_id
    assert world.accepted == [request]
    assert world.taken == [PageInput(batch_id=request.batch_id)] * 3


async def test_nothing_is_brought_out_before_its_time(world: World) -> None:
    due = world.scheduled_for = await world.server.get_current_time() + timedelta(days=180)
    _, handle = await world.start()
    await handle.result()
    (asked,) = world.taken_at
    assert timedelta(0) <= asked - due < timedelta(seconds=30)


async def test_a_cancelled_batch_does_not_wait_for_its_time(world: World) -> None:
    due = world.scheduled_for = await world.server.get_current_time() + timedelta(days=180)
    request, handle = await world.start()
    await handle.execute_update(names.ACCEPTED_UPDATE, request.fingerprint)
    await handle.signal(names.RECONSIDER_SIGNAL)
    await handle.result()
    (asked,) = world.taken_at
    assert asked < due - timedelta(days=179)


async def test_a_long_batch_begins_a_new_history_and_still_answers_for_itself(world: World) -> None:
    world.pages = PAGES_PER_RUN + 2
    world.goes_on.clear()
    request, handle = await world.start()
    async with asyncio.timeout(60):
        while len(world.taken) < world.pages:
            await asyncio.sleep(0.02)
    latest: Handle = world.server.client.get_workflow_handle(handle.id, result_type=AcceptedBatch)
    assert (await latest.describe()).run_id != handle.first_execution_run_id
    answer = await latest.execute_update(names.ACCEPTED_UPDATE, request.fingerprint, result_type=AcceptedBatch)
    assert answer.call_id == request.call_id
    started = await anext(latest.fetch_history_events())
    assert b"There." not in started.SerializeToString()
    world.goes_on.set()
    assert (await handle.result()).fingerprint == request.fingerprint
    assert len(world.accepted) == 1


async def test_a_batch_that_existed_before_its_workflow_is_carried_on_and_said_to_be_the_earlier_call(
    world: World,
) -> None:
    world.existing_call = "an earlier call, whose workflow Temporal has forgotten"
    _, handle = await world.start()
    assert (await handle.result()).call_id == world.existing_call
    assert len(world.taken) == 1


async def test_a_refused_batch_fails_and_tells_which_field(world: World) -> None:
    errors = {"metadata": ["The variable 'x' is missing."]}
    world.refusal = ApplicationError("refused", errors, type="InvalidNotification", non_retryable=True)
    _, handle = await world.start()
    with pytest.raises(WorkflowFailureError) as failed:
        await handle.result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.details == (errors,)
    assert world.taken == []


async def test_another_request_under_the_same_key_is_refused_by_the_running_workflow(world: World) -> None:
    world.goes_on.clear()
    _, handle = await world.start()
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await handle.execute_update(names.ACCEPTED_UPDATE, "another fingerprint")
    world.goes_on.set()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "IdempotencyConflict"
    await handle.result()
