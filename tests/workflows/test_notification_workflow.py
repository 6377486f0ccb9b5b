"""The life of a notification in time, on a server that skips the waiting."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from skipped_time import DEADLINE, World, sent, skipped_time, try_again
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from notifications.contracts.delivery import SendResult
from notifications.contracts.names import ACCEPTED_UPDATE
from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationStatus

EMAIL, SMS = Channel.EMAIL, Channel.SMS


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with skipped_time() as running:
        yield running


async def test_an_in_app_notification_needs_one_workflow_task(world: World) -> None:
    handle = await world.start()

    assert (await handle.result()).status is NotificationStatus.SENT
    events = [event.event_type async for event in handle.fetch_history_events()]
    assert events.count(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED) == 1


async def test_channels_are_delivered_side_by_side_and_one_failing_does_not_hold_the_other(world: World) -> None:
    world.channels = (EMAIL, SMS)
    world.attempt = lambda channel, attempt: sent(channel, attempt) if channel is EMAIL or attempt > 1 else _busy()

    assert (await (await world.start()).result()).status is NotificationStatus.SENT
    assert sorted(world.sends) == [(EMAIL, 1), (SMS, 1), (SMS, 2)]


async def test_a_delivery_that_failed_for_good_makes_the_notification_failed(world: World) -> None:
    world.channels = (EMAIL, SMS)
    world.attempt = lambda channel, _: SendResult(
        status=DeliveryStatus.FAILED if channel is EMAIL else DeliveryStatus.SENT
    )

    assert (await (await world.start()).result()).status is NotificationStatus.FAILED
    assert world.concluded == []


async def test_a_skipped_delivery_does_not_count_against_the_notification(world: World) -> None:
    world.channels = (EMAIL,)
    world.attempt = lambda *_: SendResult(status=DeliveryStatus.SKIPPED, reason="preference_off")

    assert (await (await world.start()).result()).status is NotificationStatus.SENT


async def test_retries_come_when_the_provider_asked_and_end_at_the_deadline(world: World) -> None:
    world.channels = (EMAIL,)

    def busy(_: Channel, __: int) -> SendResult:
        raise try_again(timedelta(minutes=30))

    world.attempt = busy
    handle = await world.start()

    assert (await handle.result()).status is NotificationStatus.FAILED
    # At 0, 30, 60 and 90 minutes; the next would come at the deadline, too late to be of use.
    assert len(world.sends) == DEADLINE // timedelta(minutes=30)
    (conclusion,) = world.concluded
    assert [given_up.reason for given_up in conclusion.given_up] == ["provider_unavailable"]


async def test_a_scheduled_notification_is_published_and_sent_when_its_time_has_come(world: World) -> None:
    earlier = await world.start()
    await earlier.result()
    # By the server's clock, which may be far from ours.
    due = world.wake_at = (await earlier.describe()).start_time + timedelta(days=180)
    world.channels = (EMAIL,)

    handle = await world.start()
    assert (await handle.result()).status is NotificationStatus.SENT
    closed = (await handle.describe()).close_time
    assert closed is not None
    assert timedelta(0) <= closed - due < timedelta(seconds=30)
    assert len(world.advanced) == len(world.sends) == 1


async def test_a_refused_request_fails_the_workflow_and_tells_the_caller_which_field(world: World) -> None:
    errors = {"metadata": ["The variable 'x' is missing."]}
    world.refusal = ApplicationError("refused", errors, type="InvalidNotification", non_retryable=True)
    handle = await world.start()

    with pytest.raises(WorkflowFailureError) as failed:
        await handle.result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.details == (errors,)


async def test_another_request_under_the_same_key_is_refused_by_the_running_workflow(world: World) -> None:
    world.channels = (EMAIL,)
    world.attempt = lambda _, attempt: sent(EMAIL, attempt) if attempt > 1 else _busy()
    handle = await world.start()

    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await handle.execute_update(ACCEPTED_UPDATE, "another fingerprint")
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "IdempotencyConflict"


async def test_a_notification_that_existed_before_its_workflow_is_not_delivered_again(world: World) -> None:
    world.channels = (EMAIL,)
    world.existing_call = "an earlier call, whose workflow Temporal has forgotten"

    assert (await (await world.start()).result()).call_id == world.existing_call
    assert world.sends == []


def _busy() -> SendResult:
    raise try_again(timedelta(seconds=3))


async def test_what_nobody_could_say_is_asked_with_patience_before_it_is_sent(world: World) -> None:
    world.channels, world.asks_first = (EMAIL,), True
    handle = await world.start()
    await world.until_asked(3)
    assert world.sends == []
    world.answers = [SendResult(status=DeliveryStatus.PENDING)]
    await handle.result()
    assert world.sends == [(EMAIL, 1)]


async def test_what_asking_has_ended_is_not_sent(world: World) -> None:
    world.channels, world.asks_first = (EMAIL,), True
    world.answers = [SendResult(status=DeliveryStatus.SKIPPED, reason="precondition_unreachable")]
    await (await world.start()).result()
    assert (world.asked, world.sends) == (1, [])


async def test_a_question_without_an_answer_ends_at_the_deadline(world: World) -> None:
    world.channels, world.asks_first = (EMAIL,), True
    assert (await (await world.start()).result()).status is NotificationStatus.FAILED
    (given_up,) = world.concluded[0].given_up
    assert (given_up.reason, world.sends) == ("deadline_exceeded", [])
