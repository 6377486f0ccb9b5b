"""Rounds of weekly summaries on a server that skips time, and the recording of one.

`python tests/workflows/summary_rounds.py` records it anew: when a change to the workflow is meant to change its
commands.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
sys.path.insert(0, str(CHECKOUT))

from temporalio import activity  # noqa: E402 - run as a script, from anywhere
from temporalio.client import WorkflowHandle  # noqa: E402
from temporalio.exceptions import ApplicationError  # noqa: E402
from temporalio.testing import WorkflowEnvironment  # noqa: E402
from temporalio.worker import Worker  # noqa: E402

from notifications.contracts import names  # noqa: E402
from notifications.contracts.summaries import SummaryProgress, SummaryTurn  # noqa: E402
from workflows.summaries import SummariesWorkflow  # noqa: E402

Handle = WorkflowHandle[SummariesWorkflow, SummaryProgress]
TURNS = 3
MONDAY = datetime(2027, 5, 3, 9, tzinfo=UTC)
_TEST_SERVER = Path(sys.executable).parent / "temporal-test-server"


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
        await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(_TEST_SERVER)) as server,
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


async def record() -> None:
    from record_histories import HISTORIES, anonymous  # noqa: PLC0415 - which launches stacks, unlike this

    async with round_of(Teller(), SummaryTurn(moment=MONDAY)) as handle:
        await handle.result()
        (HISTORIES / "weekly_summaries.json").write_text(anonymous((await handle.fetch_history()).to_json()))


if __name__ == "__main__":
    asyncio.run(record())
