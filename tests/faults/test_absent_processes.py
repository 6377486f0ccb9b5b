"""A process that hangs, rather than dies: what is answered meanwhile, and what becomes of it afterwards."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.launch import LaunchedStack, launched

BASE = "/api/v1/drf/notifications"
DEADLINE_SECONDS = 40


@pytest.fixture(scope="module")
def hanging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedStack]:
    with launched(tmp_path_factory.mktemp("hanging") / "state") as running:
        yield running


async def running(stack: LaunchedStack, process: str) -> int:
    """The process's id, once it is back from what an earlier test did to it."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (pid := stack.pid(process)) is None:
            await asyncio.sleep(0.05)
    return pid


@asynccontextmanager
async def paused(stack: LaunchedStack, process: str) -> AsyncIterator[None]:
    pid = await running(stack, process)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


class Caller:
    def __init__(self, stack: LaunchedStack) -> None:
        self.user = f"waiting-{uuid4().hex[:8]}"
        self._http = httpx.AsyncClient(base_url=f"{stack.url}{BASE}", timeout=30)
        self._owner = {"Authorization": f"Bearer {stack.token(self.user)}"}
        self._staff = {"Authorization": f"Bearer {stack.token('staff', staff=True)}"}

    async def create(self) -> httpx.Response:
        body = {
            "user": self.user,
            "title": "Are you there?",
            "message": "Soon.",
            "notification_type": "system",
            "delivery_channels": ["in_app"],
        }
        return await self._http.post("/notifications/", json=body, headers=self._staff)

    async def get(self, path: str) -> httpx.Response:
        return await self._http.get(path, headers=self._owner)

    async def readable(self, id: str) -> dict[str, Any]:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (answer := await self.get(f"/notifications/{id}/")).status_code != 200:
                assert answer.status_code == 404
                await asyncio.sleep(0.1)
        return dict(answer.json())


async def test_without_a_worker_a_notification_is_accepted_for_good_and_comes_when_the_worker_does(
    hanging: LaunchedStack,
) -> None:
    caller = Caller(hanging)
    async with paused(hanging, "worker"):
        asked = time.monotonic()
        answer = await caller.create()
        waited = time.monotonic() - asked
        assert answer.status_code == 202
        assert set(answer.json()) == {"id", "status"}
        assert answer.json()["status"] == "pending"
        assert waited < 4
        # Durable means that it survives the server that promised it.
        os.kill(await running(hanging, "temporal"), signal.SIGKILL)

    detail = await caller.readable(answer.json()["id"])
    assert (detail["title"], detail["status"]) == ("Are you there?", "sent")


async def test_without_temporal_reads_go_on_and_a_creation_is_told_to_come_back(hanging: LaunchedStack) -> None:
    caller = Caller(hanging)
    async with paused(hanging, "temporal"):
        refused = await caller.create()
        listed = await caller.get("/notifications/")
        ready = await httpx.AsyncClient(base_url=hanging.url, timeout=10).get("/readyz")

    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert listed.status_code == 200
    assert ready.status_code == 503
    assert ready.json()["checks"] == {"database": "ok", "temporal": "unreachable", "gateway": "ok"}


async def test_without_the_database_a_request_is_refused_in_time_instead_of_hanging(hanging: LaunchedStack) -> None:
    caller = Caller(hanging)
    assert (await caller.get("/notifications/")).status_code == 200
    os.kill(await running(hanging, "postgres"), signal.SIGKILL)

    async with asyncio.timeout(DEADLINE_SECONDS):
        statuses = {
            answer.status_code for answer in await asyncio.gather(*(caller.get("/notifications/") for _ in "abc"))
        }
        assert statuses <= {200, 503}
        while (await caller.get("/notifications/")).status_code != 200:
            await asyncio.sleep(0.1)
