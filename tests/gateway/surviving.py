"""Traffic for clients that lose their gateways or what wakes them, and what must have become of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from follower import Follower, Traffic, followed

from deploy.local.launch import LaunchedStack
from persistence.database import Database
from persistence.hints import HintSender

CLIENTS = 20
EVENTS_PER_SECOND = 100.0


@asynccontextmanager
async def hinting(stack: LaunchedStack, url: str) -> AsyncIterator[Database]:
    """A database whose commits are hinted at by way of `url`."""
    hints = HintSender(url)
    sending = asyncio.create_task(hints.run())
    database = Database(stack.environment["DATABASE_URL"], pool_size=4, hints=hints)
    yield database
    sending.cancel()
    with suppress(asyncio.CancelledError):
        await sending
    await database.close()


@asynccontextmanager
async def listening(
    stack: LaunchedStack, addresses: Callable[[], Sequence[str]], database: Database
) -> AsyncIterator[tuple[list[Follower], Traffic]]:
    """Clients on any of the addresses, and events for them; `caught_up` ends the events."""
    users = [f"follower-{uuid4().hex}" for _ in range(CLIENTS)]
    traffic = Traffic(database, users, per_second=EVENTS_PER_SECOND)
    async with followed(stack, users, addresses) as followers:
        traffic.start()
        try:
            yield followers, traffic
        finally:
            await traffic.stop()


async def everybody_has_something(followers: list[Follower]) -> None:
    async with asyncio.timeout(30):
        while not all(each.seqs for each in followers):
            await asyncio.sleep(0.02)


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
