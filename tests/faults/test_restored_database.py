"""PostgreSQL is set back to an earlier moment, as docs/operations.md says: what that moment knew happens, no more."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import psycopg
import websockets
from temporalio.client import Client, WorkflowExecutionStatus
from witness import BASE, as_staff, bearer, queried

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient
from notifications.contracts.names import notification_workflow_id

DEADLINE_SECONDS = 40
UNTIL_DUE = timedelta(seconds=12)
AFRESH = "UPDATE inboxes SET epoch = gen_random_uuid()"


class Backup:
    """A copy of the database beside it, taken and put back while nobody is in there."""

    def __init__(self, stack: LaunchedStack) -> None:
        server, _, self._name = stack.environment["DATABASE_URL"].replace("+psycopg", "").rpartition("/")
        self._copy = f"backup_{uuid4().hex}"
        self._maintenance, self._copied = f"{server}/template1", f"{server}/{self._copy}"

    def take(self) -> None:
        self._execute(*self._alone(), f"CREATE DATABASE {self._copy} TEMPLATE {self._name}", self._open())

    def put_back(self, *before_anybody_looks: str) -> None:
        self._execute(*before_anybody_looks, url=self._copied)
        self._execute(
            *self._alone(), f"DROP DATABASE {self._name}", f"ALTER DATABASE {self._copy} RENAME TO {self._name}"
        )

    def _alone(self) -> tuple[str, ...]:
        of_others = "pid <> pg_backend_pid() AND backend_type = 'client backend'"
        end_others = f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {of_others}"  # noqa: S608
        return f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS false", end_others

    def _open(self) -> str:
        return f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS true"

    def _execute(self, *statements: str, url: str = "") -> None:
        with psycopg.connect(url or self._maintenance, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


class Somebody:
    """Told of things before and after the backup, and looking on."""

    def __init__(self, stack: LaunchedStack, client: NotificationsClient) -> None:
        self.user = f"restored-{uuid4().hex[:8]}"
        self._stack, self._client = stack, client

    async def is_told(self, title: str, due: datetime | None = None, *channels: str) -> UUID:
        told = await self._client.notify(
            user=self.user,
            notification_type="session",
            title=title,
            message="Bring a mat.",
            delivery_channels=["in_app", *channels],
            escalation={},
            scheduled_for=due,
        )
        return told.id

    def connected(self, query: str = "") -> websockets.connect:
        headers = bearer(self._stack, self.user)
        return websockets.connect(f"{self._stack.websocket_url}{query}", additional_headers=headers, proxy=None)

    async def mailed(self) -> Counter[str]:
        async with httpx.AsyncClient(base_url=f"{self._stack.url}/courier-sandbox", timeout=30) as http:
            messages = (await http.get("/messages", params={"user": self.user})).json()["results"]
        return Counter(message["title"] for message in messages)

    async def listed(self, *, at_least: int) -> list[str]:
        async with asyncio.timeout(DEADLINE_SECONDS), as_staff(self._stack) as http:
            while True:
                answer = await http.get(f"{BASE}/notifications/", headers=bearer(self._stack, self.user))
                if answer.is_success and len(found := answer.json()["results"]) >= at_least:
                    return [item["title"] for item in found]
                await asyncio.sleep(0.1)


async def test_what_the_backup_knew_is_sent_once_and_what_it_did_not_know_not_at_all(own_stack: LaunchedStack) -> None:
    client = await NotificationsClient.connect(own_stack.temporal_address)
    temporal = await Client.connect(own_stack.temporal_address)
    ada = Somebody(own_stack, client)
    async with as_staff(own_stack) as http:
        address = {"email": f"{ada.user}@example.org"}
        (await http.put(f"{BASE}/recipients/{ada.user}/", json=address)).raise_for_status()
    backup = Backup(own_stack)

    async with ada.connected() as socket:
        position = json.loads(await socket.recv())
        due = datetime.now(UTC) + UNTIL_DUE
        await ada.is_told("Known", due, "email")
        backup.take()
        await queried(own_stack, "SELECT 1")
        unknown = await ada.is_told("Since", due, "email")
        await ada.is_told("Since, and shown")
        while json.loads(await socket.recv())["type"] != "new_notification":
            pass
        backup.put_back(AFRESH)
        await socket.wait_closed()
    assert (position["seq"], socket.close_code) == (0, 1011)

    async with ada.connected(f"?epoch={position['epoch']}&seq=1") as socket:
        established = json.loads(await socket.recv())
        assert (established["resumed"], established["unread_count"]) == (False, 0)

    assert await ada.listed(at_least=1) == ["Known"]
    workflow = temporal.get_workflow_handle(notification_workflow_id(unknown))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (await workflow.describe()).status == WorkflowExecutionStatus.RUNNING:
            await asyncio.sleep(0.1)
    assert (await workflow.describe()).status == WorkflowExecutionStatus.COMPLETED
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not (await ada.mailed())["Known"]:
            await asyncio.sleep(0.1)
    await ada.is_told("Afterwards")
    assert await ada.listed(at_least=2) == ["Afterwards", "Known"]
    assert await ada.mailed() == Counter(["Known"])
