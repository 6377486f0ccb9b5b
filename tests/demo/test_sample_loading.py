import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from demo import marketplace as marketplace_module
from demo.loader import MARKER, load_sample_data
from demo.marketplace import Marketplace
from demo.people import PEOPLE, Person
from demo.stories import SAMPLE, Story
from demo.trickle import trickle
from notifications import ServiceUnreachable
from notifications.accepting import Notification


@dataclass
class RememberingMarketplace:
    """Stands in for the service: one notification per key, and away for the first few calls if told so."""

    failures: int = 0
    told: dict[str, Story] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    read_ids: dict[str, list[UUID]] = field(default_factory=dict)

    async def is_open(self) -> None:
        self._maybe_fail()

    async def introduce(self, person: Person) -> None:
        self._maybe_fail()
        self.people[person.user] = person

    async def tell(self, story: Story) -> Notification:
        self._maybe_fail()
        key = story.key or f"live:{len(self.told)}"
        self.told[key] = story
        return Notification(
            id=uuid5(NAMESPACE_URL, key), user=story.user, notification_type=story.notification_type, status="sent"
        )

    async def read(self, user: str, notification_ids: Iterable[UUID]) -> None:
        self._maybe_fail()
        self.read_ids[user] = list(notification_ids)

    def _maybe_fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise ServiceUnreachable("away")


def _load(marketplace: RememberingMarketplace, state_dir: Path) -> Awaitable[None]:
    return load_sample_data(cast("Marketplace", marketplace), state_dir)


@pytest.fixture
def marketplace(monkeypatch: pytest.MonkeyPatch) -> RememberingMarketplace:
    monkeypatch.setattr(marketplace_module, "FIRST_WAIT_SECONDS", 0)  # patience is kept, the waiting is not
    return RememberingMarketplace()


async def test_everything_is_loaded_and_the_older_part_of_each_inbox_is_read(
    marketplace: RememberingMarketplace, tmp_path: Path
) -> None:
    await _load(marketplace, tmp_path)
    assert len(marketplace.told) == len(SAMPLE)
    assert set(marketplace.people) == {person.user for person in PEOPLE}
    for person in PEOPLE:
        inbox = [story for story in SAMPLE if story.user == person.user]
        assert 0 < len(marketplace.read_ids[person.user]) < len(inbox)


async def test_a_second_start_loads_nothing(marketplace: RememberingMarketplace, tmp_path: Path) -> None:
    await _load(marketplace, tmp_path)
    marketplace.told.clear()
    await _load(marketplace, tmp_path)
    assert not marketplace.told


async def test_a_load_cut_short_is_completed_without_repeats(
    marketplace: RememberingMarketplace, tmp_path: Path
) -> None:
    await _load(marketplace, tmp_path)
    (tmp_path / MARKER).unlink()
    await _load(marketplace, tmp_path)
    assert len(marketplace.told) == len(SAMPLE)


async def test_loading_waits_for_a_service_that_is_still_away(
    marketplace: RememberingMarketplace, tmp_path: Path
) -> None:
    marketplace.failures = 20
    await _load(marketplace, tmp_path)
    assert len(marketplace.told) == len(SAMPLE)


async def test_the_trickle_outlives_an_outage_and_logs_it_once(caplog: pytest.LogCaptureFixture) -> None:
    outage = 3
    recovered = asyncio.Event()

    async def tell(_: Story) -> None:
        nonlocal outage
        if outage:
            outage -= 1
            raise ServiceUnreachable("away")
        recovered.set()

    running = asyncio.create_task(trickle(tell, pause_seconds=(0, 0)))
    async with asyncio.timeout(5):
        await recovered.wait()
    running.cancel()
    assert [record.levelname for record in caplog.records if record.name == "demo"] == ["WARNING"]
