"""How many recipients a second a batch reaches in-app, and what a batch does to everybody else."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.accept import ENVIRONMENT, Comparison
from bench.driver import Driver
from bench.loops import quantile
from bench.processes import pids
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
        users = [f"crowd-{number:05}" for number in range(RECIPIENTS)]
        in_app = Comparison(pids(stack, client=driver.pid), drain=None)
        in_app.run(
            {
                "floor": lambda count: driver.ask("floor", count=count, page=PAGE),
                "batch": lambda count: driver.ask("announce", **staff, users=users[:count], channels=["in_app"]),
            },
            rounds=ROUNDS,
            count=RECIPIENTS,
        )
        tokens = [stack.token(f"bench-{number}") for number in range(SOCKETS)]
        sockets.ask("open_sockets", url=stack.websocket_url, tokens=tokens)
        others = _others(driver, sockets, staff)
    return section(
        "Batches",
        f"{RECIPIENTS} recipients in-app, from the POST until the batch is completed: **{in_app.ratio('batch'):.2f}** "
        f"of the floor, which is the same rows made and inserted by PostgreSQL itself, {PAGE} to a transaction.",
        table(["", "recipients per s", "rounds", "of the floor", ""], in_app.rows()),
        in_app.cpu_table(),
        f"Single notifications meanwhile, {RATE:.0f} a second (Poisson, in-app), from the instant each was due:",
        table(["beside", "calls", "201 p50 ms", "p99", "push p50 ms", "p99", "recipients meanwhile"], others),
    )


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
