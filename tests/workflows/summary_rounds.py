"""Rounds of weekly summaries on a server that skips time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from skipping_server import skipping_server
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from notifications.contracts import names
from notifications.contracts.summaries import SummaryProgress, SummaryTurn
from workflows.summaries import SummariesWorkflow

Handle = WorkflowHandle[SummariesWorkflow, SummaryProgress]
TURNS = 3
MONDAY = datetime(2027, 5, 3, 9, tzinfo=UTC)


class Teller:
    """Begins two summaries in each of its turns, and fails the first time at each."""

    def __init__(self) -> None:
        self.turns: list[SummaryTurn] = []

    @activity.defn(name=names.BEGIN_SUMMARIES_ACTIVITY)
    async def begin(self, turn: SummaryTurn) -> SummaryProgress:
        self.turns.append(turn)
        if activity.info().attempt == 1:
            raise ApplicationError("not now", type="DatabaseUnavailable")
        begun = turn.begun + 2
        return SummaryProgress(begun=begun, is_done=begun == 2 * TURNS)


@asynccontextmanager
async def round_of(teller: Teller, turn: SummaryTurn | None) -> AsyncIterator[Handle]:
    async with (
        await skipping_server() as server,
        Worker(
            server.client,
            task_queue=names.BULK_QUEUE,
            workflows=[SummariesWorkflow],  # in its sandbox, unlike in production
            activities=[teller.begin],
        ),
    ):
        yield await server.client.start_workflow(
            SummariesWorkflow.run, turn, id=names.SUMMARIES_SCHEDULE, task_queue=names.BULK_QUEUE
        )
