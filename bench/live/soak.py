"""Half an hour of traffic, and of sockets that come and go: whether the gateway's memory stays where it was."""

import os
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from bench.accept import ENVIRONMENT
from bench.driver import Driver
from bench.live.live import joined, undelivered
from bench.processes import private_kib
from bench.table import section, table
from deploy.local.launch import launched

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
SOCKETS = 2_000
RATE, ROUND_SECONDS = 200.0, 10.0
DROPPED_EACH_ROUND = 40
_SETTLE_SECONDS = 2.0
_PATIENCE_SECONDS = 60.0
_RETURNS_BEFORE = 10
"""So often everybody has broken off and come back before the first look: whoever returns finds their memory elsewhere
than they left it, and until all have done so several times the allocator's arenas fill up with the gaps."""
_WARMING = 1 / 3
"""The first part of the time, in which caches fill, has no say in the slope."""
_LINES = 6


def soak(state: Path) -> str:
    with ExitStack() as resources:
        stack = resources.enter_context(launched(state, environment=ENVIRONMENT))
        writer, crowd = (
            resources.enter_context(Driver(name, stack.environment)) for name in ("live.writer", "live.crowd")
        )
        users = joined(stack, crowd, SOCKETS)
        for _ in range(_RETURNS_BEFORE):
            _all_return(crowd)
        gateway = stack.pid("gateway")
        if gateway is None:
            raise RuntimeError("no gateway")
        started = time.monotonic()
        held, events = [(0.0, private_kib(gateway))], 0
        while held[-1][0] < MINUTES:
            crowd.ask("drop", count=DROPPED_EACH_ROUND)
            events += _round(writer, crowd, users)
            held.append(((time.monotonic() - started) / 60, private_kib(gateway)))
            print(f"soak: {held[-1][0]:.1f} of {MINUTES:.0f} minutes, {held[-1][1] / 1024:.1f} MiB", file=sys.stderr)
    minutes, kib = zip(*(sample for sample in held if sample[0] >= MINUTES * _WARMING), strict=True)
    slope = statistics.linear_regression(minutes, kib).slope
    lines = held[:: max(1, len(held) // _LINES)]
    return section(
        f"{MINUTES:.0f} minutes of traffic",
        f"{SOCKETS:,} sockets, each of which has broken off and come back {_RETURNS_BEFORE} times before; "
        f"{RATE:.0f} events a second, {events:,} in all and none lost; every {ROUND_SECONDS:.0f} s "
        f"{DROPPED_EACH_ROUND} sockets break off, come back and resume. The gateway's own memory:",
        table(["after minutes", "MiB"], [(f"{at:.0f}", f"{size / 1024:.1f}") for at, size in lines]),
        f"Slope of the last two thirds: **{slope:.1f} KiB a minute**, {100 * slope / kib[0]:.2f} % (target: flat).",
    )


def _all_return(crowd: Driver) -> None:
    since = time.time()
    crowd.ask("drop", count=SOCKETS)
    back = len(crowd.ask("returned", since=since, seconds=_PATIENCE_SECONDS)["at"])
    if back != SOCKETS:
        raise RuntimeError(f"{SOCKETS - back} sockets did not come back")


def _round(writer: Driver, crowd: Driver, users: list[str]) -> int:
    written = writer.ask("flow", users=users, rate=RATE, seconds=ROUND_SECONDS)
    time.sleep(_SETTLE_SECONDS)
    if lost := undelivered(written, crowd.ask("arrived", events=0, seconds=0)):
        raise RuntimeError(f"{lost} events did not arrive")
    crowd.ask("forget")
    return len(written)
