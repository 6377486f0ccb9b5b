"""Somebody has changed what they want: all that waits for them thinks again."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from notifications.contracts import names
    from notifications.contracts.reconsidering import ReconsiderInput, ReconsiderPage
    from workflows.steps import local_step


@workflow.defn(name=names.RECONSIDER_WORKFLOW)
class ReconsiderWorkflow:
    """One per person who has just changed something; started before the change is committed, so that none is lost."""

    @workflow.init
    def __init__(self, input: ReconsiderInput) -> None:
        self._input = input
        self._again = True

    @workflow.run
    async def run(self, input: ReconsiderInput) -> None:  # noqa: ARG002 - `__init__` has taken it
        """Page by page; from the start again whenever something has changed meanwhile."""
        while self._again:
            self._again = False
            await self._go_through()
            if self._again and workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(self._input)

    @workflow.signal(name=names.AGAIN_SIGNAL)
    def again(self) -> None:
        self._again = True

    async def _go_through(self) -> None:
        after = self._input.after
        while True:
            page = await local_step(
                names.RECONSIDER_ACTIVITY, ReconsiderInput(user=self._input.user, after=after), ReconsiderPage
            )
            if page.after is None:
                return
            after = page.after
