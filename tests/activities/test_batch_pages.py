"""Pages of a batch on a real database: taken twice, at once, interrupted or stopped, everybody is told once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
from batch_world import World, reachable, somebody
from sqlalchemy import select, text

from activities.keeping import content_from
from activities.notification import NotificationActivities
from activities.paging import accept_next_page
from deploy.local.launch import LaunchedStack
from notifications.contracts.batches import BatchStatus, PageResult
from notifications.contracts.names import batch_notification_id
from notifications.contracts.vocabulary import NotificationStatus
from persistence.batches import BatchRepository
from persistence.database import Database, DatabaseFault, DatabaseUnavailable
from persistence.inbox import InboxRepository
from persistence.models import Inbox
from persistence.pages import PageRepository
from persistence.profiles import ProfileRepository
from persistence.reading import ReadingRepository
from persistence.treatment import TreatmentRepository

PAGE = 10


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activities.paging.PAGE_SIZE", PAGE)


@pytest.fixture
async def world(stack: LaunchedStack) -> AsyncIterator[World]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=10)
    yield World(database)
    await database.close()


async def test_a_batch_is_walked_through_page_by_page(world: World) -> None:
    users = somebody(25)
    batch = await world.batch(users)
    pages = [await world.page(batch) for _ in range(3)]
    assert pages == [
        PageResult(accepted=10, is_last=False),
        PageResult(accepted=10, is_last=False),
        PageResult(accepted=5, is_last=True),
    ]
    assert await world.told(batch) == users
    assert set((await world.inboxes(users)).values()) == {(1, 1, 1, 1)}
    row = await world.row(batch)
    assert (row["status"], row["accepted"], row["total"]) == ("completed", 25, 25)
    assert world.started == []


async def test_a_page_that_is_taken_again_adds_nothing(world: World) -> None:
    users = somebody(25)
    batch = await world.batch(users)
    await world.all_pages(batch)
    async with world.database.transaction() as transaction:
        forgotten = "UPDATE batches SET accepted_up_to = NULL, status = 'running' WHERE id = :id"
        await transaction.connection.execute(text(forgotten), {"id": batch.batch_id})
    await world.all_pages(batch)
    assert await world.told(batch) == users
    assert set((await world.inboxes(users)).values()) == {(1, 1, 1, 1)}


async def test_two_workers_at_once_tell_everybody_once_and_count_right(world: World) -> None:
    users = somebody(95)
    batch = await world.batch(users)
    await asyncio.gather(*(world.all_pages(batch) for _ in range(3)))
    assert await world.told(batch) == users
    assert (await world.row(batch))["accepted"] == 95
    assert set((await world.inboxes(users)).values()) == {(1, 1, 1, 1)}


async def test_inboxes_are_locked_in_the_order_of_their_users(world: World) -> None:
    users = somebody(PAGE)
    await world.all_pages(await world.batch(users))
    batch = await world.batch(users)
    async with world.database.transaction() as first:
        await InboxRepository(first).lock(users[0])
        page = asyncio.create_task(world.page(batch))
        await _someone_waits(world)
        async with world.database.transaction() as others:
            # With the first one out of reach, nobody else's is held.
            free = select(Inbox.user_id).where(Inbox.user_id.in_(users[1:])).with_for_update(skip_locked=True)
            assert sorted(await others.connection.scalars(free)) == users[1:]
    await page


async def _someone_waits(world: World) -> None:
    waiting = text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid')")
    async with asyncio.timeout(5), world.database.statements() as transaction:
        while not await transaction.connection.scalar(waiting):
            pass


async def test_batches_to_the_same_people_at_once_never_deadlock_with_each_other_or_with_readers(world: World) -> None:
    users = somebody(60)
    batches = [await world.batch(users) for _ in range(4)]

    async def read(user: str) -> None:
        async with world.database.transaction() as transaction:
            await ReadingRepository(transaction).mark_all(user, is_read=True)

    async with asyncio.timeout(60):
        await asyncio.gather(*map(world.all_pages, batches), *(read(user) for user in users[::-1]))
    assert [await world.told(batch) for batch in batches] == [users] * 4
    for unread, unread_rows, last_seq, events in (await world.inboxes(users)).values():
        assert unread == unread_rows
        assert last_seq == events


async def test_what_a_dead_worker_had_accepted_and_not_started_is_started(world: World) -> None:
    users = somebody(25)
    await reachable(world, users)
    batch = await world.batch(users, delivery_channels=["in_app", "email"])
    async with world.database.transaction() as transaction:
        await accept_next_page(transaction, batch.batch_id, started_up_to=None)
    # Here it died.
    await world.all_pages(batch)
    assert Counter(request.user for request in world.started) == Counter(users)
    assert (await world.row(batch))["status"] == "completed"


async def test_starts_that_failed_are_made_up_for_before_anybody_else_is_accepted(world: World) -> None:
    users = somebody(25)
    await reachable(world, users)
    batch = await world.batch(users, delivery_channels=["email"])
    world.starts_left = 3
    for _ in range(2):
        with pytest.raises(ExceptionGroup):
            await world.page(batch)
    assert await world.told(batch) == users[:PAGE]
    world.starts_left = 1_000
    await world.all_pages(batch)
    assert {request.user for request in world.started} == set(users)


async def test_only_what_waits_or_leaves_through_a_provider_has_a_workflow(world: World) -> None:
    users = somebody(15)
    await reachable(world, users[3:7])
    batch = await world.batch(users, delivery_channels=["in_app", "email"])
    await world.all_pages(batch)
    assert sorted(request.user for request in world.started) == users[3:7]
    assert (await world.row(batch))["started_up_to"] is not None


async def test_a_batch_with_much_to_start_lets_others_have_their_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.bulk._STARTS_AT_A_TIME", 4)
    monkeypatch.setattr("activities.bulk._TURN_SECONDS", 0)
    users = somebody(PAGE + 1)
    await reachable(world, users)
    batch = await world.batch(users, delivery_channels=["email"])
    steps: list[tuple[PageResult, int, int]] = []
    while not steps or not steps[-1][0].is_last:
        steps.append((await world.page(batch), len(await world.told(batch)), len(world.started)))
    assert [(accepted, started) for _, accepted, started in steps] == [(10, 4), (10, 8), (10, 10), (11, 11), (11, 11)]
    assert Counter(request.user for request in world.started) == Counter(users)


async def test_a_batch_that_is_stopped_still_brings_out_what_it_had_accepted(world: World) -> None:
    users = somebody(25)
    await reachable(world, users)
    batch = await world.batch(users, delivery_channels=["email"])
    async with world.database.transaction() as transaction:
        await accept_next_page(transaction, batch.batch_id, started_up_to=None)
    async with world.database.transaction() as transaction:
        await BatchRepository(transaction).finish(batch.batch_id, BatchStatus.CANCELLED)
    assert await world.page(batch) == PageResult(is_last=True)
    assert sorted(request.user for request in world.started) == await world.told(batch) == users[:PAGE]
    row = await world.row(batch)
    assert (row["status"], row["accepted"], row["total"]) == ("cancelled", PAGE, 25)


async def test_a_page_gives_way_to_whoever_holds_an_inbox(world: World) -> None:
    users = somebody(5)
    batch = await world.batch(users)
    async with world.database.transaction() as transaction:
        await InboxRepository(transaction).lock(users[3])
        with pytest.raises(DatabaseUnavailable):
            await world.page(batch)
    assert await world.told(batch) == []
    await world.all_pages(batch)
    assert await world.told(batch) == users


async def test_what_cannot_be_stored_stops_the_batch_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    users = somebody(25)
    batch = await world.batch(users)
    await world.page(batch)

    async def refuse(*_: object) -> None:
        raise DatabaseFault("of some kind")

    monkeypatch.setattr(PageRepository, "accept", refuse)
    assert (await world.page(batch)).is_last
    row = await world.row(batch)
    assert (row["status"], row["accepted"], row["total"]) == ("failed", PAGE, 25)


async def test_what_its_owner_deletes_before_its_workflow_begins_does_not_come_back(world: World) -> None:
    users = somebody(1)
    await reachable(world, users)
    batch = await world.batch(users, delivery_channels=["in_app", "email"])
    await world.all_pages(batch)
    async with world.database.transaction() as transaction:
        await TreatmentRepository(transaction).delete(users[0], [batch_notification_id(batch.batch_id, users[0])])
    accepted = await NotificationActivities(database=world.database).accept(world.started[0])
    assert (accepted.plan.status, accepted.plan.deliveries) == (NotificationStatus.CANCELLED, ())
    assert await world.told(batch) == []


async def test_a_workflow_goes_on_from_what_its_page_has_written(world: World) -> None:
    users = somebody(1)
    await reachable(world, users)
    batch = await world.batch(users, delivery_channels=["in_app", "email"])
    await world.all_pages(batch)
    activities = NotificationActivities(database=world.database)
    first, again = await activities.accept(world.started[0]), await activities.accept(world.started[0])
    assert first == again
    assert (first.call_id, first.plan.status) == (world.started[0].call_id, NotificationStatus.PENDING)
    assert [delivery.channel for delivery in first.plan.deliveries] == ["email"]
    assert (await world.inboxes(users))[users[0]][0] == 1


async def test_a_daily_limit_holds_over_batches(world: World) -> None:
    (user,) = users = somebody(1)
    await reachable(world, users)
    async with world.database.transaction() as transaction:
        await ProfileRepository(transaction, user_id=user).put({"daily_limit": 1})
    for _ in range(2):
        await world.all_pages(await world.batch(users, delivery_channels=["email"]))
    activities = NotificationActivities(database=world.database)
    plans = [(await activities.accept(request)).plan for request in world.started]
    assert [len(plan.deliveries) for plan in plans] == [1, 0]
    assert plans[1].waits_for == "attention_budget"


async def test_a_change_to_what_has_no_workflow_yet_is_not_claimed_to_be_made(
    world: World, stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    users = somebody(1)
    await reachable(world, users)
    batch = await world.batch(users, delivery_channels=["email"])
    await world.all_pages(batch)
    response = await http.post(
        f"/api/v1/drf/notifications/notifications/{batch_notification_id(batch.batch_id, users[0])}/cancel/",
        headers={"Authorization": f"Bearer {stack.token('staff', staff=True)}"},
    )
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")


async def test_the_content_comes_back_from_the_database_as_it_was_asked_for(world: World) -> None:
    batch = await world.batch(
        somebody(1),
        delivery_channels=["in_app", "sms"],
        metadata={"ß": [1, 2.5, None, {"a": True}]},
        escalation={"sms": 300},
        priority="low",
        related_object_type="booking",
        related_object_id=7,
        group_key="g",
        notification_key=uuid4().hex,
        scheduled_for=datetime(2039, 5, 1, 12, 0, 0, 123_456, tzinfo=UTC),
        expires_at=datetime(2039, 6, 1, tzinfo=UTC),
    )
    assert content_from((await world.row(batch))["content"]) == batch.content


async def test_a_workflow_is_started_without_the_words(world: World) -> None:
    users = somebody(2)
    await reachable(world, users)
    batch = await world.batch(users, title="Only for them", delivery_channels=["email"], metadata={"secret": "one"})
    await world.all_pages(batch)
    assert [request.user for request in world.started] == users
    assert len({request.notification_id for request in world.started}) == 2
    for request in world.started:
        assert (request.batch_id, request.resumed) == (batch.batch_id, True)
        assert (request.title, request.message, request.metadata) == (None, None, {})
