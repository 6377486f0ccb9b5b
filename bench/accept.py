"""How many notifications a second are taken in, against what Temporal alone does in the same minutes."""

import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.driver import Driver
from bench.processes import cpu_seconds, pids
from bench.table import section, table
from deploy.local.launch import LaunchedStack, launched

AT_ONCE = 16
USERS = 100
ROUNDS = 5
WARM_UP = 150
TRANSACTIONS = 300
TARGET = 0.75
# The limit on sends is a setting that protects a vendor's quota; here it would be what is measured.
ENVIRONMENT = {"EMAIL_SENDS_PER_SECOND": "1000"}
# The sandbox reports a message delivered after 0.4 s; those reports are not to fall into the next side's round.
_SETTLE_SECONDS = 0.8

Side = Callable[[int], dict[str, Any]]


@contextmanager
def floor_worker(stack: LaunchedStack) -> Iterator[int]:
    """The floor's worker beside the stack; its process id."""
    worker = subprocess.Popen([sys.executable, "-m", "bench.floor"], env=stack.environment)
    try:
        yield worker.pid
    finally:
        worker.terminate()
        worker.wait()


class Comparison:
    """Rounds of several sides in turn: rates and the CPU seconds of every process, by side."""

    def __init__(self, pids: Mapping[str, int], *, drain: Callable[[], float] | None) -> None:
        self._pids, self._drain = pids, drain
        self.rates: dict[str, list[float]] = defaultdict(list)
        self._cpu: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._counts: dict[str, int] = defaultdict(int)
        self._late: dict[str, int] = defaultdict(int)

    def run(self, sides: Mapping[str, Side], *, rounds: int, count: int) -> None:
        for name, side in sides.items():
            self._timed(side, WARM_UP, name)
        for number in range(rounds):
            names = list(sides)
            # Each side follows each other one, lest one always inherit another's leftovers.
            for name in names[number % len(names) :] + names[: number % len(names)]:
                before = cpu_seconds(self._pids)
                self.rates[name].append(self._timed(sides[name], count, name))
                after = cpu_seconds(self._pids)
                self._counts[name] += count
                for process in self._pids:
                    self._cpu[name][process] += after[process] - before[process]

    def rate(self, side: str) -> float:
        return statistics.median(self.rates[side])

    def ratio(self, side: str, floor: str = "floor") -> float:
        """The median of the rounds' own ratios: what slows a whole round slows both its sides."""
        return statistics.median(map(float.__truediv__, self.rates[side], self.rates[floor]))

    def rows(self) -> list[tuple[object, ...]]:
        return [
            (
                name,
                f"{self.rate(name):.1f}",
                f"{min(rates):.1f} to {max(rates):.1f}",
                f"{self.ratio(name):.2f}",
                self._late[name],
            )
            for name, rates in self.rates.items()
        ]

    def cpu_table(self) -> str:
        sides = list(self.rates)
        rows = [
            (process, *(f"{self._cpu[side][process] * 1000 / self._counts[side]:.1f}" for side in sides))
            for process in self._pids
        ]
        totals = [sum(self._cpu[side].values()) * 1000 / self._counts[side] for side in sides]
        return table(
            ["CPU s per 1000", *sides],
            [row for row in rows if set(row[1:]) != {"0.0"}] + [("all", *(f"{total:.1f}" for total in totals))],
        )

    def _timed(self, side: Side, count: int, name: str) -> float:
        result = side(count)
        self._late[name] += result.get("late", 0)
        ended = self._drain() if self._drain else float(result["ended"])
        time.sleep(_SETTLE_SECONDS)
        return count / (ended - float(result["started"]))


def accept(state: Path, *, rounds: int = ROUNDS) -> str:
    with ExitStack() as resources:
        stack = resources.enter_context(launched(state, environment=ENVIRONMENT))
        worker = resources.enter_context(floor_worker(stack))
        http, floor, product = (
            resources.enter_context(Driver(module, stack.environment))
            for module in ("http_driver", "floor_driver", "product_driver")
        )
        token = stack.token("staff", staff=True)
        http.ask("introduce", url=stack.url, token=token, users=USERS)
        clients = {"client (HTTP)": http.pid, "client (Temporal)": floor.pid, "client (SDK)": product.pid}
        processes = pids(stack, **{"floor worker": worker}, **clients)

        def posts(url: str, channels: list[str]) -> Side:
            return lambda count: http.ask(
                "closed", url=url, token=token, channels=channels, count=count, at_once=AT_ONCE, users=USERS
            )

        def floors(*, also_send: bool) -> Side:
            return lambda count: floor.ask("closed", also_send=also_send, count=count, at_once=AT_ONCE)

        in_app = Comparison(processes, drain=None)
        in_app.run(
            {
                "floor": floors(also_send=False),
                "SDK": lambda count: product.ask(
                    "closed", channels=["in_app"], count=count, at_once=AT_ONCE, users=USERS
                ),
                "API": posts(stack.listing["urls"]["api"], ["in_app"]),
                "edge": posts(stack.url, ["in_app"]),
            },
            rounds=rounds,
            count=150,
        )
        email = Comparison(processes, drain=lambda: float(product.ask("drain")))
        email.run(
            {"floor": floors(also_send=True), "edge": posts(stack.url, ["in_app", "email"])}, rounds=rounds, count=100
        )
        sent, due = product.ask("emails_sent"), WARM_UP + rounds * 100
        if sent != due:
            raise RuntimeError(f"{sent} of {due} e-mails were sent")
        alone = product.ask("transaction", count=TRANSACTIONS, users=USERS)
    head = ["through", "median per s", "rounds", "of the floor", "answered 202"]
    return section(
        f"Acceptance, {AT_ONCE} at once",
        f"In-app: **{in_app.ratio('edge'):.2f}** of the floor (target {TARGET}).",
        table(head, in_app.rows()),
        in_app.cpu_table(),
        f"In-app and e-mail, until every workflow has ended: **{email.ratio('edge'):.2f}** of the floor "
        f"(target {TARGET}).",
        table(head, email.rows()),
        email.cpu_table(),
        f"The accept transaction alone, one after another: p50 {alone['p50'] * 1000:.1f} ms, "
        f"{alone['cpu'] * 1000:.1f} ms of it the worker's CPU.",
    )
