"""Nights of housekeeping on a server that skips time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

from skipping_server import skipping_server
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from notifications.contracts import names
from notifications.contracts.maintenance import RetentionProgress, RetentionReport, RetentionTurn
from workflows.retention import RetentionWorkflow

Handle = WorkflowHandle[RetentionWorkflow, RetentionReport]
TURNS = 4


class Housekeeper:
    """Has so many turns to do, and fails the first time at each."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.turns: list[RetentionTurn] = []

    def _fail_once(self, step: str) -> None:
        self.asked.append(step)
        if activity.info().attempt == 1:
            raise ApplicationError("not now", type="DatabaseUnavailable")

    @activity.defn(name=names.BEGIN_RETENTION_ACTIVITY)
    async def begin(self, _: RetentionTurn) -> None:
        self._fail_once("begin")

    @activity.defn(name=names.REMOVE_NOTIFICATIONS_ACTIVITY)
    async def remove_notifications(self, turn: RetentionTurn) -> RetentionProgress:
        self._fail_once("notifications")
        self.turns.append(turn)
        if len(self.turns) == TURNS:
            return RetentionProgress()
        place = RetentionTurn(run_id=turn.run_id, listed_at=datetime.now(UTC), notification_id=uuid4())
        return RetentionProgress(next_turn=place)

    @activity.defn(name=names.REMOVE_LEFTOVERS_ACTIVITY)
    async def remove_leftovers(self, _: RetentionTurn) -> None:
        self._fail_once("leftovers")

    @activity.defn(name=names.CONCLUDE_RETENTION_ACTIVITY)
    async def conclude(self, turn: RetentionTurn) -> RetentionReport:
        self._fail_once("conclude")
        return RetentionReport(removed={"notifications/system": self.turns.index(turn) + 1})


@asynccontextmanager
async def night_of(keeper: Housekeeper) -> AsyncIterator[Handle]:
    async with (
        await skipping_server() as server,
        Worker(
            server.client,
            task_queue=names.BULK_QUEUE,
            workflows=[RetentionWorkflow],  # in its sandbox, unlike in production
            activities=[keeper.begin, keeper.remove_notifications, keeper.remove_leftovers, keeper.conclude],
        ),
    ):
        yield await server.client.start_workflow(RetentionWorkflow.run, id="retention", task_queue=names.BULK_QUEUE)
