"""How many recipients a second a batch reaches in-app, and what a batch does to everybody else."""

import statistics
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.accept import ENVIRONMENT
from bench.driver import Driver
from bench.loops import quantile
from bench.table import section, table
from deploy.local.launch import launched

RECIPIENTS = 5_000
PAGE = 500
ROUNDS = 5
RATE = 10.0
ROUND_SECONDS = 10.0
SOCKETS = 20
BESIDE = {"a batch in-app": (10_000, ["in_app"], 4), "a batch in-app and by e-mail": (1_000, ["in_app", "email"], 1)}
"""Recipients, channels, batches."""


def bulk(state: Path) -> str:
    with ExitStack() as resources:
        stack = resources.enter_context(launched(state, environment=ENVIRONMENT))
        driver, sockets = (
            resources.enter_context(Driver(module, stack.environment)) for module in ("bulk_driver", "socket_driver")
        )
        staff = {"url": stack.url, "token": stack.token("staff", staff=True)}
        rates = _rates(driver, staff)
        tokens = [stack.token(f"bench-{number}") for number in range(SOCKETS)]
        sockets.ask("open_sockets", url=stack.websocket_url, tokens=tokens)
        others = _others(driver, sockets, staff)
    ratio = statistics.median(map(float.__truediv__, rates["batch"], rates["floor"]))
    return section(
        "Batches",
        f"{RECIPIENTS} recipients in-app, from the POST until the batch is completed: **{ratio:.2f}** of the floor, "
        f"which is the same rows made and inserted by PostgreSQL itself, {PAGE} to a transaction.",
        table(
            ["", "recipients per s", "rounds"],
            [
                (name, f"{statistics.median(each):.0f}", f"{min(each):.0f} to {max(each):.0f}")
                for name, each in rates.items()
            ],
        ),
        f"Single notifications meanwhile, {RATE:.0f} a second (Poisson, in-app), from the instant each was due:",
        table(["beside", "calls", "201 p50 ms", "p99", "push p50 ms", "p99", "recipients meanwhile"], others),
    )


def _rates(driver: Driver, staff: dict[str, Any]) -> dict[str, list[float]]:
    users = [f"crowd-{number:05}" for number in range(RECIPIENTS)]
    rates: dict[str, list[float]] = {"floor": [], "batch": []}
    for number in range(ROUNDS + 1):
        results = {
            "floor": driver.ask("floor", count=RECIPIENTS, page=PAGE),
            "batch": driver.ask("announce", **staff, users=users, channels=["in_app"]),
        }
        for name, result in results.items():
            # The first round makes the inboxes, and is not counted.
            rates[name] += [RECIPIENTS / (result["ended"] - result["started"])] * (number > 0)
    return rates


def _others(driver: Driver, sockets: Driver, staff: dict[str, Any]) -> list[tuple[object, ...]]:
    asked = {**staff, "rate": RATE}
    sockets.ask("post", **asked, seconds=3)
    rows = [_row("nothing", sockets.ask("post", **asked, seconds=ROUND_SECONDS), 0)]
    for name, (recipients, channels, batches) in BESIDE.items():
        users = [f"crowd-{number:05}" for number in range(recipients)]
        if "email" in channels:
            driver.ask("describe", **staff, users=users)
        begun = driver.ask("begin", **staff, users=users, channels=channels, batches=batches)
        before = _reached(driver, staff, begun)
        result = sockets.ask("post", **asked, seconds=ROUND_SECONDS)
        rows.append(_row(name, result, _reached(driver, staff, begun) - before))
        driver.ask("settle", **staff, addresses=begun)
    return rows


def _reached(driver: Driver, staff: dict[str, Any], addresses: list[str]) -> int:
    """Recipients of whom every wanted channel has been reached."""
    counts = (driver.ask("status", **staff, address=address)["notifications"]["sent"] for address in addresses)
    return sum(counts)


def _row(beside: str, result: dict[str, Any], reached: int) -> tuple[object, ...]:
    times = (
        f"{quantile(result[side], percent) * 1000:.1f}" for side in ("latencies", "pushed") for percent in (50, 99)
    )
    return beside, result["count"], *times, reached
