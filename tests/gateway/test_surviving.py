"""Gateways and their wake-ups die while clients listen: no `seq` is lost, none comes twice, nobody has to load anew.

`LIVE_FAULT_SECONDS` says how long lost hints stay lost; `-s` prints the figures of docs/reliability.md.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import pytest
from several_gateways import Gateways, cut_listeners
from surviving import caught_up, everything_arrived_once, hinting, listening, longest_delay

from deploy.local.launch import LaunchedStack
from persistence.database import Database

FAULT_SECONDS = float(os.environ.get("LIVE_FAULT_SECONDS", "4"))
SWEEP_SECONDS = 1.0
# Generous, because the machine may be busy with something else.
SLACK_SECONDS = 4.0


@pytest.fixture
async def gateways(stack: LaunchedStack) -> AsyncIterator[Gateways]:
    async with AsyncExitStack() as resources:
        gateways = Gateways(stack, resources)
        await asyncio.gather(gateways.start(), gateways.start())
        yield gateways


@pytest.fixture
async def telling(stack: LaunchedStack) -> AsyncIterator[Database]:
    """A database whose commits are hinted at."""
    async with hinting(stack, stack.environment["DATABASE_URL"]) as database:
        yield database


@pytest.fixture
async def mute(stack: LaunchedStack) -> AsyncIterator[Database]:
    """One whose commits nobody is told of: each of its hints is lost."""
    database = Database(stack.environment["DATABASE_URL"], pool_size=4)
    yield database
    await database.close()


async def test_a_rolling_restart_under_traffic_loses_nothing(
    stack: LaunchedStack, gateways: Gateways, telling: Database
) -> None:
    async def replace_each() -> None:
        for _ in range(2):
            await gateways.start()
            await gateways.end_oldest(signal.SIGTERM)

    async with listening(stack, gateways.addresses, telling) as (followers, traffic):
        await replace_each()
        await caught_up(followers, traffic)
    everything_arrived_once("rolling restart of two gateways", followers, traffic)
    assert {code for follower in followers for code in follower.closed} == {1012}


async def test_killed_gateways_lose_nothing(stack: LaunchedStack, gateways: Gateways, telling: Database) -> None:
    async with listening(stack, gateways.addresses, telling) as (followers, traffic):
        for _ in range(2):
            await gateways.start()
            await gateways.end_oldest(signal.SIGKILL)
        await caught_up(followers, traffic)
    everything_arrived_once("two gateways killed with -9", followers, traffic)


async def test_a_listener_that_is_cut_off_again_and_again_loses_nothing(
    stack: LaunchedStack, gateways: Gateways, telling: Database
) -> None:
    cut = 0
    async with listening(stack, gateways.addresses, telling) as (followers, traffic):
        with suppress(TimeoutError):
            async with asyncio.timeout(FAULT_SECONDS):
                while True:
                    cut += await cut_listeners(telling)
                    await asyncio.sleep(0.1)
        await caught_up(followers, traffic)
    assert cut >= 2
    everything_arrived_once(f"the hints' connections cut {cut} times in {FAULT_SECONDS:.0f} s", followers, traffic)
    assert longest_delay(followers, traffic) < SWEEP_SECONDS + SLACK_SECONDS


async def test_hints_that_are_all_lost_lose_nothing(stack: LaunchedStack, gateways: Gateways, mute: Database) -> None:
    async with listening(stack, gateways.addresses, mute) as (followers, traffic):
        await asyncio.sleep(FAULT_SECONDS)  # the fault lasts, nothing is waited for
        await caught_up(followers, traffic)
    everything_arrived_once(f"every hint lost for {FAULT_SECONDS:.0f} s", followers, traffic)
    assert not any(follower.closed for follower in followers)
    assert longest_delay(followers, traffic) < SWEEP_SECONDS + SLACK_SECONDS
