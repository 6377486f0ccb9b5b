"""Rounds of weekly summaries: on a server that skips time, and as every worker schedules them on a real one."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
from standing_schedules import NOTE, ensured_over_an_older_form
from summary_rounds import MONDAY, TURNS, Teller, round_of
from temporalio.client import Client, ScheduleActionExecutionStartWorkflow, ScheduleOverlapPolicy
from temporalio.common import SearchAttributeKey

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient
from notifications.contracts import names
from notifications.contracts.summaries import SummaryProgress, SummaryTurn
from notifications.housekeeping import ensure_summaries
from policy.summaries import last_due, next_due, week_of
from workflows.summaries import SummariesWorkflow

BASE = "/api/v1/drf/notifications"
DEADLINE_SECONDS = 20
MEANT = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")


async def test_turns_follow_one_another_until_nobody_is_left_and_each_is_tried_until_it_is_done() -> None:
    teller = Teller()
    async with round_of(teller, SummaryTurn(moment=MONDAY)) as handle:
        assert await handle.result() == SummaryProgress(begun=2 * TURNS, is_done=True)
    assert [turn.begun for turn in teller.turns] == [0, 0, 2, 2, 4, 4]
    assert {turn.moment for turn in teller.turns} == {MONDAY}


async def test_a_round_by_hand_is_for_the_moment_at_which_it_began() -> None:
    teller = Teller()
    async with round_of(teller, None) as handle:
        await handle.result()
        described = await handle.describe()
    (moment,) = {turn.moment for turn in teller.turns}
    assert described.close_time is not None
    assert described.start_time <= moment <= described.close_time


async def test_any_number_of_workers_make_sure_of_one_schedule_and_leave_a_pause_alone(stack: LaunchedStack) -> None:
    temporal = await Client.connect(stack.temporal_address)
    await asyncio.gather(*(ensure_summaries(temporal) for _ in range(5)))
    ensured = await ensured_over_an_older_form(temporal, names.SUMMARIES_SCHEDULE, ensure_summaries)
    assert (ensured.schedule.state.paused, ensured.schedule.state.note) == (True, NOTE)
    assert [each.id async for each in await temporal.list_schedules()].count(names.SUMMARIES_SCHEDULE) == 1


async def test_rounds_come_every_quarter_of_an_hour_while_it_is_monday_anywhere(stack: LaunchedStack) -> None:
    temporal = await Client.connect(stack.temporal_address)
    await ensure_summaries(temporal)
    times = (await temporal.get_schedule_handle(names.SUMMARIES_SCHEDULE).describe()).info.next_action_times
    assert {moment.minute % 15 for moment in times} == {0}
    assert {f"{moment:%A}" for moment in times} <= {"Sunday", "Monday", "Tuesday"}
    assert len(times) > 1


async def test_a_round_that_the_schedule_starts_is_for_the_time_that_the_schedule_meant(stack: LaunchedStack) -> None:
    temporal = await Client.connect(stack.temporal_address)
    handle = temporal.get_schedule_handle(names.SUMMARIES_SCHEDULE)
    await handle.trigger(overlap=ScheduleOverlapPolicy.ALLOW_ALL)
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not (actions := (await handle.describe()).info.recent_actions):
            await asyncio.sleep(0.1)
        started = actions[-1].action
        assert isinstance(started, ScheduleActionExecutionStartWorkflow)
        round_ = temporal.get_workflow_handle(started.workflow_id)
        await round_.result()
    meant = (await round_.describe()).typed_search_attributes[MEANT]
    every = [event.activity_task_scheduled_event_attributes for event in (await round_.fetch_history()).events]
    (asked,) = [each for each in every if each.activity_id]
    (turn,) = await temporal.data_converter.decode(asked.input.payloads, [SummaryTurn])
    assert turn == SummaryTurn(moment=meant)


async def test_who_has_something_unread_is_told_once_for_each_week(
    stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient
) -> None:
    ada, ben, eve = (f"weekly-{uuid4().hex[:12]}" for _ in range(3))
    for user in (ada, eve):
        await client.notify(
            user=user, title="Yoga", message="At six.", notification_type="booking", delivery_channels=["in_app"]
        )
    for user in (ada, ben):
        await profile(stack, http, user, weekly_summary=True)
    now = datetime.now(UTC)
    monday = next_due(UTC, done=last_due(UTC, now=now), now=now)
    await finished(stack, monday)
    (told,) = await summaries(stack, http, ada, at_least=1)
    assert (told["title"], told["metadata"]["week"]) == ("1 unread notification", week_of(monday, UTC))
    await finished(stack, monday)
    await finished(stack, monday + timedelta(days=7))
    both = await summaries(stack, http, ada, at_least=2)
    assert [each["metadata"]["unread"] for each in both] == [1, 1]
    assert await summaries(stack, http, ben, at_least=0) == []
    assert await summaries(stack, http, eve, at_least=0) == []


async def finished(stack: LaunchedStack, moment: datetime) -> None:
    """A round for that moment, by the stack's own worker."""
    temporal = await Client.connect(stack.temporal_address)
    await temporal.execute_workflow(
        SummariesWorkflow.run,
        SummaryTurn(moment=moment),
        id=f"{names.SUMMARIES_SCHEDULE}:{uuid4().hex}",
        task_queue=names.BULK_QUEUE,
    )


async def profile(stack: LaunchedStack, http: httpx.AsyncClient, user: str, **values: Any) -> None:
    headers = {"Authorization": f"Bearer {stack.token(user)}"}
    (await http.put(f"{BASE}/notification-settings/profile/", json=values, headers=headers)).raise_for_status()


async def summaries(stack: LaunchedStack, http: httpx.AsyncClient, user: str, *, at_least: int) -> list[dict[str, Any]]:
    """As soon as there are so many."""
    headers = {"Authorization": f"Bearer {stack.token(user)}"}
    params = {"group_key": "weekly_summary"}
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            answer = await http.get(f"{BASE}/notifications/", params=params, headers=headers)
            found: list[dict[str, Any]] = answer.json()["results"]
            if len(found) >= at_least:
                return found
            await asyncio.sleep(0.05)
