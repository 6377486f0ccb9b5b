"""Records a history of every path of the workflows: `python tests/workflows/record_histories.py`.

With names, only those. Run it when a change to a workflow is meant to change its commands, and read the
difference before committing.
"""

import asyncio
import json
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

CHECKOUT = Path(__file__).parents[2]
sys.path.insert(0, str(CHECKOUT))

import httpx  # noqa: E402 - run as a script, from anywhere
from former_workflow import FormerWorkflow  # noqa: E402
from skipped_time import skipped_time, try_again  # noqa: E402
from temporalio.client import Client  # noqa: E402

from deploy.local.launch import LaunchedStack, launched  # noqa: E402
from notifications import InvalidNotification, Notification, NotificationsClient  # noqa: E402
from notifications.contracts import names  # noqa: E402
from notifications.contracts.batches import BatchRequest  # noqa: E402
from notifications.contracts.building import build_request  # noqa: E402
from notifications.contracts.delivery import SendResult  # noqa: E402
from notifications.contracts.names import (  # noqa: E402
    anchor_workflow_id,
    bulk_workflow_id,
    delivery_id,
    digest_workflow_id,
    keyed_batch_id,
    notification_workflow_id,
    snooze_workflow_id,
)
from notifications.contracts.snooze import Snooze  # noqa: E402
from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationStatus  # noqa: E402
from workflows.notification import NotificationWorkflow  # noqa: E402

BASE = "/api/v1/drf/notifications"
DAY = timedelta(days=1)
HISTORIES = CHECKOUT / "tests" / "histories"
Story = Callable[["Recorder"], Awaitable[str]]


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

    async def describe(self) -> None:
        person = {"name": "Recorded", "email": "recorded@example.org", "phone_number": "+15005550006"}
        address = f"{BASE}/recipients/recorded/"
        (await self._http.put(address, json=person, headers=self._staff)).raise_for_status()


async def in_app(recorder: Recorder) -> str:
    return await recorder.notify("in_app")


async def in_app_and_email(recorder: Recorder) -> str:
    return await recorder.notify("in_app", "email")


async def three_channels(recorder: Recorder) -> str:
    return await recorder.notify("in_app", "email", "sms", "push")


async def retried(recorder: Recorder) -> str:
    await recorder.fault("sms", 500, {"status": 429, "retry_after": 1}, 202)
    return await recorder.notify("in_app", "sms")


async def rejected(recorder: Recorder) -> str:
    await recorder.fault("email", 400)
    return await recorder.notify("in_app", "email")


async def scheduled(recorder: Recorder) -> str:
    return await recorder.notify("in_app", "email", scheduled_for=datetime.now(UTC) + timedelta(seconds=2))


async def refused(recorder: Recorder) -> str:
    request = build_request(user="recorded", notification_type="booking", template_key="no.such")
    try:
        await recorder.client.accept(request)
    except InvalidNotification:
        return notification_workflow_id(request.notification_id)
    raise AssertionError("the template should not exist")


async def redriven(recorder: Recorder) -> str:
    """The run after the one that failed."""
    workflow = await rejected(recorder)
    await recorder.redrive(workflow, Channel.EMAIL)
    return workflow


async def escalated(recorder: Recorder) -> str:
    return await recorder.notify("in_app", "email", escalation={"email": 1})


async def cancelled(recorder: Recorder) -> str:
    """Stopped for good: the planned time comes, and nobody has restored it."""
    return await recorder.changed([("cancel", {})], planned_in=3)


async def restored_and_moved(recorder: Recorder) -> str:
    return await recorder.changed([("cancel", {}), ("restore", {}), ("reschedule", {"scheduled_for": None})])


async def anchored(recorder: Recorder) -> str:
    """Two reminders, moved once, of which one fires and the other is cancelled."""
    anchor, now = f"booking:{uuid4().hex}", datetime.now(UTC)
    await recorder.client.remind(
        anchor=anchor,
        starts_at=now + 2 * DAY,
        offsets=[60, -60],
        users=["recorded"],
        title="Soon",
        message="From a recording.",
    )
    await recorder.client.reschedule(anchor, now + timedelta(seconds=62))
    await recorder.fired(anchor)
    await recorder.client.cancel_reminders(anchor)
    return anchor_workflow_id(anchor)


async def digest_entry(recorder: Recorder) -> str:
    entry, _ = await recorder.digest(close=False)
    return entry


async def digest_waited(recorder: Recorder) -> str:
    _, window = await recorder.digest(close=False)
    return window


async def digest_flushed(recorder: Recorder) -> str:
    _, window = await recorder.digest(close=True)
    return window


async def snoozed(recorder: Recorder) -> str:
    snooze = Snooze(notification_id=uuid4(), until=datetime.now(UTC) + timedelta(seconds=1))
    await recorder.client.snooze(snooze)
    return snooze_workflow_id(snooze.notification_id, snooze.until)


