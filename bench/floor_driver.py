"""The floor's client: a process that is nothing but Temporal's client."""

import os
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from bench import floor, loops
from bench.driver import answer
from notifications.connecting import connect
from notifications.starting import FIRST_TASK_TIMEOUT


class FloorDriver:
    def __init__(self) -> None:
        self._client: Client | None = None

    async def closed(self, also_send: bool, count: int, at_once: int) -> dict[str, Any]:  # noqa: FBT001 - from JSON
        client = await self._connected()
        return await loops.closed(lambda _: _accept(client, also_send=also_send), count=count, at_once=at_once)

    async def open(self, rate: float, seconds: float) -> dict[str, Any]:
        client = await self._connected()
        return await loops.open_(lambda _: _accept(client, also_send=False), rate=rate, seconds=seconds)

    async def _connected(self) -> Client:
        if self._client is None:
            self._client = await connect(os.environ["TEMPORAL_ADDRESS"], namespace="default")
        return self._client


async def _accept(client: Client, *, also_send: bool) -> None:
    start: WithStartWorkflowOperation[Any, None] = WithStartWorkflowOperation(
        floor.WORKFLOW,
        also_send,
        id=f"floor:{uuid4()}",
        task_queue=floor.QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        task_timeout=FIRST_TASK_TIMEOUT,
    )
    await client.execute_update_with_start_workflow(floor.UPDATE, start_workflow_operation=start)


if __name__ == "__main__":
    driver = FloorDriver()
    answer({"closed": driver.closed, "open": driver.open})
