"""What waits for somebody, and would wait differently now: finding it, and having it told."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from persistence.attention import AttentionRepository
from persistence.database import Transaction
from persistence.due import DueRepository
from persistence.due_delivery import DueDelivery
from policy.planning import next_step, still_holds

# So many are thought about, and so many woken, within one local activity's time.
_PAGE = 100


@dataclass(frozen=True, slots=True)
class RestlessPage:
    """Notifications that would wait differently now, or no longer; `last` is None when there are no more to look at."""

    notifications: Sequence[UUID]
    last: UUID | None


class WaitingRepository:
    """What is read here holds while the owner's inbox is locked."""

    def __init__(self, transaction: Transaction) -> None:
        self._due = DueRepository(transaction)
        self._attention = AttentionRepository(transaction)

    async def restless(self, user_id: str, *, now: datetime, after: UUID | None = None) -> RestlessPage:
        """Of a page of what waits for one person, from the notification `after` on."""
        waiting = await self._due.waiting(user_id, after=after, most=_PAGE)
        looked_at = list(dict.fromkeys(delivery.notification_id for delivery in waiting))
        restless = await self._restless(waiting, now=now)
        return RestlessPage(
            notifications=list(dict.fromkeys(delivery.notification_id for delivery in restless)),
            last=looked_at[-1] if len(looked_at) == _PAGE else None,
        )

    async def next_in_line(self, user_id: str, *, now: datetime) -> UUID | None:
        """The first notification in line for a slot that would find an earlier one now."""
        line = await self._due.waiting_for_slots(user_id, most=_PAGE)
        restless = await self._restless(sorted(line, key=lambda delivery: delivery.place), now=now)
        return restless[0].notification_id if restless else None

    async def _restless(self, waiting: Sequence[DueDelivery], *, now: datetime) -> Sequence[DueDelivery]:
        limit = waiting[0].reachability.daily_limit if waiting else None
        attention = await self._attention.of(waiting[0].user_id, limit=limit, now=now) if limit is not None else None
        restless = []
        for delivery in waiting:
            budget = attention.budget_of(delivery.id, delivery.place) if attention and delivery.needs_slot else None
            step = next_step(replace(delivery.situation, budget=budget), now=now)
            if delivery.wait is not None and not still_holds(delivery.wait, step):
                restless.append(delivery)
        return restless


class Waking:
    """Tells what waits of a transaction that may decide about it, right before its commit.

    Before it, so that a crash in between tells too much and never too little. Those who are told wait for the
    inbox that the transaction holds, and so read what it has written.
    """

    def __init__(
        self,
        *,
        reconsider: Callable[[str], Awaitable[None]],
        wake: Callable[[UUID], Awaitable[None]],
        watch: Callable[[UUID, str], Awaitable[None]],
    ) -> None:
        self._reconsider = reconsider
        self._wake = wake
        self._watch = watch

    async def before_commit(self, transaction: Transaction) -> None:
        """Costs one query for each person concerned; nobody is told when nothing would wait differently."""
        for digest_id, user in transaction.windows.items():
            await self._watch(digest_id, user)
        waiting, now = WaitingRepository(transaction), datetime.now(UTC)
        for user in transaction.changed_minds:
            page = await waiting.restless(user, now=now)
            if page.notifications or page.last is not None:
                await self._reconsider(user)
        for user in transaction.freed_slots - transaction.changed_minds:
            # One alone: it leaves its place to the next one, and so on.
            notification_id = await waiting.next_in_line(user, now=now)
            if notification_id is not None:
                await self._wake(notification_id)
