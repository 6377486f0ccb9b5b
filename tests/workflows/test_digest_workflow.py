"""A digest's window in time, on a server that skips the waiting."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from skipping_server import skipping_server
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from notifications.contracts import names
from notifications.contracts.digests import DigestInput, DigestPlan
from workflows.digest import DigestWorkflow

DAY = timedelta(days=1)


@dataclass
class DigestWorld:
    """One window, kept in memory; times are the server's."""

    server: WorkflowEnvironment
    digest_id: UUID = field(default_factory=uuid4)
    closings: list[datetime] = field(default_factory=list)
    """When it should close: as of now, and as of each time that it was looked at."""
    closed: list[datetime] = field(default_factory=list)

    @activity.defn(name=names.CLOSE_DIGEST_ACTIVITY)
    async def close(self, input: DigestInput) -> DigestPlan:
        now = await self.server.get_current_time()
        closing = self.closings.pop(0) if len(self.closings) > 1 else self.closings[0]
        if not self.closed and (closing <= now or input.at_once):
            self.closed.append(now)
        return DigestPlan(wake_at=None if self.closed else closing)

    async def waiting(self, *closings: timedelta) -> WorkflowHandle[DigestWorkflow, None]:
        now = await self.server.get_current_time()
        self.closings = [now + each for each in closings]
        return await self.server.client.start_workflow(
            DigestWorkflow.run,
            DigestInput(digest_id=self.digest_id),
            id=names.digest_workflow_id(self.digest_id),
            task_queue=names.NOTIFICATION_QUEUE,
        )


@pytest.fixture
async def world() -> AsyncIterator[DigestWorld]:
    async with await skipping_server() as server:
        world = DigestWorld(server)
        async with Worker(
            server.client, task_queue=names.NOTIFICATION_QUEUE, workflows=[DigestWorkflow], activities=[world.close]
        ):
            yield world


def is_soon_after(moment: datetime, due: datetime) -> bool:
    return timedelta(0) <= moment - due < timedelta(minutes=1)


async def test_a_window_closes_when_its_time_has_come(world: DigestWorld) -> None:
    handle = await world.waiting(30 * DAY)
    due = world.closings[0]
    await handle.result()
    (closed,) = world.closed
    assert is_soon_after(closed, due)


async def test_a_window_that_was_put_off_is_waited_for_again(world: DigestWorld) -> None:
    handle = await world.waiting(DAY, 2 * DAY, 5 * DAY)
    due = world.closings[-1]
    await handle.result()
    (closed,) = world.closed
    assert is_soon_after(closed, due)


async def test_a_full_window_is_looked_at_before_its_time(world: DigestWorld) -> None:
    handle = await world.waiting(30 * DAY, timedelta(0))
    latest = world.closings[0]
    await handle.signal(names.RECONSIDER_SIGNAL)
    await handle.result()
    (closed,) = world.closed
    assert closed < latest - 29 * DAY


async def test_flushing_closes_a_window_before_it_answers(world: DigestWorld) -> None:
    handle = await world.waiting(30 * DAY)
    await handle.execute_update(names.FLUSH_UPDATE)
    assert len(world.closed) == 1
    await handle.result()
    assert len(world.closed) == 1
