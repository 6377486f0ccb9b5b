"""The steps of a digest that are run again, as after the death of the worker between two lines of theirs."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from activities.digests import DigestActivities
from activities.notification import NotificationActivities
from deploy.local.launch import LaunchedStack
from notifications.contracts.building import build_request
from notifications.contracts.digests import DigestEntry, DigestInput
from notifications.contracts.errors import ServiceUnreachable
from notifications.contracts.notification import NotificationRequest
from persistence.database import Database
from persistence.digests import DigestRepository, Window
from persistence.models import Delivery, Digest

HOUR = {"kind": "duration", "seconds": 3600}


class Temporal:
    """What was started and watched there; so many calls as it is `away` fail first."""

    def __init__(self) -> None:
        self.started: list[NotificationRequest] = []
        self.watched: list[tuple[UUID, bool]] = []
        self.away = 0

    async def start(self, request: NotificationRequest) -> None:
        self._answer()
        self.started.append(request)

    async def watch(self, digest_id: UUID, /, *, is_due: bool) -> None:
        self._answer()
        self.watched.append((digest_id, is_due))

    def _answer(self) -> None:
        if self.away:
            self.away -= 1
            raise ServiceUnreachable


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=2)
    yield database
    await database.close()


@pytest.fixture
def temporal() -> Temporal:
    return Temporal()


@pytest.fixture
def digests(database: Database, temporal: Temporal) -> DigestActivities:
    return DigestActivities(database=database, start=temporal.start, watch=temporal.watch)


def entry(user: str, title: str = "One") -> NotificationRequest:
    return build_request(
        user=user,
        notification_type="payment",
        title=title,
        message="Words.",
        delivery_channels=["in_app", "email"],
        digest={"key": "k", "window": HOUR},
    )


def somebody() -> str:
    return f"user-{uuid4().hex}"


async def window_of(database: Database, request: NotificationRequest) -> Window:
    async with database.statements() as transaction:
        found = await DigestRepository(transaction).open_of(request.notification_id)
    assert found is not None
    return found


async def test_an_entry_accepted_again_is_one_entry_and_waits_on(database: Database) -> None:
    accept, request = NotificationActivities(database=database).accept, entry(somebody())
    first = await accept(request)
    again = await accept(request)
    assert first.call_id == again.call_id == request.call_id
    assert again.plan.deliveries == ()
    assert (first.plan.wake_at, first.plan.waits_for) == (again.plan.wake_at, "digest")
    assert (await window_of(database, request)).entries == 1


async def test_a_refused_entry_opens_no_window(database: Database) -> None:
    user = somebody()
    request = replace(entry(user), template_key="no.such.template")
    with pytest.raises(Exception, match="refused"):
        await NotificationActivities(database=database).accept(request)
    async with database.statements() as transaction:
        assert await DigestRepository(transaction).count(user) == 0


async def test_an_entry_is_watched_over_in_the_end(
    database: Database, digests: DigestActivities, temporal: Temporal
) -> None:
    request = entry(somebody())
    await NotificationActivities(database=database).accept(request)
    temporal.away = 1
    with pytest.raises(ServiceUnreachable):
        await digests.watch(DigestEntry(notification_id=request.notification_id))
    await digests.watch(DigestEntry(notification_id=request.notification_id))
    assert temporal.watched == [((await window_of(database, request)).id, False)]


async def test_what_was_closed_is_told_in_the_end_and_under_one_id(
    database: Database, digests: DigestActivities, temporal: Temporal
) -> None:
    user = somebody()
    first, second = entry(user, "One"), entry(user, "Two")
    for request in (first, second):
        await NotificationActivities(database=database).accept(request)
    close = DigestInput(digest_id=(await window_of(database, first)).id, at_once=True)
    temporal.away = 1
    with pytest.raises(ServiceUnreachable):
        await digests.close(close)
    await NotificationActivities(database=database).accept(entry(user, "Too late"))
    for _ in range(2):
        assert (await digests.close(close)).wake_at is None
    told, again = temporal.started
    assert told == again
    assert (told.metadata["total"], [each["title"] for each in told.metadata["entries"]]) == (2, ["Two", "One"])


async def test_a_window_whose_time_has_not_come_stays_open(
    database: Database, digests: DigestActivities, temporal: Temporal
) -> None:
    request = entry(somebody())
    await NotificationActivities(database=database).accept(request)
    window = await window_of(database, request)
    plan = await digests.close(DigestInput(digest_id=window.id))
    assert plan.wake_at == window.opened_at + timedelta(hours=1)
    assert temporal.started == []


async def test_an_entry_wakes_soon_after_its_window_should_have_closed_and_looks_again_when_it_has_not(
    database: Database,
) -> None:
    accept, request = NotificationActivities(database=database).accept, entry(somebody())
    first = await accept(request)
    window = await window_of(database, request)
    assert first.plan.wake_at == window.closes_at + timedelta(seconds=5)
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    async with database.transaction() as transaction:
        await transaction.connection.execute(
            update(Digest).where(Digest.id == window.id).values(closes_at=long_ago, opened_at=long_ago)
        )
    late = (await accept(request)).plan.wake_at
    assert late is not None
    assert late > datetime.now(UTC)


async def test_an_entry_whose_digest_is_gone_goes_by_itself(database: Database) -> None:
    accept, request = NotificationActivities(database=database).accept, entry(somebody())
    await accept(request)
    window = await window_of(database, request)
    async with database.transaction() as transaction:
        await transaction.connection.execute(Digest.__table__.delete().where(Digest.id == window.id))  # type: ignore[attr-defined]
    await accept(request)
    async with database.statements() as transaction:
        statuses = await transaction.connection.execute(
            select(Delivery.channel, Delivery.status).where(Delivery.notification_id == request.notification_id)
        )
    assert ("in_app", "delivered") in {(channel, status) for channel, status in statuses}
