"""What is planned far ahead comes on its day: over years, over a leap day, after being moved and called off and on."""

from calendar import isleap
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from market import Market, at, market, wall

from deploy.local.launch import LaunchedStack

AUCKLAND = ZoneInfo("Pacific/Auckland")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
# The test server ends every workflow after ten years; Temporal itself does not.
NINE_YEARS = 9 * 365 * DAY


@pytest.fixture
async def town(stack: LaunchedStack) -> AsyncIterator[Market]:
    async with market(stack) as there:
        yield there


def next_leap_day(after: datetime) -> datetime:
    """Its noon in Auckland."""
    year = next(year for year in range(after.year + 1, after.year + 9) if isleap(year))
    return datetime(year, 2, 29, 12, tzinfo=AUCKLAND).astimezone(UTC)


async def test_in_nine_years_it_comes_once_and_to_the_second(town: Market) -> None:
    ada, due = await town.person(), await town.now() + NINE_YEARS
    made = await town.tell(ada, scheduled_for=due)
    await town.skip_to(due - MINUTE)
    assert (await town.inbox(ada), await town.emails(ada)) == ([], [])
    await town.skip_to(due + 300 * DAY)
    for channel in ("in_app", "email"):
        assert at(await town.sent_at(made, channel), due)
    assert await town.emails(ada) == ["Hello"]


async def test_a_day_before_the_first_of_march_may_be_a_leap_day(town: Market) -> None:
    leap_day = next_leap_day(await town.now())
    ada = await town.person(time_zone="Pacific/Auckland")
    await town.remind("retreat:1", user=ada, starts_at=leap_day + DAY, offsets=[86_400, 2 * 86_400])
    await town.skip_to(leap_day - MINUTE)
    assert len(await town.emails(ada)) == 1
    await town.skip_to(leap_day + MINUTE)
    (before,) = [each for each in await town.reminders("retreat:1") if each["offset"] == 86_400]
    sent_at = (await town.sent_at(before["notification_id"])).astimezone(AUCKLAND)
    assert (sent_at.month, sent_at.day, sent_at.hour, sent_at.minute) == (2, 29, 12, 0)


async def test_a_leap_day_is_told_at_its_hour_and_is_quiet_as_its_weekday(town: Market) -> None:
    leap_day = next_leap_day(await town.now())
    weekday = f"{leap_day.astimezone(AUCKLAND):%A}".lower()
    quiet = {weekday: [{"start": "08:00", "end": "19:30"}]}
    ada = await town.person(time_zone="Pacific/Auckland", quiet_hours=quiet)
    ben = await town.person(time_zone="Pacific/Auckland", digest="daily", digest_time="18:00")
    deferred, gathered = [await town.tell(user, scheduled_for=leap_day) for user in (ada, ben)]
    await town.skip_to(leap_day + DAY)
    assert at(await town.sent_at(deferred), wall(leap_day, "19:30", AUCKLAND))
    told = (await town.call("GET", f"notifications/{gathered}/"))["digested_in"]
    assert at(await town.sent_at(told), wall(leap_day, "18:00", AUCKLAND))


async def test_moved_again_and_again_it_comes_at_the_last_time_only(town: Market) -> None:
    ada, now = await town.person(), await town.now()
    made = await town.tell(ada, scheduled_for=now + 10 * DAY)
    for day in (400, 3, 700):
        assert set((await town.change(made, "reschedule", scheduled_for=now + day * DAY)).values()) == {"changed"}
        await town.skip(days=1)
    await town.skip_to(now + 700 * DAY - MINUTE)
    assert await town.emails(ada) == []
    await town.skip_to(now + 700 * DAY + MINUTE)
    assert at(await town.sent_at(made), now + 700 * DAY)
    assert await town.emails(ada) == ["Hello"]


async def test_called_off_it_may_be_called_on_again_until_its_time(town: Market) -> None:
    ada, due = await town.person(), await town.now() + 180 * DAY
    back, late = [await town.tell(ada, scheduled_for=due, title=title) for title in ("Back", "Late")]
    for made in (back, late):
        assert set((await town.change(made, "cancel")).values()) == {"stopped"}
    await town.skip_to(due - MINUTE)
    assert set((await town.change(back, "restore")).values()) == {"changed"}
    await town.skip_to(due + MINUTE)
    assert at(await town.sent_at(back), due)
    assert set((await town.change(late, "restore", conflict=True)).values()) == {"not_sent"}
    await town.skip(days=400)
    assert await town.emails(ada) == ["Back"]


async def test_an_anchor_takes_its_reminders_along(town: Market) -> None:
    people, starts_at = [await town.person() for _ in range(3)], await town.now() + 1_000 * DAY
    await town.remind("retreat:1", users=people, starts_at=starts_at, offsets=[86_400, -7_200])
    await town.skip_to(starts_at - 2 * DAY)
    moved = starts_at + 365 * DAY
    await town.call("PATCH", "reminders/retreat:1/", {"starts_at": moved.isoformat()})
    await town.skip_to(moved - DAY - MINUTE)
    assert [await town.emails(user) for user in people] == [[]] * 3
    await town.skip_to(moved + DAY)
    fired = await town.reminders("retreat:1", status="fired")
    assert len(fired) == 6
    for each in fired:
        assert at(await town.sent_at(each["notification_id"]), moved - timedelta(seconds=each["offset"]))


async def test_what_an_anchor_has_passed_is_skipped_and_what_is_called_off_stays_away(town: Market) -> None:
    ada, now = await town.person(), await town.now()
    for anchor in ("yoga:1", "yoga:2"):
        await town.remind(anchor, user=ada, starts_at=now + 30 * DAY, offsets=[10 * 86_400, 1_800], title=anchor)
    sooner = now + 5 * DAY
    await town.call("PATCH", "reminders/yoga:1/", {"starts_at": sooner.isoformat()})
    assert [each["offset"] for each in await town.reminders("yoga:1", status="skipped")] == [10 * 86_400]
    await town.call("DELETE", "reminders/yoga:2/")
    await town.skip(days=60)
    (fired,) = await town.reminders("yoga:1", status="fired")
    assert at(await town.sent_at(fired["notification_id"]), sooner - timedelta(seconds=1_800))
    assert await town.emails(ada) == ["yoga:1"]
