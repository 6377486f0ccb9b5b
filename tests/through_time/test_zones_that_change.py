"""Whoever travels takes along what waits: quiet hours and the hour of a digest are those of where they are."""

from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from market import NIGHTS, Market, at, market, wall

from deploy.local.launch import LaunchedStack

MINUTE = timedelta(minutes=1)
NEW_YORK, HONOLULU = ZoneInfo("America/New_York"), ZoneInfo("Pacific/Honolulu")


@pytest.fixture
async def town(stack: LaunchedStack) -> AsyncIterator[Market]:
    async with market(stack) as there:
        yield there


async def test_where_it_is_day_what_waited_for_the_morning_goes_at_once(town: Market) -> None:
    ada = await town.person(time_zone="Europe/Berlin", quiet_hours=NIGHTS)
    evening = wall(await town.now(), "23:00", days=1)
    made = await town.tell(ada, scheduled_for=evening)
    await town.skip_to(evening + MINUTE)
    await town.waits(made, "quiet_hours", wall(evening, "07:00", days=1))
    there = await town.now()
    await town.wants(ada, time_zone="America/New_York")
    assert at(await town.sent_at(made), there)
    assert await town.emails(ada) == ["Hello"]


async def test_where_night_is_longer_it_waits_longer(town: Market) -> None:
    ada = await town.person(time_zone="America/New_York", quiet_hours=NIGHTS)
    evening = wall(await town.now(), "23:00", NEW_YORK, days=1)
    made = await town.tell(ada, scheduled_for=evening)
    dawn = wall(evening, "07:00", NEW_YORK, days=1)
    morning = wall(dawn, "07:00", HONOLULU)
    await town.skip_to(dawn - MINUTE)
    await town.wants(ada, time_zone="Pacific/Honolulu")
    await town.waits(made, "quiet_hours", morning)
    await town.skip_to(dawn + timedelta(hours=1))
    assert await town.emails(ada) == []
    await town.skip_to(morning + MINUTE)
    assert at(await town.sent_at(made), morning)


async def test_other_hours_move_what_waits(town: Market) -> None:
    ada = await town.person(time_zone="Europe/Berlin", quiet_hours=NIGHTS)
    evening = wall(await town.now(), "23:00", days=1)
    made = await town.tell(ada, scheduled_for=evening)
    await town.skip_to(evening + MINUTE)
    await town.wants(ada, quiet_hours={day: [{"start": "22:00", "end": "05:30"}] for day in NIGHTS})
    earlier = wall(evening, "05:30", days=1)
    await town.waits(made, "quiet_hours", earlier)
    await town.skip_to(earlier + MINUTE)
    assert at(await town.sent_at(made), earlier)


async def test_a_daily_digest_is_told_at_its_hour_there(town: Market) -> None:
    ada = await town.person(time_zone="Europe/Berlin", digest="daily", digest_time="18:00")
    noon = wall(await town.now(), "12:00", days=1)
    made = await town.tell(ada, scheduled_for=noon)
    await town.skip_to(noon + MINUTE)
    await town.waits(made, "own_digest", wall(noon, "18:00"))
    await town.wants(ada, time_zone="America/New_York")
    telling = wall(noon, "18:00", NEW_YORK)
    await town.waits(made, "own_digest", telling)
    await town.skip_to(telling - MINUTE)
    assert await town.emails(ada) == []
    await town.skip_to(telling + MINUTE)
    assert await town.skipped(made) == "digested"
    assert len(await town.emails(ada)) == 1
