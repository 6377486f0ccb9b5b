"""The workflow as it was before what is no longer true ended it at once, for those that it still has under way."""

from temporalio import workflow

from notifications.contracts import names
from notifications.contracts.delivery import PlannedDelivery
from notifications.contracts.notification import AcceptedNotification, NotificationRequest
from workflows.notification import NotificationWorkflow


@workflow.defn(name=names.NOTIFICATION_WORKFLOW)
class FormerWorkflow(NotificationWorkflow):
    @workflow.init
    def __init__(self, request: NotificationRequest) -> None:
        super().__init__(request)

    @workflow.run
    async def run(self, request: NotificationRequest) -> AcceptedNotification:
        return await super().run(request)

    async def _deliver(self, delivery: PlannedDelivery) -> None:
        try:
            outcome = await self._outcome(delivery)
            if outcome is not None:
                self._outcomes.append(outcome.status)
                self._reconsider = self._reconsider or not outcome.status.is_settled
        except Exception as defect:  # noqa: BLE001 - as the workflow has it
            self._defect = defect
        finally:
            del self._sends[delivery.delivery_id]


@workflow.defn(name=names.NOTIFICATION_WORKFLOW)
class UnpatchedWorkflow(FormerWorkflow):
    """Today's, had somebody changed it without asking what is under way."""

    @workflow.init
    def __init__(self, request: NotificationRequest) -> None:
        super().__init__(request)

    @workflow.run
    async def run(self, request: NotificationRequest) -> AcceptedNotification:
        return await super().run(request)

    async def _deliver(self, delivery: PlannedDelivery) -> None:
        await super()._deliver(delivery)
        self._reconsider = True
