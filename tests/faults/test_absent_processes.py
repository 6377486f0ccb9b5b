"""A process that hangs, rather than dies: what is answered meanwhile, and what becomes of it afterwards."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from outages import DEADLINE_SECONDS, kill, paused

from deploy.local.launch import LaunchedStack
from notifications.contracts.names import batch_notification_id, delivery_id
from notifications.contracts.vocabulary import Channel

BASE = "/api/v1/drf/notifications"
MOST_SECONDS = 10
"""Three to wait for a connection's turn, six for an answer, and what a busy machine adds."""


@asynccontextmanager
async def locked_inbox(stack: LaunchedStack, user: str) -> AsyncIterator[None]:
    """A transaction that has the user's turn and does not end."""
    url = stack.environment["DATABASE_URL"].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute("SELECT 1 FROM inboxes WHERE user_id = %s FOR UPDATE", (user,))
        yield


async def ready(stack: LaunchedStack) -> None:
    """Once everything has found itself again after what an earlier test did to it."""
    async with asyncio.timeout(DEADLINE_SECONDS), httpx.AsyncClient(base_url=stack.url, timeout=10) as http:
        while (await http.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.1)


class Caller:
    def __init__(self, stack: LaunchedStack) -> None:
        self.user = f"waiting-{uuid4().hex[:8]}"
        self._http = httpx.AsyncClient(base_url=f"{stack.url}{BASE}", timeout=30)
        self._owner = {"Authorization": f"Bearer {stack.token(self.user)}"}
        self._staff = {"Authorization": f"Bearer {stack.token('staff', staff=True)}"}
        self._vendor = f"{stack.url}/courier-sandbox"

    async def create(self) -> httpx.Response:
        body = {
            "user": self.user,
            "title": "Are you there?",
            "message": "Soon.",
            "notification_type": "system",
            "delivery_channels": ["in_app"],
        }
        return await self._http.post("/notifications/", json=body, headers=self._staff)

    async def announce(self) -> httpx.Response:
        body = {"users": [self.user], "title": "To all", "message": "Soon.", "notification_type": "system"}
        return await self._http.post("/notifications/bulk/", json=body, headers=self._staff)

    async def get(self, path: str) -> httpx.Response:
        return await self._http.get(path, headers=self._owner)

    async def post(self, path: str) -> httpx.Response:
        return await self._http.post(path, headers=self._owner)

    async def fail(self) -> str:
        """A delivery by email that the vendor has refused."""
        profile = {"name": "Ana", "email": f"{self.user}@example.org"}
        await self._http.put(f"/recipients/{self.user}/", json=profile, headers=self._staff)
        await self._http.put(f"{self._vendor}/faults", json={"channel": "email", "script": [400]})
        body = {
            "user": self.user,
            "title": "Refused",
            "message": "At first.",
            "notification_type": "booking",
            "delivery_channels": ["email"],
        }
        created = await self._http.post("/notifications/", json=body, headers=self._staff)
        failed = str(delivery_id(UUID(created.json()["id"]), Channel.EMAIL))
        await self.until(failed, "failed")
        return failed

    async def redrive(self, delivery: str) -> httpx.Response:
        return await self._http.post(f"/deliveries/{delivery}/redrive/", headers=self._staff)

    async def delivery(self, delivery: str) -> dict[str, Any]:
        return dict((await self._http.get(f"/deliveries/{delivery}/", headers=self._staff)).json())

    async def until(self, delivery: str, status: str) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (await self.delivery(delivery)).get("status") != status:
                await asyncio.sleep(0.1)

    async def messages(self) -> list[dict[str, Any]]:
        return list((await self._http.get(f"{self._vendor}/messages", params={"user": self.user})).json()["results"])

    async def patch(self, id: str, **fields: object) -> httpx.Response:
        return await self._http.patch(f"/notifications/{id}/", json=fields, headers=self._owner)

    async def readable(self, id: str) -> dict[str, Any]:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (answer := await self.get(f"/notifications/{id}/")).status_code != 200:
                assert answer.status_code == 404
                await asyncio.sleep(0.1)
        return dict(answer.json())


async def test_without_a_worker_a_notification_is_accepted_for_good_and_comes_when_the_worker_does(
    own_stack: LaunchedStack,
) -> None:
    caller = Caller(own_stack)
    async with paused(own_stack, "worker"):
        asked = time.monotonic()
        answer = await caller.create()
        waited = time.monotonic() - asked
        assert answer.status_code == 202
        assert set(answer.json()) == {"id", "status"}
        assert answer.json()["status"] == "pending"
        assert waited < 4
        # Durable means that it survives the server that promised it.
        await kill(own_stack, "temporal")

    detail = await caller.readable(answer.json()["id"])
    assert (detail["title"], detail["status"]) == ("Are you there?", "sent")


async def test_without_a_worker_a_batch_is_accepted_for_good_and_tells_everybody_when_the_worker_comes(
    own_stack: LaunchedStack,
) -> None:
    caller = Caller(own_stack)
    async with paused(own_stack, "worker"):
        answer = await caller.announce()
        assert answer.status_code == 202
        assert answer.json().keys() == {"id", "status", "total"}
        assert (answer.json()["status"], answer.json()["total"]) == ("pending", None)
    told = batch_notification_id(UUID(answer.json()["id"]), caller.user)
    assert (await caller.readable(str(told)))["title"] == "To all"


