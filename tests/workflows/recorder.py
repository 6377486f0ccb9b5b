"""Who brings about on a stack what is to be recorded: a service, staff, and Courier with its faults."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from temporalio.client import Client, WorkflowHistory

from deploy.local.launch import LaunchedStack, launched
from notifications import Notification, NotificationsClient
from notifications.contracts.names import delivery_id, digest_workflow_id, notification_workflow_id
from notifications.contracts.vocabulary import Channel, NotificationStatus

BASE = "/api/v1/drf/notifications"


class Recorder:
    def __init__(self, stack: LaunchedStack, temporal: Client, http: httpx.AsyncClient) -> None:
        self._staff = {"Authorization": f"Bearer {stack.token('staff', staff=True)}"}
        self._http = http
        self.temporal = temporal
        self.client = NotificationsClient(temporal)

    async def notify(self, *channels: str, **options: Any) -> str:
        notification: Notification = await self.client.notify(
            user="recorded",
            title="Hello",
            message="From a recording.",
            notification_type="session",
            delivery_channels=channels,
            **options,
        )
        return notification_workflow_id(notification.id)

    async def announce(self, *channels: str, **options: Any) -> UUID:
        batch = await self.client.announce(
            users=["recorded", "somebody else"],
            title="Hello",
            message="From a recording.",
            notification_type="session",
            delivery_channels=channels,
            **options,
        )
        return batch.id

    async def cancel_batch(self, batch: UUID) -> None:
        address = f"{BASE}/notifications/bulk/{batch}/cancel/"
        (await self._http.post(address, headers=self._staff)).raise_for_status()

    async def fault(self, channel: str, *script: object) -> None:
        faults = {"channel": channel, "script": list(script)}
        (await self._http.put("/courier-sandbox/faults", json=faults)).raise_for_status()

    async def changed(self, verbs: list[tuple[str, dict[str, object]]], *, planned_in: float = 86_400) -> str:
        """A waiting notification, and what staff do to it one after another."""
        due = datetime.now(UTC) + timedelta(seconds=planned_in)
        workflow_id = await self.notify("in_app", "email", scheduled_for=due)
        for verb, body in verbs:
            address = f"{BASE}/notifications/{workflow_id.removeprefix('notification:')}/{verb}/"
            (await self._http.post(address, json=body, headers=self._staff)).raise_for_status()
        return workflow_id

    async def fired(self, anchor: str) -> None:
        """Waits until one of the anchor's reminders has fired."""
        while True:
            found = await self._http.get(f"{BASE}/reminders/{anchor}/", headers=self._staff)
            if "fired" in {each["status"] for each in found.json()["reminders"]}:
                return
            await asyncio.sleep(0.1)

    async def redrive(self, workflow: str, channel: Channel) -> None:
        """As staff do, when the notification's workflow has ended."""
        notification = UUID(workflow.partition(":")[2])
        while await self.client.status(notification) is NotificationStatus.PENDING:
            await asyncio.sleep(0.1)
        delivery = delivery_id(notification, channel)
        answer = await self._http.post(f"{BASE}/deliveries/{delivery}/redrive/", headers=self._staff)
        answer.raise_for_status()

    async def digest(self, *, close: bool) -> tuple[str, str]:
        """The workflows of a digest's last entry and of its window, which another entry has put off."""
        key, window = uuid4().hex, {"kind": "quiet", "seconds": 2, "at_most_seconds": 60}
        for _ in range(2):
            entry = await self.notify("in_app", "email", digest={"key": key, "window": window})
        found = await self._http.get(f"{BASE}/digests/", params={"user": "recorded"}, headers=self._staff)
        digest_id = UUID(found.json()["results"][0]["id"])
        if close:
            await self.client.flush_digest(digest_id)
        return entry, digest_workflow_id(digest_id)

    async def history(self, workflow_id: str) -> WorkflowHistory:
        """All of it, once the workflow has ended."""
        handle = self.temporal.get_workflow_handle(workflow_id)
        async for _ in handle.fetch_history_events(wait_new_event=True):
            pass
        return await handle.fetch_history()

    async def describe(self) -> None:
        person = {"name": "Recorded", "email": "recorded@example.org", "phone_number": "+15005550006"}
        address = f"{BASE}/recipients/recorded/"
        (await self._http.put(address, json=person, headers=self._staff)).raise_for_status()


@asynccontextmanager
async def recorder_on_a_stack() -> AsyncIterator[Recorder]:
    with tempfile.TemporaryDirectory() as folder, launched(Path(folder) / "state") as stack:
        temporal = await Client.connect(stack.temporal_address)
        async with httpx.AsyncClient(base_url=stack.url) as http:
            recorder = Recorder(stack, temporal, http)
            await recorder.describe()
            yield recorder
