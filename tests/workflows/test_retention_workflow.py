"""The housekeeping's workflow: on a server that skips time, and as every worker schedules it on a real one."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
from housekeeping_nights import TURNS, Housekeeper, night_of
from standing_schedules import NOTE, ensured_over_an_older_form
from temporalio.client import Client, ScheduleOverlapPolicy

from deploy.local.launch import LaunchedStack
from notifications.contracts import names
from notifications.contracts.maintenance import RetentionReport
from notifications.housekeeping import ensure_retention
from workflows.retention import RetentionWorkflow


async def test_every_step_is_tried_until_it_is_done_and_the_run_says_what_was_removed() -> None:
    keeper = Housekeeper()
    async with night_of(keeper) as handle:
        report = await handle.result()
    assert report == RetentionReport(removed={"notifications/system": 1})
    assert Counter(keeper.asked) == {"begin": 2, "notifications": 2 * TURNS, "leftovers": 2, "conclude": 2}
    assert {turn.run_id for turn in keeper.turns} == {UUID(handle.first_execution_run_id or "")}
    assert [turn.listed_at is None for turn in keeper.turns] == [True, False, False, False]


async def test_any_number_of_workers_make_sure_of_one_schedule_and_leave_a_pause_alone(stack: LaunchedStack) -> None:
    temporal = await Client.connect(stack.temporal_address)
    await asyncio.gather(*(ensure_retention(temporal) for _ in range(5)))
    schedules = [each.id async for each in await temporal.list_schedules()]
    assert schedules.count(names.RETENTION_SCHEDULE) == 1
    ensured = await ensured_over_an_older_form(temporal, names.RETENTION_SCHEDULE, ensure_retention)
    assert (ensured.schedule.state.paused, ensured.schedule.state.note) == (True, NOTE)


async def test_a_run_by_hand_is_reported_to_staff(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    temporal = await Client.connect(stack.temporal_address)
    handle = temporal.get_schedule_handle(names.RETENTION_SCHEDULE)
    before = (await handle.describe()).info.num_actions
    await handle.trigger(overlap=ScheduleOverlapPolicy.ALLOW_ALL)
    async with asyncio.timeout(30):
        while (info := (await handle.describe()).info).num_actions == before or not info.recent_actions:
            await asyncio.sleep(0.1)
        started = info.recent_actions[-1].action
        run = temporal.get_workflow_handle_for(RetentionWorkflow.run, started.workflow_id)  # type: ignore[attr-defined]
        report = await run.result()
    assert isinstance(report, RetentionReport)
    staff = {"Authorization": f"Bearer {stack.token('staff', staff=True)}"}
    answer = await http.get("/api/v1/drf/notifications/maintenance/", headers=staff)
    newest = answer.json()["results"][0]
    assert newest["removed"] == report.removed
    assert datetime.fromisoformat(newest["finished_at"]) - datetime.now(UTC) < timedelta(seconds=30)