async def test_without_a_worker_a_redrive_is_promised_and_kept_when_one_comes(own_stack: LaunchedStack) -> None:
    caller = Caller(own_stack)
    failed = await caller.fail()
    async with paused(own_stack, "worker"):
        answers = [await caller.redrive(failed) for _ in range(2)]
        assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [(202, "failed")] * 2
        # A promise outlives the process that was to keep it, and the one that took it down.
        for process in ("worker", "temporal"):
            await kill(own_stack, process)

    await caller.until(failed, "delivered")
    assert (await caller.delivery(failed))["redrives"] == 1
    assert len(await caller.messages()) == 1


async def test_without_temporal_a_redrive_is_told_to_come_back_and_happens_once(own_stack: LaunchedStack) -> None:
    caller = Caller(own_stack)
    failed = await caller.fail()
    async with paused(own_stack, "temporal"):
        refused = await caller.redrive(failed)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    await caller.redrive(failed)
    await caller.until(failed, "delivered")
    assert len(await caller.messages()) == 1


async def test_without_temporal_reads_go_on_and_a_creation_is_told_to_come_back(own_stack: LaunchedStack) -> None:
    caller = Caller(own_stack)
    async with paused(own_stack, "temporal"):
        asked = time.monotonic()
        refused = await caller.create()
        waited = time.monotonic() - asked
        reads = [
            await caller.get(path)
            for path in ("/notifications/", "/notifications/unread_count/", "/notifications/stats/")
        ]
        marked = await caller.post("/notifications/mark_all_read/")
        ready = await httpx.AsyncClient(base_url=own_stack.url, timeout=10).get("/readyz")

    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert waited < 5
    assert {answer.status_code for answer in [*reads, marked]} == {200}
    assert ready.status_code == 503
    assert ready.json()["checks"] == {"database": "ok", "temporal": "unreachable", "gateway": "ok"}


async def test_without_temporal_nothing_is_put_to_sleep_that_nobody_would_wake(own_stack: LaunchedStack) -> None:
    caller = Caller(own_stack)
    made = (await caller.create()).json()["id"]
    before = await caller.readable(made)
    async with paused(own_stack, "temporal"):
        refused = await caller.patch(made, snoozed_until=f"{datetime.now(UTC).date() + timedelta(days=1)}T00:00")
        after = await caller.readable(made)
        marked = await caller.patch(made, is_read=True, is_archived=True)

    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert after == before | {"time_since": after["time_since"]}
    assert marked.status_code == 200


async def test_without_the_database_a_request_is_refused_in_time_instead_of_hanging(own_stack: LaunchedStack) -> None:
    caller = Caller(own_stack)
    assert (await caller.get("/notifications/")).status_code == 200
    await kill(own_stack, "postgres")

    async with asyncio.timeout(DEADLINE_SECONDS):
        statuses = {
            answer.status_code for answer in await asyncio.gather(*(caller.get("/notifications/") for _ in "abc"))
        }
        assert statuses <= {200, 503}
        while (await caller.get("/notifications/")).status_code != 200:
            await asyncio.sleep(0.1)


async def test_a_database_that_hangs_is_a_503_in_time_for_everybody_at_once(own_stack: LaunchedStack) -> None:
    """Its kernel still acknowledges everything, so that nothing but a clock of our own ends the wait."""
    caller = Caller(own_stack)
    await ready(own_stack)
    async with paused(own_stack, "postgres"):
        for _ in "ab":  # the second time, on connections that must be made first
            asked = time.monotonic()
            paths = ["/notifications/", "/notifications/unread_count/"] * 10
            answers = await asyncio.gather(*(caller.get(path) for path in paths))
            assert {answer.status_code for answer in answers} == {503}
            assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
            assert time.monotonic() - asked < MOST_SECONDS
        asked = time.monotonic()
        async with httpx.AsyncClient(base_url=own_stack.url, timeout=30) as http:
            alive, readiness = await http.get("/healthz"), await http.get("/readyz")
        assert time.monotonic() - asked < 4
        assert alive.status_code == 200
        assert readiness.json()["checks"]["database"] == "unreachable"
    await ready(own_stack)
    assert (await caller.get("/notifications/")).status_code == 200


async def test_a_creation_at_a_database_that_hangs_is_taken_in_for_good_or_refused_in_time(
    own_stack: LaunchedStack,
) -> None:
    """Refused once nobody can tell any more which tokens were revoked."""
    caller = Caller(own_stack)
    await ready(own_stack)
    async with paused(own_stack, "postgres"):
        answers = []
        for _ in "abc":
            asked = time.monotonic()
            answers.append(await caller.create())
            assert time.monotonic() - asked < 5
    assert {answer.status_code for answer in answers} <= {202, 503}
    assert answers[-1].status_code == 503
    for answer in answers:
        if answer.status_code == 202:
            assert (await caller.readable(answer.json()["id"]))["status"] == "sent"
        else:
            assert int(answer.headers["Retry-After"]) > 0


async def test_a_row_that_is_locked_for_long_is_a_503_for_its_owner_alone(own_stack: LaunchedStack) -> None:
    caller, other = Caller(own_stack), Caller(own_stack)
    await ready(own_stack)
    assert (await caller.create()).status_code == 201
    async with locked_inbox(own_stack, caller.user):
        asked = time.monotonic()
        refused, served = await asyncio.gather(
            caller.post("/notifications/mark_all_read/"), other.post("/notifications/mark_all_read/")
        )
        assert time.monotonic() - asked < 5
        assert (await caller.get("/notifications/unread_count/")).json() == {"unread_count": 1}
    assert (refused.status_code, served.status_code) == (503, 200)
    assert int(refused.headers["Retry-After"]) > 0
    assert (await caller.post("/notifications/mark_all_read/")).json()["updated_count"] == 1
