"""Several gateways: woken by NATS instead of by PostgreSQL, and behind one port."""

import asyncio
import signal
import statistics
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import psutil
import pytest
from follower import Follower, Traffic
from nats_server import NatsServer, nats_server
from own_gateway import OwnGateway, own_gateway
from several_gateways import Gateways
from surviving import CLIENTS, caught_up, everybody_has_something, everything_arrived_once, hinting, listening

from deploy.local.launch import LaunchedStack
from deploy.local.state import free_port

# Without hints a client waits half a sweep on average: half a second.
HINTED_SECONDS = 0.25
WITHOUT_NATS_SECONDS = 2.0


@pytest.fixture
async def nats() -> AsyncIterator[NatsServer]:
    async with nats_server() as server:
        yield server


async def test_nats_carries_the_hints_and_its_death_loses_nothing(stack: LaunchedStack, nats: NatsServer) -> None:
    async with AsyncExitStack() as resources:
        gateways = Gateways(stack, resources, HINTS_URL=nats.url)
        await asyncio.gather(gateways.start(), gateways.start())
        telling = await resources.enter_async_context(hinting(stack, nats.url))
        async with listening(stack, gateways.addresses, telling) as (followers, traffic):
            await hinted(followers, traffic)
            await nats.kill()
            await asyncio.sleep(WITHOUT_NATS_SECONDS)  # the fault lasts, nothing is waited for
            await nats.start()
            await hinted(followers, traffic)
            await caught_up(followers, traffic)
        everything_arrived_once(f"NATS away for {WITHOUT_NATS_SECONDS:.0f} s", followers, traffic)
        assert not any(follower.closed for follower in followers)


async def test_gateways_share_a_port_and_one_of_them_is_killed(stack: LaunchedStack) -> None:
    port = str(free_port())
    async with AsyncExitStack() as resources:
        gateways = Gateways(stack, resources, GATEWAY_PORT=port, GATEWAY_SHARES_PORT="true")
        await asyncio.gather(gateways.start(), gateways.start())
        for gateway in gateways.up:
            await listens(gateway)
        telling = await resources.enter_async_context(hinting(stack, stack.environment["DATABASE_URL"]))
        async with listening(stack, gateways.addresses, telling) as (followers, traffic):
            await everybody_has_something(followers)
            await gateways.end_oldest(signal.SIGKILL)
            await caught_up(followers, traffic)
        thrown_out = [follower for follower in followers if follower.closed]
        assert 0 < len(thrown_out) < CLIENTS  # the kernel had given each of them some
        everything_arrived_once("one of two gateways on a port killed", followers, traffic)


async def test_a_second_gateway_on_a_port_by_mistake_does_not_start(stack: LaunchedStack) -> None:
    async with own_gateway(stack) as first, own_gateway(stack, GATEWAY_PORT=str(first.port)) as second:
        async with asyncio.timeout(30):
            assert await second.process.wait() != 0
        assert first.process.returncode is None


async def hinted(followers: list[Follower], traffic: Traffic) -> None:
    """Returns when what is committed from now on arrives sooner than a sweep would bring it."""
    async with asyncio.timeout(30):
        while True:
            before = {each.user: len(each.seqs) for each in followers}
            await asyncio.sleep(1)
            delays = [
                each.arrived[seq] - traffic.committed[each.user][seq - 1]
                for each in followers
                for seq in each.seqs[before[each.user] :]
            ]
            if delays and statistics.median(delays) < HINTED_SECONDS:
                return


async def listens(gateway: OwnGateway) -> None:
    process = psutil.Process(gateway.process.pid)
    async with asyncio.timeout(30):
        while not any(each.status == psutil.CONN_LISTEN for each in process.net_connections("tcp")):
            await asyncio.sleep(0.02)
