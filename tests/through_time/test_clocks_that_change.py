"""What waits through the night on which clocks are put forward, or back."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from market import BERLIN, NIGHTS, Market, at, market, next_change, wall

from deploy.local.launch import LaunchedStack

pytestmark = pytest.mark.parametrize("forward", [True, False], ids=["forward", "back"])
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
async def town(stack: LaunchedStack) -> AsyncIterator[Market]:
    async with market(stack) as there:
        yield there


async def test_a_quiet_night_ends_by_the_clock_on_the_wall(town: Market, *, forward: bool) -> None:
    change = next_change(BERLIN, await town.now(), forward=forward)
    ada = await town.person(time_zone="Europe/Berlin", quiet_hours=NIGHTS)
    evening, morning = wall(change, "23:00", days=-1), wall(change, "07:00")
    assert morning - evening == (7 if forward else 9) * HOUR
    made = await town.tell(ada, scheduled_for=evening)
    await town.skip_to(evening + MINUTE)
    assert at(await town.sent_at(made, "in_app"), evening)
    await town.waits(made, "quiet_hours", morning)
    await town.skip_to(morning - MINUTE)
    assert await town.emails(ada) == []
    await town.skip_to(morning + MINUTE)
    assert at(await town.sent_at(made), morning)
    assert await town.emails(ada) == ["Hello"]


async def test_a_quiet_end_that_clocks_skip_or_show_twice(town: Market, *, forward: bool) -> None:
    change = next_change(BERLIN, await town.now(), forward=forward)
    nights = {day: [{"start": "22:00", "end": "02:30"}] for day in NIGHTS}
    ada = await town.person(time_zone="Europe/Berlin", quiet_hours=nights)
    # 02:30 is skipped: it is the moment of the skip. Shown twice, it is the second time.
    end = change if forward else change + HOUR / 2
    made = await town.tell(ada, scheduled_for=wall(change, "23:00", days=-1))
    await town.skip_to(end + MINUTE)
    assert at(await town.sent_at(made), end)


async def test_a_day_is_told_at_its_hour(town: Market, *, forward: bool) -> None:
    change = next_change(BERLIN, await town.now(), forward=forward)
    ada = await town.person(time_zone="Europe/Berlin", digest="daily", digest_time="09:00")
    noon, telling = wall(change, "12:00", days=-1), wall(change, "09:00")
    assert telling - noon == (20 if forward else 22) * HOUR
    made = [await town.tell(ada, scheduled_for=noon + n * HOUR) for n in range(3)]
    await town.skip_to(telling - MINUTE)
    for each in made:
        await town.waits(each, "own_digest", telling)
    await town.skip_to(telling + MINUTE)
    assert {await town.skipped(each) for each in made} == {"digested"}
    assert await town.emails(ada) == ["3 new notifications"]
    told = (await town.call("GET", f"notifications/{made[0]}/"))["digested_in"]
    assert at(await town.sent_at(told), telling)


async def test_a_reminder_comes_so_many_hours_before_whatever_clocks_do(town: Market, *, forward: bool) -> None:
    change = next_change(BERLIN, await town.now(), forward=forward)
    ada, starts_at = await town.person(time_zone="Europe/Berlin"), wall(change, "10:00")
    await town.remind("booking:1", user=ada, starts_at=starts_at, offsets=[86_400, 1_800])
    await town.skip_to(starts_at)
    fired = await town.reminders("booking:1", status="fired")
    assert len(fired) == 2
    for each in fired:
        due = starts_at - timedelta(seconds=each["offset"])
        assert at(await town.sent_at(each["notification_id"]), due)
    assert await town.emails(ada) == ["Soon"] * 2


async def test_a_week_is_summed_up_on_monday_at_nine(town: Market, *, forward: bool) -> None:
    change = next_change(BERLIN, await town.now(), forward=forward)
    ada = await town.person(time_zone="Europe/Berlin", weekly_summary=True)
    await town.tell(ada, delivery_channels=["in_app"])
    await town.skip_to(wall(change, "12:00", days=-1))
    assert await town.sum_up() == 0, "no Monday morning"
    monday = wall(change, "09:00", days=1)
    await town.skip_to(monday - MINUTE)
    assert await town.sum_up() == 0
    await town.skip_to(monday)
    assert [await town.sum_up(), await town.sum_up()] == [1, 0]
    summary, _ = await town.inbox(ada, once=lambda told: len(told) == 2)
    assert at(datetime.fromisoformat(summary["created_at"]), monday)
