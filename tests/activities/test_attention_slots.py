"""A person's daily limit, exact however many ask at once; a slot that is given back goes to the next in line."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from driven_world import World
from sqlalchemy import event

from deploy.local.launch import LaunchedStack
from notifications.contracts.changes import Change, ChangeKind
from notifications.contracts.names import delivery_id
from notifications.contracts.vocabulary import Channel
from persistence import waiting
from persistence.profiles import ProfileRepository
from persistence.recipients import RecipientRepository
from persistence.treatment import TreatmentRepository
from providers.provider import Accepted, OutcomeUnknown, OutgoingMessage, ProviderBusy, RecipientRejected

EMAIL, SMS = Channel.EMAIL, Channel.SMS
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Vendor:
    """Keeps when it got what, on the world's clock; `script` holds what happens to the next calls."""

    name = "vendor"

    def __init__(self, world: World) -> None:
        self._world = world
        self.got: list[tuple[UUID, datetime]] = []
        self.script: list[Exception] = []

    async def send(self, message: OutgoingMessage) -> Accepted:
        if self.script:
            raise self.script.pop(0)
        self.got.append((UUID(message.delivery_id), self._world.now))
        return Accepted(message.idempotency_key)


@pytest.fixture
async def world(stack: LaunchedStack) -> AsyncIterator[World]:
    world = World(stack.environment["DATABASE_URL"], pool_size=8)
    yield world
    await world.database.close()


@pytest.fixture
async def vendor(world: World) -> Vendor:
    vendor = Vendor(world)
    world.begin(vendor)
    addresses = {"email": "limited@example.org", "phone_number": "+15005550006"}
    await world.write(lambda t: RecipientRepository(t).put(world.user, addresses))
    return vendor


async def limit(world: World, limit: int | None) -> None:
    await world.write(lambda t: ProfileRepository(t, user_id=world.user).put({"daily_limit": limit}))
    await world.settle()


async def notify(world: World, *channels: Channel, **options: Any) -> UUID:
    return await world.notify(
        **{"notification_type": "booking", "delivery_channels": channels or (EMAIL,), "priority": "normal", **options}
    )


async def waits(world: World) -> dict[UUID, int]:
    """Who stands in line, and for how many hours."""
    return {
        row.id: round((row.next_attempt_at - datetime.now(UTC)) / HOUR)
        for row in sorted(await world.deliveries(), key=lambda row: row.next_attempt_at or datetime.now(UTC))
        if row.reason == "attention_budget"
    }


def emails(*notifications: UUID) -> list[UUID]:
    return [delivery_id(each, EMAIL) for each in notifications]


async def test_however_many_come_at_once_the_limit_goes_out_and_the_rest_is_spread(
    world: World, vendor: Vendor
) -> None:
    await limit(world, 3)
    await asyncio.gather(*(notify(world) for _ in range(8)))
    await world.settle_at_once()
    assert len(vendor.got) == 3
    assert list((await waits(world)).values()) == [24, 24, 24, 48, 48]


async def test_both_channels_of_one_notification_count(world: World, vendor: Vendor) -> None:
    await limit(world, 1)
    made = await notify(world, SMS, Channel.IN_APP, EMAIL)
    await world.settle()
    assert [delivery for delivery, _ in vendor.got] == [delivery_id(made, SMS)]
    assert await waits(world) == {delivery_id(made, EMAIL): 24}


async def test_what_is_urgent_and_the_inbox_ask_nobody(world: World, vendor: Vendor) -> None:
    await limit(world, 1)
    await notify(world)
    for _ in range(3):
        await notify(world, EMAIL, Channel.IN_APP, priority="urgent")
    await notify(world, Channel.IN_APP)
    await world.settle()
    assert len(vendor.got) == 4
    assert await waits(world) == {}


async def test_the_important_go_first_and_the_others_wait_longer(world: World, vendor: Vendor) -> None:
    await limit(world, 1)
    await notify(world)
    await world.settle()
    low, normal = await notify(world, priority="low"), await notify(world)
    high = await notify(world, priority="high")
    await world.settle()
    await world.pass_time(4 * DAY)
    assert [delivery for delivery, _ in vendor.got[1:]] == emails(high, normal, low)
    instants = [at for _, at in vendor.got]
    assert all(later - earlier >= DAY for earlier, later in pairwise(instants))


