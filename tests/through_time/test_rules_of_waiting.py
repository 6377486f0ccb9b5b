"""Each rule of what goes when, from the acceptance to the provider, through hours and days."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from market import NIGHTS, Market, at, market, wall

from deploy.local.launch import LaunchedStack

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LADDER = {"delivery_channels": ["in_app", "push", "sms", "email"], "escalation": {"sms": 600, "email": 86_400}}


@pytest.fixture
async def town(stack: LaunchedStack) -> AsyncIterator[Market]:
    async with market(stack) as there:
        yield there


async def test_what_stays_unread_climbs_the_ladder(town: Market) -> None:
    ada, now = await town.person(), await town.now()
    made = await town.tell(ada, **LADDER)
    await town.skip(days=2)
    for channel, due in (("push", now), ("sms", now + 10 * MINUTE), ("email", now + DAY)):
        assert at(await town.sent_at(made, channel), due)


async def test_what_is_read_climbs_no_further(town: Market) -> None:
    ada = await town.person()
    made = await town.tell(ada, **LADDER)
    await town.skip(minutes=11)
    await town.sent_at(made, "sms")
    await town.call("POST", f"notifications/{made}/mark_as_read/", by=ada)
    await town.skip(days=2)
    assert await town.skipped(made) == "already_read"
    assert await town.emails(ada) == []


async def test_expiry_wins_over_a_quiet_night_and_what_is_urgent_passes(town: Market) -> None:
    ada = await town.person(time_zone="Europe/Berlin", quiet_hours=NIGHTS)
    evening = wall(await town.now(), "23:00", days=1)
    stale = await town.tell(ada, scheduled_for=evening, expires_at=evening + HOUR)
    urgent = await town.tell(ada, scheduled_for=evening, priority="urgent", title="Urgent")
    await town.skip_to(evening + DAY)
    assert await town.skipped(stale) == "expired"
    assert at(await town.sent_at(urgent), evening)
    assert await town.emails(ada) == ["Urgent"]


async def test_a_switch_decides_as_it_stands_when_the_time_has_come(town: Market) -> None:
    ada, due = await town.person(), await town.now() + 100 * DAY
    made = [await town.tell(ada, scheduled_for=due + n * DAY, notification_type="review") for n in range(3)]
    await town.skip_to(due - HOUR)
    await town.wants(ada, email_enabled=False)
    await town.skip_to(due + HOUR)
    assert await town.skipped(made[0]) == "global_preference_off"
    await town.wants(ada, email_enabled=True)
    await town.skip_to(due + DAY + HOUR)
    assert at(await town.sent_at(made[1]), due + DAY)
    await town.wants(ada, opted_out_channels=["email"])
    await town.skip_to(due + 3 * DAY)
    assert await town.skipped(made[2]) == "opted_out"
    assert len(await town.emails(ada)) == 1


async def test_beyond_the_limit_the_more_important_has_the_next_slot(town: Market) -> None:
    ada, now = await town.person(daily_limit=1), await town.now()
    first, low, high = [
        await town.tell(ada, title=priority, priority=priority) for priority in ("normal", "low", "high")
    ]
    await town.skip(days=3)
    assert at(await town.sent_at(first), now)
    sent = [await town.sent_at(each) for each in (first, high, low)]
    assert all(at(later, earlier + DAY) for earlier, later in pairwise(sent))
    assert await town.emails(ada) == ["normal", "high", "low"]


@pytest.mark.parametrize(
    ("window", "hours", "closes"),
    [
        ({"kind": "duration", "seconds": 6 * 3600}, (0, 1, 5), 6),
        ({"kind": "quiet", "seconds": 2 * 3600, "at_most_seconds": 24 * 3600}, (0, 1, 2), 4),
        ({"kind": "quiet", "seconds": 2 * 3600, "at_most_seconds": 3 * 3600}, (0, 1, 2), 3),
        ({"kind": "count", "count": 3, "at_most_seconds": 24 * 3600}, (0, 1, 2), 2),
        ({"kind": "count", "count": 9, "at_most_seconds": 24 * 3600}, (0, 1, 2), 24),
        ({"kind": "daily", "at": "18:00"}, (0, 1, 5), 6),
    ],
    ids=["duration", "quiet", "quiet-at-most", "count", "count-at-most", "daily"],
)
async def test_a_window_closes_when_it_should(
    town: Market, window: dict[str, object], hours: tuple[int, ...], closes: int
) -> None:
    ada = await town.person(time_zone="Europe/Berlin")
    noon = wall(await town.now(), "12:00", days=2)
    for hour in hours:
        await town.skip_to(noon + hour * HOUR)
        await town.tell(ada, digest={"key": "workshop:7", "window": window}, escalation=None)
    if closes > max(hours):
        await town.skip_to(noon + closes * HOUR - MINUTE)
        assert await town.emails(ada) == []
        await town.skip_to(noon + closes * HOUR + MINUTE)
    told = (await town.inbox(ada, once=lambda told: len(told) == 1))[0]
    assert at(datetime.fromisoformat(told["created_at"]), noon + closes * HOUR)
    assert at(await town.sent_at(told["id"]), noon + closes * HOUR)
    assert len(await town.emails(ada)) == 1


async def test_the_newer_takes_the_place_of_what_waits(town: Market) -> None:
    ada, due = await town.person(), await town.now() + 10 * DAY
    await town.tell(ada, title="Delayed", supersede_key="train:1", scheduled_for=due)
    await town.skip(days=5)
    await town.tell(ada, title="Arrived", supersede_key="train:1", notification_type="booking")
    await town.skip_to(due + DAY)
    assert await town.emails(ada) == ["Arrived"]


async def test_a_vendor_that_is_away_is_asked_again_until_the_deadline(town: Market) -> None:
    ada = await town.person()
    await town.vendor_fails("email", [503] * 3)
    began = await town.now()
    made = await town.tell(ada)
    await town.skip(hours=12)
    assert await town.sent_at(made) > began
    assert (await town.delivery(made))["attempts"] == 4
    assert await town.emails(ada) == ["Hello"]
