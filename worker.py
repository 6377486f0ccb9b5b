"""The worker: runs workflows and activities, in the roles it is asked for.

`python worker.py` serves every queue; `python worker.py email sms` only those. One process per role keeps a
slow vendor, an announcement, or a burst of workflow code from holding up anything else.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial

import structlog
import uvloop
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.asking import AskActivities, Preconditions
from activities.bulk import BulkActivities
from activities.changing import ChangeActivities
from activities.delivery import DeliveryActivities
from activities.digests import DigestActivities
from activities.notification import NotificationActivities
from activities.reconsidering import ReconsiderActivities
from activities.recurring import RecurringActivities
from activities.reminders import ReminderActivities
from activities.retention import RetentionActivities
from activities.snoozing import SnoozeActivities
from activities.summaries import SummaryActivities
from notifications.accepting import accept, start
from notifications.connecting import connect
from notifications.contracts.names import BULK_QUEUE, CLOCK_QUEUE, NOTIFICATION_QUEUE, delivery_queue
from notifications.contracts.vocabulary import EXTERNAL_CHANNELS, Channel
from notifications.digesting import watch_digest
from notifications.housekeeping import ensure_retention, ensure_summaries
from notifications.reconsidering import reconsider, wake
from notifications.recurring import Recurrences
from observability import configure_logging
from persistence.database import Database
from persistence.hints import HintSender
from persistence.waiting import Waking
from providers.asking import PreconditionAsker
from providers.courier import CourierProvider
from providers.destinations import Destinations
from runtime import settle_memory
from settings import Settings
from workflows.anchor import AnchorWorkflow
from workflows.bulk import BulkWorkflow
from workflows.digest import DigestWorkflow
from workflows.notification import NotificationWorkflow
from workflows.reconsidering import ReconsiderWorkflow
from workflows.recurrence import RecurrenceWorkflow
from workflows.retention import RetentionWorkflow
from workflows.snooze import SnoozeWorkflow
from workflows.summaries import SummariesWorkflow

ROLES = ("workflows", "bulk", *EXTERNAL_CHANNELS)

# Time for sends under way to be answered and written down; what is cut off is asked again with its key.
_GRACE = timedelta(seconds=15)
# After a worker died, its cached workflows wait this long for it before any other may take them.
_STICKY_TIMEOUT = timedelta(seconds=3)
_CONCURRENT_SENDS = 50
# What a clock begins is held back by its number, so that a full hour leaves room for what somebody waits for.
_AT_ONCE = {NOTIFICATION_QUEUE: 100, CLOCK_QUEUE: 8}
# One that is being written while the other's workflows are being started; batches take turns, page by page.
_CONCURRENT_PAGES = 2
_RECONNECT_SECONDS = 1.0

log = structlog.get_logger("worker")


async def run(settings: Settings, roles: Sequence[str]) -> None:
    """Serves the queues of `roles` until SIGTERM or SIGINT, then finishes what is under way."""
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    client = await _connected(settings)
    async with serving(client, settings, roles):
        if "bulk" in roles:
            await _scheduled(client)
        settle_memory()
        log.info("worker ready", roles=" ".join(roles))
        await stop.wait()
        log.info("worker stopping")


@asynccontextmanager
async def serving(client: Client, settings: Settings, roles: Sequence[str]) -> AsyncIterator[None]:
    """The workers of `roles`, and what they need, until the block ends."""
    async with AsyncExitStack() as resources:
        database = await resources.enter_async_context(_database(settings, client))
        provider = CourierProvider(
            auth_token=settings.courier_auth_token.get_secret_value(),
            base_url=settings.courier_base_url,
            timeout_seconds=settings.courier_timeout_seconds,
        )
        resources.push_async_callback(provider.close)
        asker = await resources.enter_async_context(_asker(settings))
        preconditions = Preconditions(
            database=database, asker=asker, patience_seconds=settings.precondition_patience_seconds
        )
        deliveries = DeliveryActivities(database=database, provider=provider, preconditions=preconditions)
        for role in roles:
            match role:
                case "workflows":
                    workers = [_workflow_worker(client, database, preconditions, settings, queue) for queue in _AT_ONCE]
                case "bulk":
                    workers = [_bulk_worker(client, database, settings)]
                case channel:
                    workers = [_channel_worker(client, Channel(channel), deliveries, settings)]
            for worker in workers:
                await resources.enter_async_context(worker)
        yield


def _workflow_worker(
    client: Client, database: Database, preconditions: Preconditions, settings: Settings, queue: str
) -> Worker:
    destinations = _destinations(settings)
    activities = NotificationActivities(database=database, destinations=destinations)
    asking = AskActivities(database=database, preconditions=preconditions)
    changes = ChangeActivities(database=database)
    reminders = ReminderActivities(database=database, start=partial(start, client), destinations=destinations)
    digests = DigestActivities(database=database, start=partial(start, client), watch=partial(watch_digest, client))
    reconsidering = ReconsiderActivities(database=database, wake=partial(wake, client))
    recurring = RecurringActivities(database=database, find=Recurrences(client).find, start=partial(start, client))
    snoozes = SnoozeActivities(database=database)
    return Worker(
        client,
        task_queue=queue,
        workflows=[
            NotificationWorkflow,
            AnchorWorkflow,
            DigestWorkflow,
            ReconsiderWorkflow,
            RecurrenceWorkflow,
            SnoozeWorkflow,
        ],
        activities=[
            activities.accept,
            activities.advance,
            activities.conclude,
            asking.ask,
            changes.change,
            reminders.remind,
            reminders.move,
            reminders.cancel,
            reminders.fire,
            digests.watch,
            digests.close,
            reconsidering.reconsider,
            recurring.fire,
            snoozes.wake,
        ],
        max_concurrent_workflow_tasks=_AT_ONCE[queue],
        max_concurrent_local_activities=_AT_ONCE[queue],
        # The sandbox imports the workflow's module anew for every run; the tests run the same code inside it.
        workflow_runner=UnsandboxedWorkflowRunner(),
        sticky_queue_schedule_to_start_timeout=_STICKY_TIMEOUT,
        graceful_shutdown_timeout=_GRACE,
    )


def _bulk_worker(client: Client, database: Database, settings: Settings) -> Worker:
    activities = BulkActivities(
        database=database,
        start=partial(accept, client),
        starts_per_second=settings.bulk_starts_per_second,
        destinations=_destinations(settings),
    )
    retention = RetentionActivities(database=database)
    summaries = SummaryActivities(
        database=database, start=partial(start, client), starts_per_second=settings.bulk_starts_per_second
    )
    return Worker(
        client,
        task_queue=BULK_QUEUE,
        workflows=[BulkWorkflow, RetentionWorkflow, SummariesWorkflow],
        activities=[
            activities.accept_batch,
            activities.accept_page,
            retention.begin,
            retention.remove_notifications,
            retention.remove_leftovers,
            retention.conclude,
            summaries.begin,
        ],
        max_concurrent_activities=_CONCURRENT_PAGES,
        workflow_runner=UnsandboxedWorkflowRunner(),
        sticky_queue_schedule_to_start_timeout=_STICKY_TIMEOUT,
        graceful_shutdown_timeout=_GRACE,
    )


def _channel_worker(client: Client, channel: Channel, activities: DeliveryActivities, settings: Settings) -> Worker:
    return Worker(
        client,
        task_queue=delivery_queue(channel),
        activities=[activities.send],
        max_concurrent_activities=_CONCURRENT_SENDS,
        max_task_queue_activities_per_second=getattr(settings, f"{channel}_sends_per_second"),
        graceful_shutdown_timeout=_GRACE,
    )


def _destinations(settings: Settings) -> Destinations | None:
    """None where there is no key to sign a question with."""
    if settings.precondition_secret is None:
        return None
    return Destinations(allowed_hosts=settings.precondition_allowed_hosts)


@asynccontextmanager
async def _asker(settings: Settings) -> AsyncIterator[PreconditionAsker | None]:
    destinations = _destinations(settings)
    if settings.precondition_secret is None or destinations is None:
        yield None
        return
    asker = PreconditionAsker(
        secret=settings.precondition_secret.get_secret_value(),
        destinations=destinations,
        timeout_seconds=settings.precondition_timeout_seconds,
    )
    try:
        yield asker
    finally:
        await asker.close()


@asynccontextmanager
async def _database(settings: Settings, client: Client) -> AsyncIterator[Database]:
    url = settings.database_url.get_secret_value()
    hints = HintSender(settings.hints)
    waking = Waking(
        reconsider=partial(reconsider, client),
        wake=partial(wake, client),
        watch=partial(watch_digest, client, is_due=False),
    )
    database = Database(url, pool_size=settings.database_pool_size, hints=hints, before_commit=waking.before_commit)
    sending = asyncio.create_task(hints.run())
    try:
        yield database
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        await database.close()


async def _connected(settings: Settings) -> Client:
    """Temporal's client, as soon as the server answers."""
    while True:
        try:
            return await connect(settings.temporal_address, namespace=settings.temporal_namespace)
        except (RuntimeError, RPCError):
            log.warning("waiting for temporal", address=settings.temporal_address)
            await asyncio.sleep(_RECONNECT_SECONDS)


async def _scheduled(client: Client) -> None:
    """Makes sure of what comes by itself; another worker's start makes up for it when Temporal is away just now."""
    try:
        await ensure_retention(client)
        await ensure_summaries(client)
    except RPCError:
        log.warning("not scheduled: housekeeping, weekly summaries")


def main() -> None:
    settings = Settings()
    configure_logging(settings.log_level)
    roles = tuple(sys.argv[1:]) or settings.worker_roles
    unknown = set(roles) - set(ROLES)
    if unknown:
        sys.exit(f"unknown role {', '.join(sorted(unknown))}; there are: {' '.join(ROLES)}")
    uvloop.run(run(settings, roles))


if __name__ == "__main__":
    main()
