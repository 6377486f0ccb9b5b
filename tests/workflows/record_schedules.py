"""Records what schedules start, on a server that skips time: `python tests/workflows/record_schedules.py`.

When a change to one of these workflows is meant to change its commands; read the difference before committing.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]
sys.path.insert(0, str(CHECKOUT))

from record_histories import HISTORIES, anonymous  # noqa: E402 - run as a script, from anywhere
from temporalio import activity  # noqa: E402
from temporalio.exceptions import ApplicationError  # noqa: E402
from temporalio.testing import WorkflowEnvironment  # noqa: E402
from temporalio.worker import Worker  # noqa: E402
from test_retention_workflow import Housekeeper  # noqa: E402

from notifications.contracts import names  # noqa: E402
from notifications.contracts.building import build_request  # noqa: E402
from notifications.contracts.recurring import Firing, FiringPlan, Recurrence  # noqa: E402
from workflows.recurrence import RecurrenceWorkflow  # noqa: E402
from workflows.retention import RetentionWorkflow  # noqa: E402

_QUEUE = "recorded"
_TEST_SERVER = Path(sys.executable).parent / "temporal-test-server"


class Clocks:
    """Two people's clocks, an hour apart, and a database that is away at first."""

    def __init__(self) -> None:
        self._fired = 0

    @activity.defn(name=names.FIRE_RECURRENCE_ACTIVITY)
    async def fire(self, firing: Firing) -> FiringPlan:
        if activity.info().attempt == 1:
            raise ApplicationError("not now", type="DatabaseUnavailable")
        self._fired += 1
        return FiringPlan(wake_at=firing.scheduled_at + timedelta(hours=1) if self._fired == 1 else None)


async def record() -> None:
    keeper = Housekeeper()
    content = build_request(user="recorded", title="Hello", message="From a recording.", notification_type="session")
    now = datetime.now(UTC)
    daily = Recurrence(key="recorded", users=("recorded", "other"), content=content, since=now, at="09:00")
    async with (
        await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(_TEST_SERVER)) as server,
        Worker(
            server.client,
            task_queue=_QUEUE,
            workflows=[RetentionWorkflow, RecurrenceWorkflow],
            activities=[
                *(keeper.begin, keeper.remove_notifications, keeper.remove_leftovers, keeper.conclude),
                Clocks().fire,
            ],
        ),
    ):
        for name, run, given in (
            ("retention", RetentionWorkflow.run, None),
            ("recurrence", RecurrenceWorkflow.run, daily),
        ):
            started: Any = run
            handle = await server.client.start_workflow(started, given, id=name, task_queue=_QUEUE)
            await handle.result()
            (HISTORIES / f"{name}.json").write_text(anonymous((await handle.fetch_history()).to_json()))


if __name__ == "__main__":
    asyncio.run(record())
