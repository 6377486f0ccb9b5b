"""How often a caller may call: a budget per minute, shared by all API processes through PostgreSQL.

To count each call there would be one more round trip for each. So a process grants the first twentieth of a budget
by itself, and only a caller who goes on has more leased, a twentieth at a time. An ordinary caller costs the
database nothing, a busy one a short statement for every twentieth.

That is as exact as it is cheap. With N processes in use a caller gets at most (N-1)/20 of the budget too much, the
shares that were granted without asking; and at most as much too little, the leases that lie in processes which
the caller does not come back to. Minutes are the clock's, so a burst may use the end of one and the beginning of
the next. While the database is away each process grants the whole budget by itself: a request must not fail
for want of its count.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from identity.caller import Identity
from notifications.contracts.errors import NotificationError
from persistence.budgets import CallBudgetRepository
from persistence.database import Database, DatabaseFault

SHARES = 20
MINUTE_SECONDS = 60
# A database that is well takes a thousandth of this.
_LEASE_SECONDS = 2.0
_REMEMBERED_ADDRESSES = 10_000

Take = Callable[[str, int, int], Awaitable[int]]
"""Counts more calls of a caller in a minute, and tells how many all processes have taken by then."""

log = structlog.get_logger("throttling")


class Throttled(NotificationError):
    """The caller has used up the minute's budget."""

    def __init__(self, seconds: float) -> None:
        self.retry_after_seconds = max(1, math.ceil(seconds))
        unit = "second" if self.retry_after_seconds == 1 else "seconds"
        super().__init__(f"Request was throttled. Expected available in {self.retry_after_seconds} {unit}.")


@dataclass(slots=True)
class _Account:
    """One caller in one minute at this process. `uncounted` calls were granted and are not in the table."""

    granted: int
    uncounted: int
    spent: int = 0
    is_exhausted: bool = False
    lease: asyncio.Task[None] | None = None


class Throttle:
    """One budget for each caller. 0 calls per minute means that there is no limit."""

    def __init__(self, *, per_minute: int, take: Take, clock: Callable[[], float] = time.time) -> None:
        self._per_minute = per_minute
        self._share = max(1, per_minute // SHARES)
        self._take = take
        self._clock = clock
        self._minute = 0
        self._accounts: dict[str, _Account] = {}

    async def spend(self, caller: str) -> None:
        """Counts one call; raises Throttled when there is none left in this minute."""
        if not self._per_minute:
            return
        now = self._clock()
        minute = int(now // MINUTE_SECONDS)
        if minute != self._minute:
            self._minute, self._accounts = minute, {}
        account = self._accounts.get(caller)
        if account is None:
            account = self._accounts[caller] = _Account(self._share, self._share)
        while account.spent >= account.granted:
            if account.is_exhausted:
                raise Throttled((minute + 1) * MINUTE_SECONDS - now)
            await self._extend(caller, minute, account)
        account.spent += 1

    async def _extend(self, caller: str, minute: int, account: _Account) -> None:
        """Gets another share, or learns that there is none. Calls that wait at the same time share one lease."""
        if account.lease is None:
            account.lease = asyncio.create_task(self._lease(caller, minute, account))
        lease = account.lease
        done, _ = await asyncio.wait({lease}, timeout=_LEASE_SECONDS)
        if done:
            lease.result()
        elif account.spent >= account.granted:
            self._grant_unasked(account)

    async def _lease(self, caller: str, minute: int, account: _Account) -> None:
        asked, account.uncounted = account.uncounted, 0
        try:
            taken = await self._take(caller, minute, asked + self._share)
        except DatabaseFault as fault:
            log.warning("calls not counted", error=str(fault))
            account.uncounted += asked
            self._grant_unasked(account)
        else:
            left = self._per_minute - (taken - self._share)
            account.granted += max(0, min(self._share, left))
            account.is_exhausted = left <= self._share
        finally:
            account.lease = None

    def _grant_unasked(self, account: _Account) -> None:
        if account.granted >= self._per_minute:
            account.is_exhausted = True
        else:
            account.granted += self._share
            account.uncounted += self._share


class FailureThrottle:
    """Counts failed authentications by client address, at this process alone; a good token is never held up."""

    def __init__(self, *, per_minute: int, clock: Callable[[], float] = time.time) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._minute = 0
        self._failures: dict[str, int] = {}

    def __len__(self) -> int:
        """How many addresses it remembers."""
        return len(self._failures)

    def count(self, address: str) -> None:
        """Counts one failure; raises Throttled when the address has had its fill of them in this minute."""
        if not self._per_minute:
            return
        now = self._clock()
        minute = int(now // MINUTE_SECONDS)
        if minute != self._minute or len(self._failures) >= _REMEMBERED_ADDRESSES:
            self._minute, self._failures = minute, {}
        self._failures[address] = failures = self._failures.get(address, 0) + 1
        if failures > self._per_minute:
            raise Throttled((minute + 1) * MINUTE_SECONDS - now)


class SharedBudgets:
    """The table in PostgreSQL that the processes lease from.

    The database is one of its own: behind the calls that wait for theirs, a lease would come too late, and the
    limit would open just when it is needed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._swept = 0

    async def take(self, caller: str, minute: int, calls: int) -> int:
        async with self._database.statements() as transaction:
            budgets = CallBudgetRepository(transaction)
            taken = await budgets.take(caller, minute, calls)
            if minute > self._swept:
                self._swept = minute
                await budgets.forget_before(minute - 1)  # the clocks of several machines may differ a little
        return taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttling:
    """Who is held to which limit."""

    users: Throttle
    staff: Throttle
    failures: FailureThrottle

    async def admit(self, caller: Identity) -> None:
        """Raises Throttled."""
        role, throttle = ("staff", self.staff) if caller.is_staff else ("user", self.users)
        await throttle.spend(f"{role}:{caller.user_id}")
