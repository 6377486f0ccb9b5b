"""The step that accepts a request or refuses it, and everybody who waits to hear which."""

from collections.abc import Awaitable
from typing import Generic, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from notifications.contracts.errors import IdempotencyConflict

Answer = TypeVar("Answer")
Result = TypeVar("Result")


class FirstStep(Generic[Answer]):
    """Of one workflow. Callers with the same key may ask at any time what came of it."""

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        self._answer: Answer | None = None
        self._refusal: ApplicationError | None = None

    def check(self, fingerprint: str) -> None:
        """Refuses whoever asks about another request under the same key."""
        if fingerprint != self._fingerprint:
            raise ApplicationError("The key stands for another request.", type=IdempotencyConflict.__name__)

    async def answer(self) -> Answer:
        """Once it is known.

        Raises:
            ApplicationError: the request was refused.
        """
        await workflow.wait_condition(lambda: self._answer is not None or self._refusal is not None)
        if self._answer is None:
            raise self._refusal or RuntimeError("neither accepted nor refused")
        return self._answer

    async def taken(self, step: Awaitable[Result]) -> Result:
        """What the step says. Whoever waits hears of its refusal before the workflow fails by it."""
        try:
            return await step
        except ApplicationError as refusal:
            self._refusal = refusal
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise

    def accept(self, answer: Answer) -> None:
        self._answer = answer
