"""The paths that are recorded on a server that skips time: they take hours, or a schedule starts them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from former_workflow import FormerWorkflow
from housekeeping_nights import Housekeeper, night_of
from skipped_time import skipped_time, try_again
from skipping_server import skipping_server
from summary_rounds import MONDAY, Teller, round_of
from temporalio import activity
from temporalio.client import WorkflowHistory
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from notifications.contracts import names
from notifications.contracts.building import build_request
from notifications.contracts.delivery import SendResult
from notifications.contracts.recurring import Firing, FiringPlan, Recurrence
from notifications.contracts.summaries import SummaryTurn
from notifications.contracts.vocabulary import Channel, DeliveryStatus
from workflows.notification import NotificationWorkflow
from workflows.recurrence import RecurrenceWorkflow


async def given_up() -> WorkflowHistory:
    """A vendor that is busy until the deadline."""

    def busy(_: Channel, __: int) -> SendResult:
        raise try_again(timedelta(minutes=30))

    async with skipped_time() as world:
        world.channels, world.attempt = (Channel.EMAIL, Channel.SMS), busy
        handle = await world.start()
        await handle.result()
        return await handle.fetch_history()


async def asked_again() -> WorkflowHistory:
    """Nobody answers, then somebody does."""
    async with skipped_time() as world:
        world.channels, world.asks_first = (Channel.EMAIL,), True
        handle = await world.start()
        await world.until_asked(2)
        world.answers = [SendResult(status=DeliveryStatus.PENDING)]
        await handle.result()
        return await handle.fetch_history()


async def ended_with_its_truth() -> WorkflowHistory:
    return await _ladder(NotificationWorkflow)


async def slept_on() -> WorkflowHistory:
    return await _ladder(FormerWorkflow)


async def _ladder(workflow: type[NotificationWorkflow]) -> WorkflowHistory:
    """No longer true on the first rung, with another one hours away."""
    async with skipped_time(workflow) as world:
        handle = await world.start_ladder()
        await handle.result()
        return await handle.fetch_history()


async def retention() -> WorkflowHistory:
    async with night_of(Housekeeper()) as handle:
        await handle.result()
        return await handle.fetch_history()


async def weekly_summaries() -> WorkflowHistory:
    async with round_of(Teller(), SummaryTurn(moment=MONDAY)) as handle:
        await handle.result()
        return await handle.fetch_history()


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


async def recurrence() -> WorkflowHistory:
    content = build_request(user="recorded", title="Hello", message="From a recording.", notification_type="session")
    since = datetime.now(UTC)
    daily = Recurrence(key="recorded", users=("recorded", "other"), content=content, since=since, at="09:00")
    queue = "recorded"
    async with (
        await skipping_server() as server,
        Worker(server.client, task_queue=queue, workflows=[RecurrenceWorkflow], activities=[Clocks().fire]),
    ):
        handle = await server.client.start_workflow(RecurrenceWorkflow.run, daily, id="recurrence", task_queue=queue)
        await handle.result()
        return await handle.fetch_history()


PATHS: tuple[Callable[[], Awaitable[WorkflowHistory]], ...] = (
    given_up,
    asked_again,
    ended_with_its_truth,
    slept_on,
    retention,
    weekly_summaries,
    recurrence,
)
