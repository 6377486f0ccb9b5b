"""Gateways and their wake-ups die while clients listen: no `seq` is lost, none comes twice, nobody has to load anew.

`LIVE_FAULT_SECONDS` says how long lost hints stay lost; `-s` prints the figures of docs/reliability.md.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from uuid import uuid4

import pytest
from follower import Follower, Traffic, followed
from several_gateways import Gateways, cut_listeners

from deploy.local.launch import LaunchedStack
from persistence.database import Database
from persistence.hints import HintSender

FAULT_SECONDS = float(os.environ.get("LIVE_FAULT_SECONDS", "4"))
CLIENTS = 20
EVENTS_PER_SECOND = 100.0
SWEEP_SECONDS = 1.0
# Generous, because the machine may be busy with something else.
SLACK_SECONDS = 4.0

Fault = Callable[[], Awaitable[None]]


@pytest.fixture
async def gateways(stack: LaunchedStack) -> AsyncIterator[Gateways]:
    async with AsyncExitStack() as resources:
        gateways = Gateways(stack, resources)
        await asyncio.gather(gateways.start(), gateways.start())
        yield gateways


@pytest.fixture
async def telling(stack: LaunchedStack) -> AsyncIterator[Database]:
    """A database whose commits are hinted at."""
    hints = HintSender(stack.environment["DATABASE_URL"])
    sending = asyncio.create_task(hints.run())
    database = Database(stack.environment["DATABASE_URL"], pool_size=4, hints=hints)
    yield database
    sending.cancel()
    with suppress(asyncio.CancelledError):
        await sending
    await database.close()


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

    async with listening(stack, gateways, telling) as (followers, traffic):
        await replace_each()
        await caught_up(followers, traffic)
    everything_arrived_once("rolling restart of two gateways", followers, traffic)
    assert {code for follower in followers for code in follower.closed} == {1012}


async def test_killed_gateways_lose_nothing(stack: LaunchedStack, gateways: Gateways, telling: Database) -> None:
    async with listening(stack, gateways, telling) as (followers, traffic):
        for _ in range(2):
            await gateways.start()
            await gateways.end_oldest(signal.SIGKILL)
        await caught_up(followers, traffic)
    everything_arrived_once("two gateways killed with -9", followers, traffic)


async def test_a_listener_that_is_cut_off_again_and_again_loses_nothing(
    stack: LaunchedStack, gateways: Gateways, telling: Database
) -> None:
    cut = 0
    async with listening(stack, gateways, telling) as (followers, traffic):
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
    async with listening(stack, gateways, mute) as (followers, traffic):
        await asyncio.sleep(FAULT_SECONDS)  # the fault lasts, nothing is waited for
        await caught_up(followers, traffic)
    everything_arrived_once(f"every hint lost for {FAULT_SECONDS:.0f} s", followers, traffic)
    assert not any(follower.closed for follower in followers)
    assert longest_delay(followers, traffic) < SWEEP_SECONDS + SLACK_SECONDS


@asynccontextmanager
async def listening(
    stack: LaunchedStack, gateways: Gateways, database: Database
) -> AsyncIterator[tuple[list[Follower], Traffic]]:
    """Clients on the gateways, and events for them; `caught_up` ends the events."""
    users = [f"follower-{uuid4().hex}" for _ in range(CLIENTS)]
    traffic = Traffic(database, users, per_second=EVENTS_PER_SECOND)
    async with followed(stack, users, gateways.addresses) as followers:
        traffic.start()
        try:
            yield followers, traffic
        finally:
            await traffic.stop()


async def caught_up(followers: list[Follower], traffic: Traffic) -> None:
    """Ends the events, and returns when everybody has had the last one."""
    await traffic.stop()
    async with asyncio.timeout(30):
        while any(len(traffic.committed[each.user]) not in each.arrived for each in followers):
            await asyncio.sleep(0.02)


def everything_arrived_once(fault: str, followers: list[Follower], traffic: Traffic) -> None:
    wanted = {user: list(range(1, len(moments) + 1)) for user, moments in traffic.committed.items()}
    lost = sum(len(set(wanted[each.user]) - set(each.seqs)) for each in followers)
    repeated = sum(len(each.seqs) - len(set(each.seqs)) for each in followers)
    thrown_out = sum(each.closed.total() for each in followers)
    print(  # noqa: T201 - the figure of docs/reliability.md
        f"\n{fault}: {traffic.events} events for {len(followers)} clients, {thrown_out} times thrown out, "
        f"{lost} lost, {repeated} repeated, longest delay {longest_delay(followers, traffic):.2f} s"
    )
    assert {each.user: each.seqs for each in followers} == wanted
    assert [each.reloads for each in followers] == [0] * len(followers)


def longest_delay(followers: list[Follower], traffic: Traffic) -> float:
    """From a commit to its arrival, in seconds."""
    return max(
        arrived - traffic.committed[each.user][seq - 1] for each in followers for seq, arrived in each.arrived.items()
    )