async def bulk_in_app(recorder: Recorder) -> str:
    return bulk_workflow_id(await recorder.announce("in_app"))


async def bulk_in_app_and_email(recorder: Recorder) -> str:
    return bulk_workflow_id(await recorder.announce("in_app", "email"))


async def bulk_scheduled(recorder: Recorder) -> str:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    return bulk_workflow_id(await recorder.announce("in_app", scheduled_for=soon))


async def bulk_cancelled(recorder: Recorder) -> str:
    batch = await recorder.announce("in_app", scheduled_for=datetime.now(UTC) + DAY)
    await recorder.cancel_batch(batch)
    return bulk_workflow_id(batch)


async def bulk_refused(recorder: Recorder) -> str:
    key = uuid4().hex
    try:
        await recorder.client.announce(
            users=["recorded"], notification_type="booking", template_key="no.such", idempotency_key=key
        )
    except InvalidNotification:
        return bulk_workflow_id(keyed_batch_id(key))
    raise AssertionError("the template should not exist")


async def bulk_continued(recorder: Recorder) -> str:
    """As a long batch goes on: without its content, which the database has."""
    batch = await recorder.announce("in_app")
    request = BatchRequest(batch_id=batch, call_id="earlier", fingerprint="the same")
    workflow_id = f"{bulk_workflow_id(batch)}:continued"
    await recorder.temporal.start_workflow(names.BULK_WORKFLOW, request, id=workflow_id, task_queue=names.BULK_QUEUE)
    return workflow_id


PATHS: tuple[Story, ...] = (
    in_app,
    in_app_and_email,
    three_channels,
    retried,
    rejected,
    scheduled,
    refused,
    escalated,
    cancelled,
    restored_and_moved,
    anchored,
    redriven,
    digest_entry,
    digest_waited,
    digest_flushed,
    snoozed,
    bulk_in_app,
    bulk_in_app_and_email,
    bulk_scheduled,
    bulk_cancelled,
    bulk_refused,
    bulk_continued,
)


async def record_given_up() -> None:
    """A vendor that is busy until the deadline: hours, so on a server that skips them."""

    def busy(_: Channel, __: int) -> SendResult:
        raise try_again(timedelta(minutes=30))

    async with skipped_time() as world:
        world.channels, world.attempt = (Channel.EMAIL, Channel.SMS), busy
        handle = await world.start()
        await handle.result()
        (HISTORIES / "given_up.json").write_text(anonymous((await handle.fetch_history()).to_json()))


async def record_asked_again() -> None:
    """Nobody answers, then somebody does."""
    async with skipped_time() as world:
        world.channels, world.asks_first = (Channel.EMAIL,), True
        handle = await world.start()
        await world.until_asked(2)
        world.answers = [SendResult(status=DeliveryStatus.PENDING)]
        await handle.result()
        (HISTORIES / "asked_again.json").write_text(anonymous((await handle.fetch_history()).to_json()))


async def record_ladder(name: str, workflow: type[NotificationWorkflow]) -> None:
    """No longer true on the first rung, with another one hours away."""
    async with skipped_time(workflow) as world:
        handle = await world.start_ladder()
        await handle.result()
        (HISTORIES / f"{name}.json").write_text(anonymous((await handle.fetch_history()).to_json()))


async def record(stack: LaunchedStack, wanted: Sequence[str]) -> None:
    temporal = await Client.connect(stack.temporal_address)
    async with httpx.AsyncClient(base_url=stack.url) as http:
        recorder = Recorder(stack, temporal, http)
        await recorder.describe()
        for path in [path for path in PATHS if path.__name__ in wanted or not wanted]:
            handle = temporal.get_workflow_handle(await path(recorder))
            async for event in handle.fetch_history_events(wait_new_event=True):
                last = event
            print(path.__name__, last.event_id, "events")  # noqa: T201 - a script's progress
            history = anonymous((await handle.fetch_history()).to_json())
            (HISTORIES / f"{path.__name__}.json").write_text(history)
    skipping: dict[str, Callable[[], Awaitable[None]]] = {
        "given_up": record_given_up,
        "asked_again": record_asked_again,
        "ended_with_its_truth": partial(record_ladder, "ended_with_its_truth", NotificationWorkflow),
        "slept_on": partial(record_ladder, "slept_on", FormerWorkflow),
    }
    for name, story in skipping.items():
        if name in wanted or not wanted:
            await story()


def anonymous(history: str) -> str:
    """Without the machine that it was recorded on."""
    text = history.replace(f"{CHECKOUT}/", "")
    text = re.sub(r'("identity": ")[^"]*"', r'\1recorded"', text)
    text = re.sub(r'"\d+@[^"]*"', '"recorded-sticky"', text)
    return json.dumps(json.loads(re.sub(r'("stackTrace": ")(?:[^"\\]|\\.)*"', r'\1"', text)), indent=1) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, launched(Path(folder) / "state") as running:
        asyncio.run(record(running, sys.argv[1:]))
