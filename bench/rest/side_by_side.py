"""The four calls that clients make most, answered by this service and by a Django service, in turn on one machine."""

import statistics
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.driver import Driver
from bench.loops import quantile
from bench.peers import django_service
from bench.processes import cpu_seconds, pids
from bench.rest import same_answers
from bench.rest.calls import ENVIRONMENT, ROUTES, people_of
from bench.rest.filling import Crowd, fill
from bench.servers import served
from bench.table import section, table
from deploy.local.launch import LaunchedStack, launched

AT_ONCE = 16
ROUNDS = 5
ROUND_SECONDS = 3.0
_CHOICE_SECONDS = 1.0
_WARM_UP_SECONDS = 1.0
_PEOPLE = 160
_COMPARED = 10
_TARGET = 4
CROWD = Crowd(name="reader", people=500, each=200)
# One worker process, as the product has one; which kind of worker suits it best is measured first.
WORKERS = {
    "sync": ("--worker-class", "sync"),
    "1 thread": ("--worker-class", "gthread", "--threads", "1"),
    "2 threads": ("--worker-class", "gthread", "--threads", "2"),
    "4 threads": ("--worker-class", "gthread", "--threads", "4"),
    "16 threads": ("--worker-class", "gthread", "--threads", "16"),
}
DJANGO, PRODUCT = "Django", "this"


class Race:
    """Rounds of each route, the sides in turn: rates, latencies and CPU seconds, by route and side."""

    def __init__(self, readers: Driver, urls: Mapping[str, str], pids: Mapping[str, int]) -> None:
        self._readers, self._urls, self._pids = readers, urls, pids
        self.rates: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.latencies: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._cpu: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))

    def run(self, calls: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        for route, each in calls.items():
            for url in self._urls.values():
                _closed(self._readers, url, each, _WARM_UP_SECONDS)
            for _ in range(ROUNDS):
                for side, url in self._urls.items():
                    before = cpu_seconds(self._pids)
                    result = _closed(self._readers, url, each, ROUND_SECONDS)
                    after = cpu_seconds(self._pids)
                    self.rates[route, side].append(result["rate"])
                    self.latencies[route, side] += result["latencies"]
                    for process in self._pids:
                        self._cpu[route, side][process] += after[process] - before[process]

    def row(self, route: str) -> tuple[object, ...]:
        sides = [(route, DJANGO), (route, PRODUCT)]
        return (
            f"`{route}`",
            *(f"{statistics.median(self.rates[side]):.0f}" for side in sides),
            f"**{self.ratio(route):.1f}**",
            *(f"{quantile(self.latencies[side], 50) * 1000:.1f}" for side in sides),
            *(f"{quantile(self.latencies[side], 99) * 1000:.1f}" for side in sides),
        )

    def ratio(self, route: str) -> float:
        """The median of the rounds' own ratios: what slows a whole round slows both its sides."""
        return statistics.median(map(float.__truediv__, self.rates[route, PRODUCT], self.rates[route, DJANGO]))

    def cpu_row(self, route: str) -> tuple[object, ...]:
        cells = []
        for side, server in ((DJANGO, "django"), (PRODUCT, "api")):
            calls = len(self.latencies[route, side])
            cells += [
                f"{self._cpu[route, side][process] * 1000 / calls:.2f}" for process in (server, "postgres", "client")
            ]
        return f"`{route}`", *cells


def side_by_side(state: Path) -> str:
    with ExitStack() as resources:
        stack = resources.enter_context(launched(state, "api", environment=ENVIRONMENT))
        fill(stack.environment, CROWD)
        django_service.create_table(stack.environment)
        people = people_of(stack, CROWD.names(_PEOPLE))
        calls = {route: build(people) for route, build in ROUTES.items()}
        readers = resources.enter_context(Driver("rest.readers"))
        workers = _workers(stack, readers, calls)
        best = max(workers, key=lambda name: statistics.geometric_mean(workers[name]))
        ceiling = _ceiling(readers, calls["list"])
        django = resources.enter_context(django_service.serving(stack.environment, WORKERS[best]))
        urls = {DJANGO: django.url, PRODUCT: str(stack.listing["urls"]["api"])}
        compared = same_answers.compare(list(urls.values()), people[:_COMPARED])
        processes = {"django": django.pid, "client": readers.pid} | {
            name: pid for name, pid in pids(stack).items() if name in ("api", "postgres")
        }
        race = Race(readers, urls, processes)
        race.run(calls)
    return section(
        f"REST beside Django REST Framework, {AT_ONCE} connections",
        f"One process each; {compared} answers compared before. Target: {_TARGET} times the calls, at a lower p99.",
        table(
            ["call", "Django per s", "this per s", "ratio", "Django p50 ms", "p50 ms", "Django p99 ms", "p99 ms"],
            [race.row(route) for route in ROUTES],
        ),
        "CPU ms per call: of the server, of PostgreSQL for it, and of the load's own process.",
        table(
            [
                "call",
                *(f"{side} {process}" for side in (DJANGO, PRODUCT) for process in ("server", "PostgreSQL", "load")),
            ],
            [race.cpu_row(route) for route in ROUTES],
        ),
        f"Of these kinds of worker (calls per second) Django got the best, **{best}**. "
        f"Against a server that does nothing, the load alone makes {ceiling:.0f} calls per second.",
        table(["gunicorn", *ROUTES], [(name, *(f"{rate:.0f}" for rate in rates)) for name, rates in workers.items()]),
    )


def _workers(
    stack: LaunchedStack, readers: Driver, calls: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, list[float]]:
    """What each kind of worker makes of each route."""
    rates: dict[str, list[float]] = {}
    for name, options in WORKERS.items():
        with django_service.serving(stack.environment, options) as django:
            rates[name] = [
                [
                    _closed(readers, django.url, each, seconds)["rate"]
                    for seconds in (_WARM_UP_SECONDS, _CHOICE_SECONDS)
                ][-1]
                for each in calls.values()
            ]
    return rates


def _ceiling(readers: Driver, calls: Sequence[Mapping[str, Any]]) -> float:
    """What the load could ask of a server that costs nothing."""
    with served([sys.executable, "-m", "bench.rest.trivial", "{port}"]) as server:
        return float(_closed(readers, server.url, calls, ROUND_SECONDS)["rate"])


def _closed(readers: Driver, url: str, calls: Sequence[Mapping[str, Any]], seconds: float) -> dict[str, Any]:
    result: dict[str, Any] = readers.ask("closed", url=url, calls=calls, seconds=seconds, at_once=AT_ONCE)
    return result
