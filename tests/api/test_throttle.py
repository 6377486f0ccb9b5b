"""The limit by itself: its cost, its exactness for any number of processes, and what it does without its table."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from api.throttling import MINUTE_SECONDS, SHARES, FailureThrottle, SharedBudgets, Take, Throttle, Throttled
from deploy.local.launch import LaunchedStack
from persistence.database import Database, DatabaseUnavailable
from persistence.models import CallBudget

NOON = 60_000_000 * MINUTE_SECONDS
"""In the year 2084: running processes forget what is past."""
LIMIT = 100
SHARE = LIMIT // SHARES
NOBODY_LISTENS = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


class Table:
    """As PostgreSQL's, in memory, and it counts who asks."""

    def __init__(self) -> None:
        self.taken: Counter[tuple[str, int]] = Counter()
        self.asked = 0

    async def take(self, caller: str, minute: int, calls: int) -> int:
        self.asked += 1
        self.taken[caller, minute] += calls
        return self.taken[caller, minute]


def throttle(take: Take, *, limit: int = LIMIT, clock: Callable[[], float] = lambda: NOON) -> Throttle:
    return Throttle(per_minute=limit, take=take, clock=clock)


async def is_granted(process: Throttle, caller: str = "ada") -> bool:
    try:
        await process.spend(caller)
    except Throttled:
        return False
    return True


async def granted(process: Throttle, caller: str = "ada") -> int:
    """How many calls, before the first is refused."""
    count = 0
    while await is_granted(process, caller):
        count += 1
    return count


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=2)
    yield database
    await database.close()


async def test_a_caller_who_asks_rarely_costs_no_round_trip() -> None:
    table = Table()
    process = throttle(table.take)
    assert [await is_granted(process) for _ in range(SHARE)] == [True] * SHARE
    assert table.asked == 0


async def test_a_caller_who_asks_for_everything_costs_a_round_trip_per_share() -> None:
    table = Table()
    assert await granted(throttle(table.take)) == LIMIT
    assert table.asked == SHARES - 1


async def test_a_caller_who_goes_on_asking_in_vain_costs_no_further_round_trip() -> None:
    table = Table()
    process = throttle(table.take)
    await granted(process)
    assert [await is_granted(process) for _ in range(50)] == [False] * 50
    assert table.asked == SHARES - 1


async def test_calls_at_once_share_their_leases() -> None:
    table = Table()
    process = throttle(table.take)
    answers = await asyncio.gather(*(is_granted(process) for _ in range(3 * LIMIT)))
    assert sum(answers) == LIMIT
    assert table.asked == SHARES - 1


@given(
    limit=st.integers(1, 130),
    processes=st.integers(1, 5),
    calls=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 30)), max_size=60),
)
def test_any_order_of_calls_over_any_processes_stays_within_the_promised_bounds(
    limit: int, processes: int, calls: list[tuple[int, int]]
) -> None:
    async def run() -> None:
        table = Table()
        fleet = [throttle(table.take, limit=limit) for _ in range(processes)]
        share = max(1, limit // SHARES)
        served = 0
        for number, times in calls:
            for _ in range(times):
                if await is_granted(fleet[number % processes]):
                    served += 1
                else:
                    assert served >= limit - (processes - 1) * (share - 1)
        assert served <= limit + (processes - 1) * share

    asyncio.run(run())


async def test_a_new_minute_is_a_new_budget() -> None:
    now = NOON + 59.5
    process = throttle(Table().take, clock=lambda: now)
    assert await granted(process) == LIMIT
    now += 1
    assert await granted(process) == LIMIT


@pytest.mark.parametrize(("second", "sentence"), [(0, "60 seconds"), (58.2, "2 seconds"), (59.9, "1 second")])
async def test_a_refusal_says_when_the_minute_ends(second: float, sentence: str) -> None:
    process = throttle(Table().take, clock=lambda: NOON + second)
    await granted(process)
    with pytest.raises(Throttled, match=f"^Request was throttled. Expected available in {sentence}.$"):
        await process.spend("ada")


async def test_a_limit_of_zero_is_none() -> None:
    table = Table()
    process = throttle(table.take, limit=0)
    assert all([await is_granted(process) for _ in range(1000)])
    assert table.asked == 0


async def test_without_the_database_a_process_grants_the_limit_by_itself() -> None:
    away = Database(NOBODY_LISTENS, pool_size=1)
    assert await granted(throttle(SharedBudgets(away).take)) == LIMIT
    await away.close()


async def test_what_was_granted_meanwhile_is_counted_when_the_database_is_back() -> None:
    table, is_away = Table(), True

    async def take(caller: str, minute: int, calls: int) -> int:
        if is_away:
            raise DatabaseUnavailable("away")
        return await table.take(caller, minute, calls)

    process = throttle(take)
    assert all([await is_granted(process) for _ in range(3 * SHARE)])
    is_away = False
    assert await granted(process) == LIMIT - 3 * SHARE
    assert table.taken["ada", NOON // MINUTE_SECONDS] == LIMIT


async def test_a_database_that_hangs_holds_a_call_up_for_a_moment_per_share() -> None:
    async def take(_: str, __: int, ___: int) -> int:
        await asyncio.Event().wait()
        return 0

    process = throttle(take)
    async with asyncio.timeout(4):
        assert all([await is_granted(process) for _ in range(2 * SHARE)])


async def test_a_fault_of_this_module_is_no_endless_wait() -> None:
    async def take(_: str, __: int, ___: int) -> int:
        raise ZeroDivisionError

    process = throttle(take)
    with pytest.raises(ZeroDivisionError):
        await granted(process)


async def test_processes_lease_from_one_table(database: Database) -> None:
    caller = f"user-{uuid4().hex}"
    one, other = (throttle(SharedBudgets(database).take) for _ in range(2))
    assert (await granted(one, caller), await granted(other, caller)) == (LIMIT, SHARE)


async def test_what_earlier_minutes_took_is_forgotten(database: Database) -> None:
    caller, minute = f"user-{uuid4().hex}", NOON // MINUTE_SECONDS
    for later in (0, 1, 2):
        await SharedBudgets(database).take(caller, minute + later, SHARE)
    async with database.transaction() as transaction:
        kept = await transaction.connection.scalars(select(CallBudget.minute).where(CallBudget.caller == caller))
        assert set(kept) == {minute + 1, minute + 2}


def test_the_addresses_that_are_remembered_are_bounded() -> None:
    failures = FailureThrottle(per_minute=1, clock=lambda: NOON)
    for number in range(25_000):
        failures.count(f"address-{number}")
    assert len(failures) <= 10_000


def test_an_address_is_refused_after_its_failures_and_only_for_the_minute() -> None:
    now = NOON + 59.0
    failures = FailureThrottle(per_minute=2, clock=lambda: now)
    failures.count("a")
    failures.count("a")
    failures.count("b")
    with pytest.raises(Throttled):
        failures.count("a")
    now += 1
    failures.count("a")