@pytest.mark.usefixtures("vendor")
async def test_a_slot_that_is_given_back_goes_to_the_next_and_so_on(world: World) -> None:
    await limit(world, 1)
    _, first, second, third, fourth = [await notify(world) for _ in range(5)]
    await world.settle()
    assert list((await waits(world)).values()) == [24, 48, 72, 96]
    await world.change(Change.of(second, ChangeKind.CANCEL))
    await world.settle()
    assert await waits(world) == dict(zip(emails(first, third, fourth), [24, 48, 72], strict=True))
    await world.write(lambda t: TreatmentRepository(t).delete(world.user, [first]))
    await world.settle()
    assert await waits(world) == dict(zip(emails(third, fourth), [24, 48], strict=True))
    soon = world.on_the_wall(world.now + 10 * DAY)
    await world.change(Change.of(third, ChangeKind.RESCHEDULE, scheduled_for=soon))
    await world.settle()
    assert await waits(world) == {delivery_id(fourth, EMAIL): 24}


async def test_what_its_provider_refuses_gives_its_slot_back(world: World, vendor: Vendor) -> None:
    await limit(world, 1)
    vendor.script = [RecipientRejected(status_code=400)]
    _, second, third = [await notify(world) for _ in range(3)]
    await world.settle()
    assert [delivery for delivery, _ in vendor.got] == emails(second)
    assert await waits(world) == {delivery_id(third, EMAIL): 24}


async def test_what_is_on_its_way_keeps_its_slot_until_it_has_arrived(world: World, vendor: Vendor) -> None:
    await limit(world, 1)
    vendor.script = [ProviderBusy(status_code=429, retry_after_seconds=7200)]
    first, second = await notify(world), await notify(world)
    await world.settle()
    assert vendor.got == []
    assert await waits(world) == {delivery_id(second, EMAIL): 24}
    await world.pass_time(25 * HOUR)
    assert [delivery for delivery, _ in vendor.got] == emails(first)
    await world.pass_time(2 * HOUR)
    (_, one), (_, other) = vendor.got
    assert other - one >= DAY


async def test_what_may_have_got_through_counts_even_when_it_is_cancelled(world: World, vendor: Vendor) -> None:
    await limit(world, 1)
    vendor.script = [OutcomeUnknown()]
    first = await notify(world)
    await world.settle()
    await world.change(Change.of(first, ChangeKind.CANCEL))
    second = await notify(world)
    await world.settle()
    assert vendor.got == []
    assert await waits(world) == {delivery_id(second, EMAIL): 24}


async def test_deleting_what_was_seen_gives_nothing_back(world: World, vendor: Vendor) -> None:
    await limit(world, 1)
    first = await notify(world, EMAIL, Channel.IN_APP)
    await world.settle()
    await world.write(lambda t: TreatmentRepository(t).delete(world.user, [first]))
    second = await notify(world)
    await world.settle()
    assert len(vendor.got) == 1
    assert await waits(world) == {delivery_id(second, EMAIL): 24}


async def test_a_limit_holds_back_what_was_planned_before_it(world: World, vendor: Vendor) -> None:
    planned = [await notify(world) for _ in range(3)]
    await world.write(lambda t: ProfileRepository(t, user_id=world.user).put({"daily_limit": 1}))
    await world.settle()
    assert len(vendor.got) == 1
    assert (await waits(world)).keys() == set(emails(*planned)) - {vendor.got[0][0]}


async def test_another_limit_reaches_those_in_line(world: World, vendor: Vendor) -> None:
    await limit(world, 1)
    for _ in range(5):
        await notify(world)
    await world.settle()
    await limit(world, 2)
    assert len(vendor.got) == 2
    assert list((await waits(world)).values()) == [24, 24, 48]
    await limit(world, None)
    assert len(vendor.got) == 5


async def test_many_that_wait_are_gone_through_page_by_page(
    world: World, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_PAGE", 2)
    await limit(world, 1)
    for _ in range(8):
        await notify(world)
    await world.settle()
    await limit(world, None)
    assert len(vendor.got) == 8


async def test_who_has_no_limit_pays_nothing_for_it(world: World, vendor: Vendor) -> None:
    """Acceptance reads the person and writes the notification, each in a statement of its own, under no lock."""
    asked: list[str] = []
    engine = world.database._engine.sync_engine  # noqa: SLF001 - nobody else sees the statements
    event.listen(engine, "before_cursor_execute", lambda *seen: asked.append(seen[2]))
    await notify(world, EMAIL, Channel.IN_APP)
    await world.settle()
    assert len(vendor.got) == 1
    assert [statement for statement in asked if "attention_slots" in statement] == []
    assert len(asked[: asked.index(next(each for each in asked if "INSERT INTO notifications" in each)) + 1]) == 2
