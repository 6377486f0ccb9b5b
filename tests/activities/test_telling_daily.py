"""What a person has told to them once a day: at its time, in one, and once, whoever dies on the way."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from driven_world import MINUTE, MINUTES_OF_DAY, MINUTES_OF_WEEK, World
from sqlalchemy import delete

from deploy.local.launch import LaunchedStack
from notifications.contracts.errors import ServiceUnreachable
from notifications.contracts.names import delivery_id
from notifications.contracts.vocabulary import Channel, NotificationType
from persistence.models import Digest
from persistence.preferences import SettingRepository
from persistence.recipients import RecipientRepository
from providers.provider import Accepted, OutgoingMessage

EMAIL = Channel.EMAIL
HOUR = timedelta(hours=1)


class Vendor:
    """Keeps what it got, and when, on the world's clock."""

    name = "vendor"

    def __init__(self, world: World) -> None:
        self._world = world
        self.got: list[tuple[str, datetime]] = []

    async def send(self, message: OutgoingMessage) -> Accepted:
        self.got.append((message.subject, self._world.now))
        return Accepted(message.idempotency_key)


@pytest.fixture
async def world(stack: LaunchedStack) -> AsyncIterator[World]:
    world = World(stack.environment["DATABASE_URL"], pool_size=8)
    yield world
    await world.database.close()


@pytest.fixture
async def vendor(world: World) -> Vendor:
    """Of somebody who is told two hours from now."""
    vendor = Vendor(world)
    world.begin(vendor)
    await world.write(lambda t: RecipientRepository(t).put(world.user, {"email": "daily@example.org"}))
    await world.be_told_daily((minute_of(world) + 120) % MINUTES_OF_DAY)
    return vendor


def minute_of(world: World) -> int:
    return world.now.hour * 60 + world.now.minute


async def notify(world: World, kind: str = "payment") -> UUID:
    made = await world.notify(notification_type=kind, delivery_channels=["in_app", "email"])
    await world.settle()
    return made


async def stands(world: World, notification_id: UUID) -> tuple[str, str | None]:
    email = delivery_id(notification_id, EMAIL)
    return next((each.status, each.reason) for each in await world.deliveries() if each.id == email)


async def test_it_is_told_when_its_time_has_come_and_not_before(world: World, vendor: Vendor) -> None:
    made = [await notify(world) for _ in range(3)]
    assert all([await world.published_at(each) for each in made])
    await world.pass_time(HOUR)
    assert vendor.got == []
    begun = world.now
    await world.pass_time(HOUR + 2 * MINUTE)
    ((subject, at),) = vendor.got
    assert subject == "3 new notifications"
    assert at - begun > HOUR - 2 * MINUTE
    assert [await stands(world, each) for each in made] == [("skipped", "digested")] * 3
    await world.pass_time(30 * HOUR)
    assert len(vendor.got) == 1
    assert world.plans == world.windows == {}


async def test_a_night_is_told_in_one_at_its_end(world: World, vendor: Vendor) -> None:
    minute = world.now.weekday() * MINUTES_OF_DAY + minute_of(world)
    await world.be_quiet([((minute + 60) % MINUTES_OF_WEEK, 300)])
    await notify(world)
    await world.pass_time(4 * HOUR)
    await notify(world)
    assert vendor.got == []
    await world.pass_time(2 * HOUR + 2 * MINUTE)
    assert [subject for subject, _ in vendor.got] == ["2 new notifications"]


async def test_where_nobody_waits_for_the_window_its_entries_see_to_it(world: World, vendor: Vendor) -> None:
    await notify(world)
    await notify(world)
    world.windows.clear()
    await world.pass_time(2 * HOUR + 2 * MINUTE)
    assert [subject for subject, _ in vendor.got] == ["2 new notifications"]


async def test_what_lost_its_window_is_told_all_the_same(world: World, vendor: Vendor) -> None:
    await notify(world)
    await notify(world)
    await world.write(lambda t: t.connection.execute(delete(Digest).where(Digest.user_id == world.user)))
    await world.pass_time(2 * HOUR + 2 * MINUTE)
    assert [subject for subject, _ in vendor.got] == ["2 new notifications"]


async def test_everybody_at_once_tells_once(world: World, vendor: Vendor) -> None:
    for _ in range(6):
        await notify(world)
    until = 2 * HOUR + 2 * MINUTE
    await world.pass_unseen(until)
    await world.settle_at_once()
    assert [subject for subject, _ in vendor.got] == ["6 new notifications"]


async def test_what_was_closed_is_told_in_the_end_though_nobody_heard_at_first(
    world: World, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await notify(world)
    await world.pass_unseen(2 * HOUR + 2 * MINUTE)
    real, tries = world.tell, []

    async def away_at_first(*told: object) -> None:
        tries.append(told)
        if len(tries) == 1:
            raise ServiceUnreachable
        await real(*told)  # type: ignore[arg-type]

    monkeypatch.setattr(world, "tell", away_at_first)
    with pytest.raises(ServiceUnreachable):
        await world.settle()
    await world.settle()
    assert tries[0] == tries[1]
    assert [subject for subject, _ in vendor.got] == ["Hello"]


async def test_who_changed_their_mind_unheard_is_heard_when_the_window_closes(world: World, vendor: Vendor) -> None:
    unwanted, wanted = await notify(world), await notify(world, kind="review")
    await world.write(
        lambda t: SettingRepository(t, user_id=world.user).put(NotificationType.PAYMENT, {"email_enabled": False})
    )
    world.starts.clear()
    await world.pass_unseen(2 * HOUR + 2 * MINUTE)
    for window in list(world.windows):
        await world.close(window)
    assert await stands(world, unwanted) == ("skipped", "preference_off")
    await world.settle()
    assert [subject for subject, _ in vendor.got] == ["Hello"]
    assert await stands(world, wanted) == ("skipped", "digested")


async def test_a_window_that_was_never_committed_is_not_waited_for(world: World, vendor: Vendor) -> None:
    world.windows[uuid4()] = world.on_the_wall(world.now)
    await world.settle()
    assert world.windows == {}
    assert vendor.got == []
