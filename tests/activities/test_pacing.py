"""The pace of what must not crowd out everything else."""

import asyncio

import pytest

from activities.pacing import Pace


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each turn was to be waited for; nobody waits."""
    asked: list[float] = []

    async def sleep(seconds: float) -> None:
        asked.append(seconds)

    monkeypatch.setattr("activities.pacing.asyncio.sleep", sleep)
    return asked


async def test_turns_come_at_equal_distances(waits: list[float]) -> None:
    pace = Pace(per_second=10)
    for _ in range(4):
        await pace.turn()
    assert waits == pytest.approx([0, 0.1, 0.2, 0.3], abs=0.05)


async def test_all_who_share_a_pace_keep_it_together(waits: list[float]) -> None:
    pace = Pace(per_second=10)
    await asyncio.gather(*(pace.turn() for _ in range(4)))
    assert waits == pytest.approx([0, 0.1, 0.2, 0.3], abs=0.05)


async def test_turns_that_nobody_took_are_not_saved_up(waits: list[float]) -> None:
    pace = Pace(per_second=10)
    await pace.turn()
    pace._next -= 60  # noqa: SLF001 - a minute passes
    for _ in range(2):
        await pace.turn()
    assert waits[1:] == pytest.approx([0, 0.1], abs=0.05)
