"""A process is killed between two steps of an acceptance: the key repeated is still one notification."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
from outages import restart, running
from sqlalchemy import select, text
from temporalio.client import Client
from temporalio.service import RPCError

from deploy.local.launch import LaunchedStack
from notifications import IdempotencyConflict, NotificationsClient
from notifications.contracts.names import keyed_notification_id, notification_workflow_id
from persistence.database import Database, DatabaseUnavailable
from persistence.inbox import InboxRepository
from persistence.models import Notification

BASE = "/api/v1/drf/notifications"
DEADLINE_SECONDS = 60
_ACCEPTING = text(
    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO notifications%'"
)


@dataclass
class Call:
    """One keyed request, and what becomes of it in each process."""

    stack: LaunchedStack
    database: Database
    http: httpx.AsyncClient
    key: str = field(default_factory=lambda: uuid4().hex)

    @property
    def body(self) -> dict[str, Any]:
        return {
            "user": self.user,
            "title": "Confirmed",
            "message": "See you there.",
            "notification_type": "booking",
            "delivery_channels": ["in_app", "email"],
        }

    @property
    def user(self) -> str:
        return f"user-{self.key[:12]}"

    async def post(self, **changes: Any) -> httpx.Response | None:
        """The answer, None when the connection broke."""
        with suppress(httpx.HTTPError):
            return await self.http.post(
                "/notifications/", json=self.body | changes, headers={"Idempotency-Key": self.key}
            )
        return None

    async def insist(self, **changes: Any) -> httpx.Response:
        """As a service would: again and again, until it is told."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                answer = await self.post(**changes)
                if answer is not None and answer.status_code not in (202, 502, 503):
                    return answer
                await asyncio.sleep(0.2)

    async def notify(self, **changes: Any) -> Any:
        client = await NotificationsClient.connect(self.stack.temporal_address)
        return await client.notify(**self.body | changes, idempotency_key=self.key)

    async def until(self, holds: Callable[[], Awaitable[object]]) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not await holds():
                await asyncio.sleep(0.01)

    async def is_started(self) -> bool:
        temporal = await Client.connect(self.stack.temporal_address)
        with suppress(RPCError):
            await temporal.get_workflow_handle(notification_workflow_id(keyed_notification_id(self.key))).describe()
            return True
        return False

    async def is_being_accepted(self) -> bool:
        async with self.database.statements() as transaction:
            return bool(await transaction.connection.scalar(_ACCEPTING))

    async def rows(self) -> list[tuple[str, str]]:
        """The user's notifications, by title and status."""
        with suppress(DatabaseUnavailable):
            async with self.database.statements() as transaction:
                found = await transaction.connection.execute(
                    select(Notification.title, Notification.status).where(Notification.user_id == self.user)
                )
                return [(row.title, row.status) for row in found]
        return []

    async def sends(self) -> list[dict[str, Any]]:
        answer = await self.http.get(f"{self.stack.url}/courier-sandbox/messages", params={"user": self.user})
        return list(answer.json()["results"])


@pytest.fixture
async def call(own_stack: LaunchedStack) -> AsyncIterator[Call]:
    database = Database(own_stack.environment["DATABASE_URL"], pool_size=2)
    headers = {"Authorization": f"Bearer {own_stack.token('staff', staff=True)}"}
    async with httpx.AsyncClient(base_url=f"{own_stack.url}{BASE}", headers=headers, timeout=30) as http:
        call = Call(own_stack, database, http)
        person = {"name": "Ana", "email": f"{call.user}@example.org"}
        (await http.put(f"/recipients/{call.user}/", json=person)).raise_for_status()
        yield call
    await database.close()


async def started(call: Call, victim: str) -> httpx.Response | None:
    """The start is durable and nobody has taken it up, when the victim dies."""
    worker = await running(call.stack, "worker")
    os.kill(worker, signal.SIGSTOP)
    posted = asyncio.create_task(call.post())
    await call.until(call.is_started)
    await restart(call.stack, victim)
    with suppress(ProcessLookupError):
        os.kill(worker, signal.SIGCONT)
    return await posted


async def accepting(call: Call, victim: str) -> httpx.Response | None:
    """The accepting statement is under way in PostgreSQL, when the victim dies."""
    with suppress(DatabaseUnavailable):
        async with call.database.transaction() as transaction:
            await InboxRepository(transaction).lock(call.user)
            posted = asyncio.create_task(call.post())
            await call.until(call.is_being_accepted)
            await restart(call.stack, victim)
    return await posted


async def accepted(call: Call, victim: str) -> httpx.Response | None:
    """It has committed, and the worker has not heard of it, when the victim dies."""
    worker = await running(call.stack, "worker")
    async with call.database.transaction() as transaction:
        await InboxRepository(transaction).lock(call.user)
        posted = asyncio.create_task(call.post())
        await call.until(call.is_being_accepted)
        os.kill(worker, signal.SIGSTOP)
    await call.until(call.rows)
    await restart(call.stack, victim)
    with suppress(ProcessLookupError):
        os.kill(worker, signal.SIGCONT)
    return await posted


@pytest.mark.parametrize(
    ("interrupt", "victim"),
    [
        (started, "worker"),
        (started, "api"),
        (started, "temporal"),
        (accepting, "worker"),
        (accepting, "api"),
        (accepting, "postgres"),
        (accepted, "worker"),
        (accepted, "api"),
        (accepted, "temporal"),
        (accepted, "postgres"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
async def test_a_key_repeated_after_a_crash_is_one_notification(
    call: Call, interrupt: Callable[[Call, str], Awaitable[httpx.Response | None]], victim: str
) -> None:
    first = await interrupt(call, victim)
    again = await call.insist()

    # The start was durable, whatever the first caller was told of it.
    assert first is None or first.status_code in (201, 202, 502, 503), first.text
    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (200, "true")
    assert again.json()["id"] == str(keyed_notification_id(call.key))
    assert (await call.insist(title="Moved")).status_code == 409
    with pytest.raises(IdempotencyConflict):
        await call.notify(title="Moved")
    assert (await call.notify()).replayed

    async def all_sent() -> bool:
        return await call.rows() == [("Confirmed", "sent")]

    await call.until(all_sent)
    assert len(await call.sends()) == 1


async def test_another_request_is_a_conflict_even_while_no_worker_compares_them(call: Call) -> None:
    worker = await running(call.stack, "worker")
    os.kill(worker, signal.SIGSTOP)
    try:
        first, again, other = await call.post(), await call.post(), await call.post(title="Moved")
        with pytest.raises(IdempotencyConflict):
            await call.notify(title="Moved")
    finally:
        os.kill(worker, signal.SIGCONT)
    assert first is not None
    assert again is not None
    assert other is not None
    assert [answer.status_code for answer in (first, again, other)] == [202, 202, 409]
    assert [answer.headers.get("Idempotency-Replayed") for answer in (first, again)] == [None, "true"]
