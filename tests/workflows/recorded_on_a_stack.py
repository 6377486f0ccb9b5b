"""The paths that are recorded on a stack: what is asked for on each, and the workflow that it comes to."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from recorder import Recorder

from notifications import InvalidNotification
from notifications.contracts import names
from notifications.contracts.batches import BatchRequest
from notifications.contracts.building import build_request
from notifications.contracts.names import (
    anchor_workflow_id,
    bulk_workflow_id,
    keyed_batch_id,
    notification_workflow_id,
    snooze_workflow_id,
)
from notifications.contracts.snooze import Snooze
from notifications.contracts.vocabulary import Channel

DAY = timedelta(days=1)


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


PATHS: tuple[Callable[[Recorder], Awaitable[str]], ...] = (
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
