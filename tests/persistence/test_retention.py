"""What grows old is removed on a real database: counts stay exact, what waits stays, a crash changes nothing."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from inbox_world import counted, counted_anew, told
from own_database import own_database
from retention_world import OLD, RetentionWorld, retention_world

from deploy.local.launch import LaunchedStack
from notifications.contracts.vocabulary import NotificationType
from persistence.database import DatabaseFault
from persistence.inbox import InboxRepository
from persistence.retention import RetentionRepository, latest_runs
from persistence.searching import SearchRepository, WordIndexer
from persistence.treatment import TreatmentRepository
from policy.retention import Month, is_over
from policy.treatment import Wish
from policy.types import policy_of

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def own(stack: LaunchedStack) -> Iterator[str]:
    with own_database(stack) as url:
        yield url


@pytest.fixture
async def world(own: str) -> AsyncIterator[RetentionWorld]:
    async with retention_world(own) as world:
        yield world


async def left(world: RetentionWorld) -> set[Any]:
    return set((await world.execute("SELECT id FROM notifications")).scalars())


@pytest.mark.parametrize("kind", NotificationType)
async def test_a_type_is_kept_as_long_as_it_says(world: RetentionWorld, kind: NotificationType) -> None:
    kept_for = timedelta(days=policy_of(kind).retention_days)
    old = await world.put("ada", age=kept_for + DAY, notification_type=kind)
    young = await world.put("ada", age=kept_for - DAY, notification_type=kind)
    assert await world.run() == {f"notifications/{kind}": 1}
    assert await left(world) == {young}
    assert await counted(world.database, "ada") == {f"{kind}/unread": 1, "unread": 1}
    last = (await told(world.database, "ada"))[-1]
    assert (last.message["update_type"], last.message["data"]["notification_id"]) == ("deleted", str(old))
    assert last.unread_count == 1


async def test_what_waits_or_is_under_way_stays_whatever_its_age(world: RetentionWorld) -> None:
    pending = await world.put("ada", status="pending")
    asleep = await world.put("ada")
    sending = await world.put("ada")
    redriven = await world.put("ada", status="failed")
    async with world.database.transaction() as transaction:
        wish = Wish(is_snoozed=True, snoozed_until=datetime.now(UTC) + DAY)
        await TreatmentRepository(transaction).change("ada", asleep, wish)
    await world.execute(
        "INSERT INTO deliveries (id, notification_id, channel, status, rule) VALUES (:id, :of, 'email', 'sending', '')",
        id=uuid4(),
        of=sending,
    )
    await world.execute(
        "INSERT INTO notification_changes (id, notification_id, kind) VALUES (:id, :of, 'redrive')",
        id=uuid4(),
        of=redriven,
    )
    assert await world.run() == {}
    assert await left(world) == {pending, asleep, sending, redriven}


async def test_what_hangs_on_a_notification_goes_with_it(world: RetentionWorld) -> None:
    old, delivery = await world.put("ada"), uuid4()
    await world.execute(
        "INSERT INTO deliveries (id, notification_id, channel, status, rule) VALUES (:id, :of, 'email', 'sent', '')",
        id=delivery,
        of=old,
    )
    await world.execute(
        "INSERT INTO attempts (delivery_id, number, key_generation) VALUES (:delivery, 1, 0)", delivery=delivery
    )
    await world.execute("INSERT INTO timeline_entries (notification_id, event) VALUES (:of, 'skipped')", of=old)
    await world.run()
    for table in ("deliveries", "attempts", "timeline_entries"):
        assert await world.scalar(f"SELECT count(*) FROM {table}") == 0  # noqa: S608 - named above


async def test_what_was_removed_is_not_found_by_its_words(world: RetentionWorld) -> None:
    await world.put("ada", title="A lighthouse")
    young = await world.put("ada", title="A lighthouse", age=DAY)
    await WordIndexer(world.database).index("ada")
    await world.run()
    async with world.database.statements() as transaction:
        search = SearchRepository(transaction, user_id="ada")
        matches = await search.matches("lighthouse", ["inbox"])  # type: ignore[list-item] # spelled out
        assert matches.ids == [young]
        assert await search.count("lighthouse", ["inbox"]) == 1  # type: ignore[list-item] # spelled out


async def test_random_inboxes_are_counted_as_they_are(world: RetentionWorld) -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    users, expected = [f"user-{number}" for number in range(5)], Counter[str]()
    for _ in range(120):
        kind = chance.choice(list(NotificationType))
        age = timedelta(days=chance.choice([1, 80, 100, 360, 370, 725, 735, 900]))
        read_at = datetime.now(UTC) if chance.random() < 0.5 else None
        made = await world.put(user := chance.choice(users), age=age, notification_type=kind)
        async with world.database.transaction() as transaction:
            wish = Wish(is_read=read_at is not None, is_archived=chance.random() < 0.3)
            await TreatmentRepository(transaction).change(user, made, wish)
        expected[f"notifications/{kind}"] += age > timedelta(days=policy_of(kind).retention_days)
    assert await world.run() == dict(+expected)
    for user in users:
        assert await counted(world.database, user) == await counted_anew(world.database, user)
        seqs = [event.seq for event in await told(world.database, user)]
        assert seqs == list(range(1, len(seqs) + 1))


async def test_a_crash_before_any_commit_neither_loses_nor_doubles_a_count(
    world: RetentionWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.retention._REMOVED_AT_ONCE", 3)
    for _ in range(20):
        await world.put("ada")
    run_id, crashes, count = uuid4(), 0, RetentionRepository.count

    async def crashing(repository: RetentionRepository, removed: Any) -> None:
        """After everything of a transaction was written, and every second time."""
        nonlocal crashes
        await count(repository, removed)
        crashes += bool(removed)
        if removed and crashes % 2:
            raise DatabaseFault("57P01")

    monkeypatch.setattr(RetentionRepository, "count", crashing)
    report: dict[str, int] | None = None
    while report is None:
        try:
            report = await world.run(run_id)
        except DatabaseFault:
            assert await counted(world.database, "ada") == await counted_anew(world.database, "ada")
    assert report == {"notifications/system": 20}
    assert crashes == 14
    assert await left(world) == set()


async def test_two_runs_at_once_and_its_reader_do_not_disturb_each_other(world: RetentionWorld) -> None:
    for _ in range(150):
        await world.put("ada")
    kept = [await world.put("ada", age=DAY) for _ in range(10)]

    async def read() -> None:
        for one in kept:
            async with world.database.transaction() as transaction:
                await TreatmentRepository(transaction).change("ada", one, Wish(is_read=True))

    first, second, _ = await asyncio.gather(world.run(), world.run(), read())
    assert first.get("notifications/system", 0) + second.get("notifications/system", 0) == 150
    assert await counted(world.database, "ada") == {"system/read": 10, "unread": 0}


async def test_a_month_of_events_that_is_over_is_dropped_and_who_was_behind_reloads(world: RetentionWorld) -> None:
    await world.put("ada", age=DAY)
    await world.put("ada", age=DAY)
    await world.execute(
        "CREATE TABLE inbox_events_2020_01 PARTITION OF inbox_events FOR VALUES FROM ('2020-01-01Z') TO ('2020-02-01Z')"
    )
    await world.execute("UPDATE inbox_events SET created_at = '2020-01-05Z' WHERE seq = 1")
    async with world.database.transaction() as transaction:
        assert await InboxRepository(transaction).has_events("ada", after=0, up_to=2)
    assert await world.run() == {"months of inbox_events": 1}
    async with world.database.transaction() as transaction:
        inbox = InboxRepository(transaction)
        assert not await inbox.has_events("ada", after=0, up_to=2)
        assert await inbox.has_events("ada", after=1, up_to=2)
        assert await inbox.has_events("ada", after=2, up_to=2)
    assert [event.seq for event in await told(world.database, "ada")] == [2]


async def test_an_event_without_a_month_is_kept_and_removed_all_the_same(world: RetentionWorld) -> None:
    await world.put("ada", age=DAY)
    await world.put("ada", age=DAY)
    await world.execute("UPDATE inbox_events SET created_at = '2019-01-05Z' WHERE seq = 1")
    assert await world.run() == {"inbox_events": 1}


async def test_months_are_made_ahead(world: RetentionWorld) -> None:
    month = Month.of(datetime.now(UTC)).next.next
    name = f"inbox_events_{month.year}_{month.month:02}"
    await world.execute(f"DROP TABLE {name}")
    await world.run()
    assert await world.scalar("SELECT to_regclass(:name)", name=name) is not None
    assert not is_over(month, datetime.now(UTC))


async def test_what_outlives_notifications_is_removed_when_it_is_of_no_use(world: RetentionWorld) -> None:
    now = datetime.now(UTC)
    for name, fires_at, status in (
        ("booking:old", now - OLD, "fired"),
        ("booking:waits", now - OLD, "waiting"),
        ("booking:follows", now, "fired"),
    ):
        await world.execute("INSERT INTO anchors (anchor, starts_at) VALUES (:anchor, :at)", anchor=name, at=now - OLD)
        await world.execute(
            "INSERT INTO reminders (id, anchor, user_id, offset_seconds, fires_at, status, content)"
            " VALUES (gen_random_uuid(), :anchor, 'ada', 0, :at, :status, '{}')",
            anchor=name,
            at=fires_at,
            status=status,
        )
    for expires_at in (now - DAY, now + DAY):
        await world.execute(
            "INSERT INTO socket_tickets (digest, user_id, token_expires_at, expires_at)"
            " VALUES (:digest, 'ada', :at, :at)",
            digest=uuid4().bytes,
            at=expires_at,
        )
        await world.execute(
            "INSERT INTO token_revocations (jti, expires_at, revoked_by) VALUES (:jti, :at, 'staff')",
            jti=uuid4().hex,
            at=expires_at,
        )
    await world.execute("INSERT INTO token_revocations (user_id, issued_before, revoked_by) VALUES ('a', now(), 's')")
    for taken_at in (now - 30 * DAY, now):
        await world.execute(
            "INSERT INTO attention_slots VALUES (gen_random_uuid(), 'ada', :taken_at)", taken_at=taken_at
        )
    for closed_at in (now - OLD, None):
        await world.execute(
            'INSERT INTO digests (user_id, key, notification_type, "window", opened_at, last_entry_at, closes_at,'
            " closed_at) VALUES ('ada', 'k', 'system', '{}', :then, :then, :then, :closed_at)",
            then=now - OLD,
            closed_at=closed_at,
        )
    for finished_at in (now - OLD, None):
        await world.execute(
            "INSERT INTO batches (id, call_id, fingerprint, content, total, finished_at)"
            " VALUES (gen_random_uuid(), '', '', '{}', 1, :finished_at)",
            finished_at=finished_at,
        )
    assert await world.run() == dict.fromkeys(
        ("anchors", "socket_tickets", "token_revocations", "attention_slots", "digests", "batches"), 1
    )
    assert set((await world.execute("SELECT anchor FROM anchors")).scalars()) == {"booking:waits", "booking:follows"}


async def test_a_run_is_reported_while_it_goes_on_and_when_it_is_over(world: RetentionWorld) -> None:
    await world.put("ada")
    await world.run()
    async with world.database.statements() as transaction:
        (run,) = await latest_runs(transaction, most=5)
    assert run["removed"] == {"notifications/system": 1}
    assert run["started_at"] <= run["finished_at"]
