"""A failed channel is tried again by the notification's own workflow, on a server that skips the waiting."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from skipped_time import DEADLINE, World, sent, skipped_time, try_again
from temporalio.client import WorkflowHandle

from notifications.contracts.delivery import SendResult
from notifications.contracts.notification import AcceptedNotification
from notifications.contracts.vocabulary import Channel, NotificationStatus
from workflows.notification import NotificationWorkflow

EMAIL, SMS = Channel.EMAIL, Channel.SMS
Handle = WorkflowHandle[NotificationWorkflow, AcceptedNotification]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with skipped_time() as running:
        yield running


def busy(_: Channel, __: int) -> SendResult:
    raise try_again(timedelta(minutes=30))


def notification_of(handle: Handle) -> UUID:
    return UUID(handle.id.partition(":")[2])


async def test_an_ended_workflow_runs_once_more_for_the_failed_channel(world: World) -> None:
    handle = await world.redrive(uuid4(), EMAIL)

    assert (await handle.result()).status is NotificationStatus.SENT
    assert world.sends == [(EMAIL, 1)]
    assert len(world.changes) == 1


async def test_its_answer_to_the_notifications_key_stays_the_same(world: World) -> None:
    accepted = await (await world.redrive(uuid4(), EMAIL)).result()

    assert (accepted.call_id, accepted.fingerprint) == ("earlier", "earlier")


async def test_a_redrive_has_the_types_whole_deadline_again(world: World) -> None:
    world.channels, world.attempt = (EMAIL,), busy
    first = await world.start()
    assert (await first.result()).status is NotificationStatus.FAILED
    again = await world.redrive(notification_of(first), EMAIL)

    assert (await again.result()).status is NotificationStatus.FAILED
    assert len(world.sends) == 2 * (DEADLINE // timedelta(minutes=30))


async def test_a_redrive_reaches_a_workflow_that_still_waits_for_another_channel(world: World) -> None:
    await (first := await world.start()).result()
    world.channels, world.wake_at = (SMS,), (await first.describe()).start_time + timedelta(days=400)
    waiting = await world.start()
    await world.redrive(notification_of(waiting), EMAIL)

    assert (await waiting.result()).status is NotificationStatus.SENT
    assert world.sends == [(EMAIL, 1), (SMS, 1)]


async def test_what_was_given_up_is_settled_at_once_and_not_sent_again_when_another_channel_is_due(
    world: World,
) -> None:
    await (first := await world.start()).result()
    world.channels, world.at_once = (EMAIL, SMS), (EMAIL,)
    world.wake_at = (await first.describe()).start_time + timedelta(days=1)
    world.attempt = lambda channel, attempt: busy(channel, attempt) if channel is EMAIL else sent(channel, attempt)
    handle = await world.start()

    assert (await handle.result()).status is NotificationStatus.FAILED
    assert [channel for channel, _ in world.sends] == [EMAIL] * (DEADLINE // timedelta(minutes=30)) + [SMS]
    assert [len(conclusion.given_up) for conclusion in world.concluded] == [1, 0]
