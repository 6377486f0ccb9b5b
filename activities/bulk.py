"""Bringing a batch to its recipients: accepted once, then page by page, each page all or nothing.

Everything that tells how far it has come is in its row, moved on with what it counts. So an activity that
runs again after a crash, or twice at once, goes on from there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog
from temporalio import activity

from activities.acceptance import draft
from activities.keeping import as_json, content_from
from activities.pacing import Pace
from activities.paging import accept_next_page, workflow_request
from activities.refusing import check_precondition, refusals
from notifications.contracts import names
from notifications.contracts.batches import AcceptedBatch, BatchRequest, BatchStatus, PageInput, PageResult
from notifications.contracts.errors import IdempotencyConflict
from notifications.contracts.notification import NotificationRequest
from observability import where
from persistence.batches import BatchRepository
from persistence.database import Database, DatabaseFault, DatabaseUnavailable, Transaction
from persistence.recipients import Reachability
from persistence.templates import TemplateRepository
from providers.destinations import Destinations

# What Temporal takes a tenth of a second for, at times, is not to hold up the pace.
_STARTS_AT_ONCE = 2
_STARTS_AT_A_TIME = 20
"""Those that a worker who dies leaves to be started again; starting again is harmless."""
# An activity ends after it, and its batch waits for its turn, so that a large one does not shut out a small one.
_TURN_SECONDS = 5.0

log = structlog.get_logger("bulk")

Start = Callable[[NotificationRequest], Awaitable[object]]


class BulkActivities:
    """`start` makes sure that a notification's workflow exists; starting it again changes nothing.

    All batches together start no more than `starts_per_second`: each is a workflow with everything that a
    single notification costs Temporal, which single notifications are not to wait for. `destinations` are those that
    may be asked whether something is still true; None is nobody.
    """

    def __init__(
        self, *, database: Database, start: Start, starts_per_second: float, destinations: Destinations | None = None
    ) -> None:
        self._database = database
        self._destinations = destinations
        self._start = start
        self._pace = Pace(starts_per_second)
        # Drafting takes the whole of an event loop; one page is enough for it.
        self._drafting = asyncio.Lock()

    @activity.defn(name=names.ACCEPT_BATCH_ACTIVITY)
    async def accept_batch(self, request: BatchRequest) -> AcceptedBatch:
        """Keeps the batch and whom it names; after it, it is readable.

        Raises:
            ApplicationError: of a type named after the contract's error; nothing was written.
        """
        with refusals():
            async with self._database.transaction() as transaction:
                return await _accept(transaction, request, self._destinations)

    @activity.defn(name=names.ACCEPT_PAGE_ACTIVITY)
    async def accept_page(self, input: PageInput) -> PageResult:
        """Accepts the next page, and starts the workflows of those that wait or leave through a provider.

        What it has no time to start, or left behind when its worker died, the next one starts first.
        """
        turn_ends = asyncio.get_running_loop().time() + _TURN_SECONDS
        started = await self._start_waiting(input.batch_id, until=turn_ends)
        if not started.is_done:
            return PageResult(is_last=False)
        page = await self._accept_next(input.batch_id, started_up_to=started.up_to)
        if not page.is_last:
            await self._start_waiting(input.batch_id, until=turn_ends)
        return page

    async def _accept_next(self, batch_id: UUID, *, started_up_to: str | None) -> PageResult:
        try:
            async with self._drafting, self._database.transaction() as transaction:
                activity.heartbeat()
                return await accept_next_page(transaction, batch_id, started_up_to=started_up_to)
        except DatabaseUnavailable:
            raise
        except (DatabaseFault, TypeError, ValueError) as error:
            # What cannot be stored today cannot be stored in a minute; its page left nothing behind.
            log.critical("batch failed", batch_id=str(batch_id), error=where(error))
        async with self._database.transaction() as transaction:
            await BatchRepository(transaction).finish(batch_id, BatchStatus.FAILED)
        return PageResult(is_last=True)

    async def _start_waiting(self, batch_id: UUID, *, until: float) -> "_Started":
        """Starts what is accepted and has no workflow yet."""
        while True:
            activity.heartbeat()
            async with self._database.statements() as transaction:
                batches = BatchRepository(transaction)
                # Read first: what is accepted meanwhile must not count as started.
                batch = await batches.get(batch_id)
                users = await batches.waiting(batch_id, most=_STARTS_AT_A_TIME)
            if batch is None or not users:
                return _Started(is_done=True, up_to=batch["accepted_up_to"] if batch else None)
            await self._start_all(workflow_request(batch, user) for user in users)
            async with self._database.statements() as transaction:
                await BatchRepository(transaction).has_started(batch_id, users[-1])
            if asyncio.get_running_loop().time() >= until:
                return _Started(is_done=False)

    async def _start_all(self, requests: Iterable[NotificationRequest]) -> None:
        remaining = iter(requests)

        async def start_some() -> None:
            for request in remaining:
                await self._pace.turn()
                await self._start(request)
                activity.heartbeat()

        async with asyncio.TaskGroup() as starting:
            for _ in range(_STARTS_AT_ONCE):
                starting.create_task(start_some())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Started:
    is_done: bool
    up_to: str | None = None
    """The last user up to whom all have been started."""


async def _accept(transaction: Transaction, request: BatchRequest, destinations: Destinations | None) -> AcceptedBatch:
    batches = BatchRepository(transaction)
    existing = await batches.get(request.batch_id)
    if existing is None:
        content = request.content
        if content is None:
            raise ValueError("A batch without content was to be accepted.")
        check_precondition(content, destinations)
        await _try_out(transaction, content)
        await batches.add(request, as_json(content))
        return _answer(request, request.call_id, content)
    if existing["fingerprint"] != request.fingerprint:
        raise IdempotencyConflict
    return _answer(request, existing["call_id"], content_from(existing["content"]))


async def _try_out(transaction: Transaction, content: NotificationRequest) -> None:
    """Drafts it for somebody of whom nothing is known.

    Raises:
        InvalidNotification: the template or its variables are at fault.
    """
    nobody, key = Reachability(), content.template_key
    texts = await TemplateRepository(transaction).texts(key, locale=nobody.locale) if key else {}
    draft(content, person=nobody, templates=texts, now=datetime.now(UTC))


def _answer(request: BatchRequest, call_id: str, content: NotificationRequest) -> AcceptedBatch:
    return AcceptedBatch(
        batch_id=request.batch_id,
        call_id=call_id,
        fingerprint=request.fingerprint,
        scheduled_for=content.scheduled_for,
    )
