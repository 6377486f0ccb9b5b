"""Finding, among all that waits for somebody, what would wait differently now, and waking it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

from temporalio import activity

from notifications.contracts import names
from notifications.contracts.reconsidering import ReconsiderInput, ReconsiderPage
from persistence.database import Database
from persistence.inbox import InboxRepository
from persistence.waiting import WaitingRepository

Wake = Callable[[UUID], Awaitable[None]]
_WOKEN_AT_ONCE = 20


class ReconsiderActivities:
    """`wake` has a notification's workflow think again."""

    def __init__(self, *, database: Database, wake: Wake) -> None:
        self._database = database
        self._wake = wake

    @activity.defn(name=names.RECONSIDER_ACTIVITY)
    async def reconsider(self, input: ReconsiderInput) -> ReconsiderPage:
        """Wakes a page of notifications. Waking one twice is harmless: it does what the rows say."""
        async with self._database.transaction() as transaction:
            # Whoever makes the change holds this lock until it is made.
            await InboxRepository(transaction).lock(input.user)
            page = await WaitingRepository(transaction).restless(input.user, now=datetime.now(UTC), after=input.after)
        turn = asyncio.Semaphore(_WOKEN_AT_ONCE)

        async def wake(notification_id: UUID) -> None:
            async with turn:
                await self._wake(notification_id)

        await asyncio.gather(*map(wake, page.notifications))
        return ReconsiderPage(after=page.last)
