"""How the workflows ask for their steps: the timeouts and retries, each with its reason, in one place."""

from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from notifications.contracts import names
    from notifications.contracts.delivery import AskInput, PlannedDelivery, SendInput, SendResult

Result = TypeVar("Result")

# Temporal's clock ends in 2262, and a plan may not: longer waits are waited in pieces.
_LONGEST_TIMER = timedelta(days=365)

# One PostgreSQL transaction; what takes longer is an outage.
_LOCAL_TIMEOUT = timedelta(seconds=8)
# An outage of PostgreSQL is sat out: quick at first, then on durable timers, so that it costs few events.
_LOCAL_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=15))
_LOCAL_RETRY_THRESHOLD = timedelta(seconds=2)
# The provider's own timeout and two transactions fit in it. It is also how long a killed worker's attempt
# is waited for.
SEND_TIMEOUT = timedelta(seconds=20)
# For attempts that ended without a word, such as a killed worker's; all others say when to come back.
_SEND_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=60))

# Some hundred people at a time are a matter of seconds; what takes longer waits for something that is away.
_LONG_TIMEOUT = timedelta(minutes=2)
_LONG_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=15))

# One short question and two transactions.
_ASK_TIMEOUT = timedelta(seconds=15)

# Set by a schedule, to the time that it was for: one that was made up for came later.
_SCHEDULED_AT = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")


def scheduled_at() -> datetime:
    """What the schedule meant that has started this workflow; else when somebody did by hand."""
    info = workflow.info()
    return info.typed_search_attributes.get(_SCHEDULED_AT) or info.start_time


def until(moment: datetime) -> timedelta:
    """How long a timer is to run: not at all once the moment has passed, and never longer than a timer can."""
    return min(max(moment - workflow.now(), timedelta(0)), _LONGEST_TIMER)


async def local_step(activity: str, input: object, result_type: type[Result]) -> Result:
    """A short, idempotent step inside the workflow task.

    Raises:
        ApplicationError: the step's own refusal; a local activity's error arrives bare.
    """
    result: Result = await workflow.execute_local_activity(
        activity,
        input,
        result_type=result_type,
        start_to_close_timeout=_LOCAL_TIMEOUT,
        retry_policy=_LOCAL_RETRY,
        local_retry_threshold=_LOCAL_RETRY_THRESHOLD,
    )
    return result


async def long_step(activity: str, input: object, result_type: type[Result], *, heartbeat_timeout: timedelta) -> Result:
    """A part of a long work, which reports as it goes on, and may be begun again wherever it stopped.

    A report comes at least every `heartbeat_timeout`, for which also a killed worker's part is waited for.

    Raises:
        ActivityError: it was refused for good.
    """
    result: Result = await workflow.execute_activity(
        activity,
        input,
        result_type=result_type,
        start_to_close_timeout=_LONG_TIMEOUT,
        heartbeat_timeout=heartbeat_timeout,
        retry_policy=_LONG_RETRY,
    )
    return result


async def send(delivery: PlannedDelivery) -> SendResult:
    """Brings one delivery to its provider, on its channel's own queue.

    Raises:
        ActivityError: its deadline has passed, or it was stopped.
    """
    result: SendResult = await workflow.execute_activity(
        names.SEND_ACTIVITY,
        SendInput(delivery_id=delivery.delivery_id),
        task_queue=names.delivery_queue(delivery.channel),
        result_type=SendResult,
        start_to_close_timeout=SEND_TIMEOUT,
        schedule_to_close_timeout=timedelta(seconds=delivery.deadline_seconds),
        retry_policy=_SEND_RETRY,
        summary=delivery.channel,
    )
    return result


async def ask(delivery: PlannedDelivery) -> SendResult:
    """Asks with patience whether a delivery is still to be sent; `pending` lets it.

    Not on its channel's queue: those who do not answer hold up no message.

    Raises:
        ActivityError: its deadline has passed, or it was stopped.
    """
    result: SendResult = await workflow.execute_activity(
        names.ASK_ACTIVITY,
        AskInput(delivery_id=delivery.delivery_id),
        task_queue=names.NOTIFICATION_QUEUE,
        result_type=SendResult,
        start_to_close_timeout=_ASK_TIMEOUT,
        schedule_to_close_timeout=timedelta(seconds=delivery.deadline_seconds),
        retry_policy=_SEND_RETRY,
        summary=delivery.channel,
    )
    return result
