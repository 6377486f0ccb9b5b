"""The two ways to put load on something, and what was measured."""

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

Call = Callable[[int], Awaitable[None]]


async def closed(call: Call, *, count: int, at_once: int) -> dict[str, Any]:
    """`count` calls, `at_once` of them under way at any time: for throughput."""
    numbers = iter(range(count))
    latencies: list[float] = []

    async def one_after_another() -> None:
        for number in numbers:
            begun = time.perf_counter()
            await call(number)
            latencies.append(time.perf_counter() - begun)

    started = time.monotonic()
    await asyncio.gather(*(one_after_another() for _ in range(at_once)))
    return {"started": started, "ended": time.monotonic(), "count": count, "latencies": latencies}


async def open_(call: Call, *, rate: float, seconds: float, due: list[float] | None = None) -> dict[str, Any]:
    """Poisson arrivals that wait for nobody.

    Each latency counts from the instant at which its call was due, so that a stall is paid for by all who came
    during it. `due` receives those instants (`perf_counter`), for measuring to another end.
    """
    arrivals = due if due is not None else []
    latencies: list[float] = []
    calls: list[asyncio.Task[None]] = []
    started = time.monotonic()
    moment = time.perf_counter()
    end = moment + seconds

    async def timed(number: int, due_at: float) -> None:
        await call(number)
        latencies.append(time.perf_counter() - due_at)

    while (moment := moment + random.expovariate(rate)) < end:
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        arrivals.append(moment)
        calls.append(asyncio.create_task(timed(len(arrivals) - 1, moment)))
    await asyncio.gather(*calls)
    return {"started": started, "ended": time.monotonic(), "count": len(calls), "latencies": latencies}


def quantile(times: list[float], percent: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]
