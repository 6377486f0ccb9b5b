"""Weekly summaries on a real database: who is due is told once, what they have not read, whatever dies in between."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from inbox_world import somebody
from own_database import own_database
from summary_world import SummaryWorld, summary_world

from deploy.local.launch import LaunchedStack
from notifications.contracts import names
from notifications.contracts.vocabulary import NotificationStatus, Weekday
from persistence.reading import ReadingRepository
from persistence.recipients import RecipientRepository
from persistence.summaries import _DUE, SummaryRepository
from persistence.treatment import TreatmentRepository
from policy.summaries import week_of
from policy.treatment import Wish

SECOND, HOUR, WEEK = timedelta(seconds=1), timedelta(hours=1), timedelta(days=7)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="module")
def own(stack: LaunchedStack) -> Iterator[str]:
    with own_database(stack) as url:
        yield url


@pytest.fixture
async def world(own: str) -> AsyncIterator[SummaryWorld]:
    async with summary_world(own) as world:
        yield world


async def read_all(world: SummaryWorld, user: str) -> None:
    async with world.database.transaction() as transaction:
        await ReadingRepository(transaction).mark_all(user, is_read=True)


async def test_a_summary_tells_how_many_of_what_and_the_newest(world: SummaryWorld) -> None:
    user = await world.person("One", "Two", "Three", "Four", "Five", zone="Europe/Berlin")
    six = await world.put(user, title="Six", notification_type="booking")
    archived = await world.put(user, title="Archived")
    async with world.database.transaction() as transaction:
        await TreatmentRepository(transaction).change(user, archived, Wish(is_archived=True))
    due = await world.due(user)
    assert await world.round(due) == 1
    await world.accept()
    (told,) = await world.summaries(user)
    assert told.title == "6 unread notifications"
    assert told.message.splitlines() == [
        "Booking: 1",
        "System: 5",
        "",
        "The newest:",
        *(f"• {title}" for title in ("Six", "Five", "Four", "Three", "Two")),
    ]
    assert told.metadata["week"] == week_of(due, BERLIN)
    assert told.metadata["by_type"] == [
        {"type": "booking", "display": "Booking", "total": 1},
        {"type": "system", "display": "System", "total": 5},
    ]
    assert told.metadata["newest"][0] == {"id": str(six), "title": "Six"}
    assert (told.id, told.notification_type, told.priority, told.channels) == (
        names.summary_notification_id(week_of(due, BERLIN), user),
        "reminder",
        "low",
        ["in_app", "email"],
    )


async def test_nothing_of_what_is_told_is_in_the_request_that_temporal_keeps(world: SummaryWorld) -> None:
    await world.round(await world.due(await world.person("A secret")))
    (request,) = world.started
    assert (request.title, request.message, request.metadata) == (None, None, {})


async def test_nobody_is_told_before_their_time_or_twice(world: SummaryWorld) -> None:
    user = await world.person("One")
    due = await world.due(user)
    assert await world.round(due - SECOND) == 0
    assert await world.round(due) == 1
    assert await world.round(due) == 0
    assert await world.due(user) == due + WEEK
    assert await world.round(due + WEEK) == 1


async def test_who_has_nothing_unread_is_told_nothing_and_asked_about_again_next_week(world: SummaryWorld) -> None:
    user = await world.person("Read")
    await read_all(world, user)
    stranger = await world.person()
    due = await world.due(user)
    assert await world.round(due) == 0
    assert {await world.due(user), await world.due(stranger)} == {due + WEEK}


async def test_who_has_not_asked_is_told_nothing(world: SummaryWorld) -> None:
    due = await world.due(await world.person())
    silent, unwilling = somebody(), await world.person("One")
    await world.put(silent, title="One")
    await world.put_profile(unwilling, weekly_summary=False)
    assert (await world.profile(unwilling)).next_summary_at is None
    assert await world.round(due) == 0


@pytest.mark.parametrize("change", ["read", "declined"])
async def test_what_changes_before_its_first_step_leaves_nothing_to_tell(world: SummaryWorld, change: str) -> None:
    user = await world.person("One")
    assert await world.round(await world.due(user)) == 1
    if change == "read":
        await read_all(world, user)
    else:
        await world.put_profile(user, weekly_summary=False)
    (accepted,) = await world.accept()
    assert (accepted.plan.status, accepted.plan.deliveries) == (NotificationStatus.CANCELLED, ())
    assert await world.summaries(user) == []


async def test_a_first_step_that_runs_again_when_all_was_read_finds_what_it_told(world: SummaryWorld) -> None:
    user = await world.person("One")
    await world.round(await world.due(user))
    (first,) = await world.accept()
    await read_all(world, user)
    (again,) = await world.accept()
    assert again.call_id == first.call_id
    assert [row.title for row in await world.summaries(user)] == ["1 unread notification"]


async def test_a_summary_does_not_count_the_ones_before_it(world: SummaryWorld) -> None:
    busy, idle = await world.person("One"), await world.person()
    once, due = await world.put(idle, title="Once"), await world.due(busy)
    await world.round(due)
    await world.accept()
    await world.put(busy, title="Two")
    async with world.database.transaction() as transaction:
        await ReadingRepository(transaction).mark_read(idle, [once], is_read=True)
    world.started.clear()
    assert await world.round(due + WEEK) == 2
    await world.accept()
    assert [row.metadata["unread"] for row in await world.summaries(busy)] == [1, 2]
    assert len(await world.summaries(idle)) == 1


async def test_its_email_waits_for_the_end_of_quiet_hours(world: SummaryWorld) -> None:
    user, now = await world.person("One"), datetime.now(UTC)
    begin, end = now - HOUR, now + 2 * HOUR
    span = {"start": f"{begin:%H:%M}", "end": f"{end:%H:%M}"}
    await world.put_profile(user, quiet_hours={list(Weekday)[begin.weekday()].value: [span]})
    async with world.database.transaction() as transaction:
        await RecipientRepository(transaction).put(user, {"email": "ada@example.org"})
    await world.round(await world.due(user))
    await world.accept()
    rows = await world.execute(
        "SELECT channel, delivery.status, delivery.reason FROM deliveries AS delivery"
        " JOIN notifications AS notification ON notification.id = notification_id"
        " WHERE user_id = :user ORDER BY channel",
        user=user,
    )
    assert [tuple(row) for row in rows] == [("email", "scheduled", "quiet_hours"), ("in_app", "delivered", None)]


async def test_after_an_outage_it_is_told_as_long_as_it_is_monday(world: SummaryWorld) -> None:
    late = await world.person("One", zone="Europe/Berlin")
    due = await world.due(late)
    assert await world.round(due + 15 * HOUR - SECOND) == 1
    world.started.clear()
    too_late = await world.person("One", zone="Europe/Berlin")
    due = await world.due(too_late)
    assert await world.round(due + 15 * HOUR) == 0
    assert (await world.due(too_late)).astimezone(BERLIN).date() == due.astimezone(BERLIN).date() + WEEK


async def test_who_changes_zone_is_told_by_the_new_clocks_and_not_again_for_the_same_week(world: SummaryWorld) -> None:
    user = await world.person("One", zone="Asia/Tokyo")
    before = await world.due(user)
    await world.put_profile(user, time_zone="Asia/Kathmandu")
    due = await world.due(user)
    assert due - before == timedelta(hours=3, minutes=15)
    assert await world.round(due - SECOND) == 0
    assert await world.round(due) == 1
    async with world.database.transaction() as transaction:
        await RecipientRepository(transaction).put(user, {"time_zone": "Pacific/Honolulu"})
    assert week_of(await world.due(user), ZoneInfo("Pacific/Honolulu")) > week_of(due, ZoneInfo("Asia/Kathmandu"))
    assert await world.round(due + timedelta(days=1)) == 0
    async with world.database.transaction() as transaction:
        await RecipientRepository(transaction).delete(user)
    assert week_of(await world.due(user), UTC) > week_of(due, ZoneInfo("Asia/Kathmandu"))


async def test_who_changes_zone_while_a_round_looks_at_them_keeps_their_new_time(world: SummaryWorld) -> None:
    user = await world.person("One", zone="Asia/Tokyo")
    due = await world.due(user)

    async def travel(request: object) -> None:
        await world.put_profile(user, time_zone="Europe/Berlin")
        world.started.append(request)  # type: ignore[arg-type]

    world.rounds._start = travel  # noqa: SLF001 - between what a round reads and what it writes
    assert await world.round(due) == 1
    assert await world.due(user) > due
    assert await world.round(await world.due(user)) == 1
    assert len({request.notification_id for request in world.started}) == 1, "the week is the same"


async def test_asking_again_in_the_same_week_brings_none_again(world: SummaryWorld) -> None:
    user = await world.person("One")
    due = await world.due(user)
    await world.round(due)
    for wanted in (False, True):
        await world.put_profile(user, weekly_summary=wanted)
    assert await world.due(user) == due + WEEK
    await world.put_profile(user, weekly_summary=True, time_zone="UTC")
    assert await world.due(user) == due + WEEK


@pytest.mark.parametrize("dies", ["starting", "moving on"])
async def test_a_round_that_dies_within_a_page_tells_everybody_once(
    world: SummaryWorld, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    monkeypatch.setattr("activities.summaries._PAGE", 3)
    users = [await world.person("One") for _ in range(8)]
    due = await world.due(users[0])
    if dies == "starting":
        world.starts_left = 5
    else:
        monkeypatch.setattr(SummaryRepository, "move_on", _die)
    with pytest.raises(ConnectionError):
        await world.round(due)
    world.starts_left = 1_000_000
    monkeypatch.undo()
    monkeypatch.setattr("activities.summaries._PAGE", 3)
    await world.round(due)
    assert await world.round(due) == 0
    started = Counter(request.user for request in world.started)
    assert set(started) == set(users)
    assert max(started.values()) == 2, "what is not known to have been started is started again"
    await world.accept()
    assert {len(await world.summaries(user)) for user in users} == {1}


async def _die(*_: object) -> None:
    raise ConnectionError("died")


async def test_those_who_are_due_are_found_along_an_index_however_many_are_not(world: SummaryWorld) -> None:
    await world.execute(
        "INSERT INTO preference_profiles (user_id, weekly_summary, next_summary_at, summary_week)"
        " SELECT 'many-' || n, true, now() + n * interval '1 minute', '2026-W01' FROM generate_series(1, 20000) AS n"
    )
    # All of them are many: beside a table of a few rows, the planner may as well read all of that.
    await world.execute("INSERT INTO recipients (user_id) SELECT user_id FROM preference_profiles")
    await world.execute("INSERT INTO inboxes (user_id) SELECT user_id FROM preference_profiles")
    await world.execute("ANALYZE preference_profiles, recipients, inboxes")
    parameters = {"now": datetime.now(UTC) + HOUR, "most": 50, "coalesce_1": "UTC", "coalesce_2": 0}
    async with world.database.statements() as transaction:
        statement = f"EXPLAIN {_DUE.compile(dialect=transaction.connection.dialect)}"
        explained = await transaction.connection.exec_driver_sql(statement, parameters)
        plan = "\n".join(explained.scalars())
    assert "Index Only Scan using ix_preference_profiles_next_summary_at" in plan, plan
    assert "Sort" not in plan, plan
