"""Thousands of sockets at one gateway: traffic, an announcement, everybody thrown out; and what events cost writers."""

import os
import signal
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.accept import ENVIRONMENT
from bench.driver import Driver
from bench.loops import quantile
from bench.servers import served
from bench.table import section, table
from deploy.local.launch import LaunchedStack, launched

SOCKETS = int(os.environ.get("LIVE_SOCKETS", "10000"))
RATE, SECONDS = 500.0, 20.0
WRITES, ROUNDS = 12_000, 8
ANNOUNCEMENTS = 9
_PATIENCE_SECONDS = 90.0
_SETTLE_SECONDS = 2.0


def live(state: Path) -> str:
    with ExitStack() as resources:
        stack = resources.enter_context(launched(state, environment=ENVIRONMENT))
        bare = resources.enter_context(served([sys.executable, "-m", "bench.live.bare_fanout", "{port}"]))
        writer = resources.enter_context(Driver("live.writer", stack.environment))
        crowd, others = (resources.enter_context(Driver("live.crowd", stack.environment)) for _ in range(2))
        half = joined(stack, crowd, SOCKETS // 2)
        steady = _steady(writer, crowd, half)
        writes = _writes(writer, half)
        users = half + joined(stack, crowd, SOCKETS - len(half), first=len(half))
        others.ask("join", url=f"ws://127.0.0.1:{bare.port}/", tokens=dict.fromkeys(users, ""))
        announced = _announced(
            {
                "gateway": (crowd, lambda: float(writer.ask("to_all", users=users))),
                "bare `websockets`": (others, lambda: _tell(bare.pid)),
            }
        )
        thrown = _thrown_out(stack, writer, crowd, users)
    p50, p99 = (f"{quantile(steady, percent) * 1000:.1f} ms" for percent in (50, 99))
    return section(
        f"{SOCKETS:,} sockets at one gateway",
        f"{RATE:.0f} events a second over {SOCKETS // 2:,} connections, five to a transaction, from the commit "
        f"to the client: p50 {p50}, p99 {p99} (targets: 10 and 100), of {len(steady)} events none lost.",
        f"One event for each of {SOCKETS:,}, in one transaction, from its commit to the client; and the bare library "
        f"writing as many frames, from the signal to do so; medians of {ANNOUNCEMENTS} of each in turn. Target: "
        "p99 at most 1.5 times.",
        _compared(announced),
        f"Writers: **{writes:.2f}** of the same transactions without any hint (target 0.85).",
        thrown,
    )


def joined(stack: LaunchedStack, crowd: Driver, count: int, *, first: int = 0) -> list[str]:
    """So many users with a socket each."""
    users = [f"crowd-{number}" for number in range(first, first + count)]
    gateway = stack.listing["urls"]["gateway"].replace("http", "ws", 1) + "/ws/notifications/"
    crowd.ask("join", url=gateway, tokens={user: stack.token(user) for user in users})
    return users


def undelivered(written: list[list[Any]], arrived: dict[str, dict[str, float]]) -> int:
    return sum(str(seq) not in arrived[user] for user, seq, _ in written)


def _steady(writer: Driver, crowd: Driver, users: list[str]) -> list[float]:
    writer.ask("flow", users=users, rate=RATE, seconds=2)
    crowd.ask("forget")
    written = writer.ask("flow", users=users, rate=RATE, seconds=SECONDS)
    time.sleep(_SETTLE_SECONDS)
    arrived = crowd.ask("arrived", events=0, seconds=0)
    crowd.ask("forget")
    if lost := undelivered(written, arrived):
        raise RuntimeError(f"{lost} events did not arrive")
    return [float(arrived[user][str(seq)] - committed) for user, seq, committed in written]


def _writes(writer: Driver, users: list[str]) -> float:
    """Transactions a second with hints, of those without; the median of rounds in turn.

    A round lasts for some of the gateway's sweeps, which find what nobody hints at. Its own remainder is not to be
    found in the next round, and each way goes first as often as the other.
    """
    ratios = []
    for round_ in range(ROUNDS):
        rates = {}
        for hinted in (False, True) if round_ % 2 else (True, False):
            time.sleep(_SETTLE_SECONDS)
            result = writer.ask("closed", users=users, count=WRITES, hinted=hinted)
            rates[hinted] = WRITES / (result["ended"] - result["started"])
        ratios.append(float(rates[True] / rates[False]))
    return statistics.median(ratios)


def _announced(ways: dict[str, tuple[Driver, Callable[[], float]]]) -> dict[str, list[list[float]]]:
    """How long after each announcement each client had it, by the way in which it was made."""
    waits: dict[str, list[list[float]]] = {name: [] for name in ways}
    for _ in range(ANNOUNCEMENTS):
        for name, (crowd, announce) in ways.items():
            crowd.ask("forget")
            time.sleep(_SETTLE_SECONDS)
            announced = announce()
            arrived = crowd.ask("arrived", events=1, seconds=_PATIENCE_SECONDS)
            waits[name].append([at - announced for moments in arrived.values() for at in moments.values()])
    return waits


def _compared(announced: dict[str, list[list[float]]]) -> str:
    """The gateway's announcements beside the floor's."""
    p50s, p99s = (
        {name: [quantile(waits, percent) * 1000 for waits in rounds] for name, rounds in announced.items()}
        for percent in (50, 99)
    )
    ours, floor = p99s.values()
    rows = [
        (name, f"{statistics.median(p50s[name]):.0f}", f"{statistics.median(p99s[name]):.0f}", _range(p99s[name]))
        for name in announced
    ]
    ratio = statistics.median(our / its for our, its in zip(ours, floor, strict=True))
    return f"{table(['', 'p50 ms', 'p99 ms', 'from, to'], rows)}\n\np99: **{ratio:.2f}** of the floor."


def _range(values: list[float]) -> str:
    return f"{min(values):.0f} to {max(values):.0f}"


def _tell(pid: int) -> float:
    announced = time.time()
    os.kill(pid, signal.SIGUSR1)
    return announced


def _thrown_out(stack: LaunchedStack, writer: Driver, crowd: Driver, users: list[str]) -> str:
    crowd.ask("forget")
    pid = stack.pid("gateway")
    if pid is None:
        raise RuntimeError("no gateway")
    killed = time.time()
    os.kill(pid, signal.SIGKILL)
    writer.ask("to_all", users=users)
    returned = crowd.ask("returned", since=killed, seconds=_PATIENCE_SECONDS)
    arrived = crowd.ask("arrived", events=1, seconds=_PATIENCE_SECONDS)
    after = sorted(at - killed for at in returned["at"])
    lost = sum(not moments for moments in arrived.values())
    return (
        f"The gateway killed with `kill -9` and started again: {len(after):,} of {len(users):,} were back, half of "
        f"them after {quantile(after, 50):.1f} s, the last after {after[-1]:.1f} s (target 30); "
        f"{returned['reloads']} had to load anew, {lost} lost the event that was written meanwhile, "
        f"{returned['repeated']} had one twice."
    )
