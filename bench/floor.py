"""The raw floor: the least that Temporal must do for one durable acceptance, and for one step after it.

One empty local activity, then, when asked for, one empty regular activity on its own queue. The worker takes
the product's options, in a process of its own: `python -m bench.floor`.
"""

import asyncio
import os
import signal
from datetime import timedelta

import uvloop
from temporalio import activity, workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from notifications.connecting import connect

QUEUE = "bench-floor"
SEND_QUEUE = "bench-floor-send"
WORKFLOW = "bench-floor"
UPDATE = "accepted"
_TIMEOUT = timedelta(seconds=8)


@activity.defn(name="bench-nothing")
async def nothing() -> None:
    pass


@workflow.defn(name=WORKFLOW)
class Floor:
    def __init__(self) -> None:
        self._accepted = False

    @workflow.run
    async def run(self, also_send: bool) -> None:  # noqa: FBT001 - Temporal passes by position
        await workflow.execute_local_activity(nothing, start_to_close_timeout=_TIMEOUT)
        self._accepted = True
        if also_send:
            await workflow.execute_activity(nothing, task_queue=SEND_QUEUE, start_to_close_timeout=_TIMEOUT)
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update(name=UPDATE)
    async def accepted(self) -> None:
        await workflow.wait_condition(lambda: self._accepted)


async def run() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await connect(os.environ["TEMPORAL_ADDRESS"], namespace="default")
    accepting = Worker(
        client,
        task_queue=QUEUE,
        workflows=[Floor],
        activities=[nothing],
        workflow_runner=UnsandboxedWorkflowRunner(),
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=3),
    )
    sending = Worker(client, task_queue=SEND_QUEUE, activities=[nothing], max_concurrent_activities=50)
    async with accepting, sending:
        await stop.wait()


if __name__ == "__main__":
    uvloop.run(run())
