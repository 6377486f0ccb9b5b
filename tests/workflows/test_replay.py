"""Recorded histories of every path replay on today's code: notifications may be under way when it is deployed."""

from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from notifications.contracts import names
from notifications.contracts.batches import AcceptedBatch, BatchRequest
from notifications.contracts.notification import AcceptedNotification, NotificationRequest
from notifications.contracts.vocabulary import NotificationStatus
from workflows.anchor import AnchorWorkflow
from workflows.bulk import BulkWorkflow
from workflows.digest import DigestWorkflow
from workflows.notification import NotificationWorkflow
from workflows.recurrence import RecurrenceWorkflow
from workflows.retention import RetentionWorkflow
from workflows.snooze import SnoozeWorkflow
from workflows.summaries import SummariesWorkflow

HISTORIES = sorted((Path(__file__).parents[1] / "histories").glob("*.json"))
OTHERS = {
    *("refused", "bulk_refused", "anchored", "digest_flushed", "digest_waited", "snoozed"),
    *("recurrence", "retention", "weekly_summaries"),
}
"""Paths on which the steps are not met that are changed below."""


def history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(path: Path) -> None:
    every = [
        *(NotificationWorkflow, AnchorWorkflow, BulkWorkflow, DigestWorkflow, SnoozeWorkflow),
        *(RecurrenceWorkflow, RetentionWorkflow, SummariesWorkflow),
    ]
    await Replayer(workflows=every).replay_workflow(history(path))


@pytest.mark.parametrize("path", [path for path in HISTORIES if path.stem not in OTHERS], ids=lambda path: path.stem)
async def test_a_change_of_commands_does_not_pass_unnoticed(path: Path) -> None:
    with pytest.raises(workflow.NondeterminismError):
        await Replayer(workflows=[HastyWorkflow, HastyBulkWorkflow]).replay_workflow(history(path))


@workflow.defn(name=names.NOTIFICATION_WORKFLOW)
class HastyWorkflow(NotificationWorkflow):
    """The workflow as somebody might change it: a wait slipped in before the end."""

    @workflow.init
    def __init__(self, request: NotificationRequest) -> None:
        super().__init__(request)

    @workflow.run
    async def run(self, request: NotificationRequest) -> AcceptedNotification:
        return await super().run(request)

    async def _conclude(self) -> NotificationStatus:
        await workflow.sleep(1)
        return await super()._conclude()


@workflow.defn(name=names.BULK_WORKFLOW)
class HastyBulkWorkflow(BulkWorkflow):
    """The same for a batch."""

    @workflow.init
    def __init__(self, request: BatchRequest) -> None:
        super().__init__(request)

    @workflow.run
    async def run(self, request: BatchRequest) -> AcceptedBatch:
        return await super().run(request)

    async def _bring_out_page(self) -> bool:
        await workflow.sleep(1)
        return await super()._bring_out_page()
