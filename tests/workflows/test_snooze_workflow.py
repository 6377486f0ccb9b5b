"""The sleep of a notification in time, on a server that skips the waiting."""

from datetime import timedelta
from uuid import uuid4

from skipping_server import skipping_server
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from notifications.contracts import names
from notifications.contracts.snooze import Snooze
from workflows.snooze import SnoozeWorkflow


class Waker:
    """Fails so often, as if the database were away or its clock behind, then notes what it was asked."""

    def __init__(self, *, failures: int = 0) -> None:
        self.asked: list[Snooze] = []
        self._failures = failures

    @activity.defn(name=names.WAKE_ACTIVITY)
    async def wake(self, snooze: Snooze) -> None:
        self.asked.append(snooze)
        if len(self.asked) <= self._failures:
            raise ApplicationError("Not yet.", type="TooEarly")


async def slept(waker: Waker, *, seconds: float) -> timedelta:
    """How long after its moment a notification was woken, by the server's clock."""
    async with (
        await skipping_server() as server,
        Worker(
            server.client,
            task_queue=names.NOTIFICATION_QUEUE,
            workflows=[SnoozeWorkflow],  # in its sandbox, unlike in production
            activities=[waker.wake],
        ),
    ):
        snooze = Snooze(notification_id=uuid4(), until=await server.get_current_time() + timedelta(seconds=seconds))
        handle = await server.client.start_workflow(
            SnoozeWorkflow.run,
            snooze,
            id=names.snooze_workflow_id(snooze.notification_id, snooze.until),
            task_queue=names.NOTIFICATION_QUEUE,
        )
        await handle.result()
        assert waker.asked == [snooze] * len(waker.asked)
        closed = (await handle.describe()).close_time
        assert closed is not None
        return closed - snooze.until


async def test_it_ends_at_its_moment_and_not_before() -> None:
    waker = Waker()
    late = await slept(waker, seconds=180 * 86_400)
    assert timedelta(0) <= late < timedelta(seconds=30)
    assert len(waker.asked) == 1


async def test_a_moment_that_has_passed_while_nobody_was_there_is_now() -> None:
    waker = Waker()
    await slept(waker, seconds=-3_600)
    assert len(waker.asked) == 1


async def test_what_cannot_be_woken_at_once_is_woken_as_soon_as_it_can() -> None:
    waker = Waker(failures=3)
    assert await slept(waker, seconds=60) < timedelta(minutes=5)
    assert len(waker.asked) == 4
