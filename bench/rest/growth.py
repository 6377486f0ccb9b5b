"""Does one person's call cost the same among ten thousand notifications as among five million?"""

import os
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import psycopg

from bench.driver import Driver
from bench.http_driver import NOTIFICATIONS
from bench.loops import quantile
from bench.rest.calls import ENVIRONMENT, Calls, Person, get, people_of
from bench.rest.filling import NEEDLE, Crowd, fill
from bench.table import section, table
from deploy.local.launch import LaunchedStack, launched

SMALL_ROWS = 10_000
# A smaller table tries the benchmark itself out.
LARGE_ROWS = int(os.environ.get("GROWTH_ROWS", "5000000"))
READERS = Crowd(name="reader", people=SMALL_ROWS // 200, each=200)
COLLECTOR = Crowd(name="collector", people=1, each=min(100_000, LARGE_ROWS // 5))
CROWD = Crowd(name="reader", people=(LARGE_ROWS - COLLECTOR.total) // READERS.each, each=READERS.each)
ROUNDS = 7
ROUND_SECONDS = 1.0
_WARM_UP_SECONDS = 0.5
_PEOPLE = 50
_TARGET = 1.3

SMALL, LARGE, LONG = f"{SMALL_ROWS:,} rows", f"{LARGE_ROWS:,} rows", f"inbox of {COLLECTOR.each:,}"


class Comparison:
    """Rounds of each call, the tables in turn: the median of each round, and PostgreSQL's own share of it."""

    def __init__(self, readers: Driver) -> None:
        self._readers = readers
        self.medians: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.statements: dict[tuple[str, str], list[float]] = defaultdict(list)

    def run(self, sides: dict[str, tuple[LaunchedStack, dict[str, Calls]]]) -> None:
        for call in next(iter(sides.values()))[1]:
            for stack, calls in sides.values():
                self._closed(stack, calls[call], _WARM_UP_SECONDS)
            for _ in range(ROUNDS):
                for side, (stack, calls) in sides.items():
                    with psycopg.connect(_database_url(stack), autocommit=True) as connection:
                        connection.execute("SELECT pg_stat_statements_reset()")
                        latencies, count = self._closed(stack, calls[call], ROUND_SECONDS)
                        row = connection.execute(_STATEMENTS_MILLISECONDS).fetchone()
                    self.medians[call, side].append(quantile(latencies, 50))
                    self.statements[call, side].append(row[0] / count if row else 0.0)

    def row(self, call: str) -> tuple[object, ...]:
        sides = [(call, side) for side in (SMALL, LARGE, LONG)]
        small = self.medians[call, SMALL]
        ratios = [statistics.median(map(float.__truediv__, self.medians[side], small)) for side in sides[1:]]
        return (
            call,
            *(f"{statistics.median(self.medians[side]) * 1000:.2f}" for side in sides),
            *(f"**{ratio:.2f}**" for ratio in ratios),
            *(f"{statistics.median(self.statements[side]):.2f}" for side in sides),
        )

    def _closed(self, stack: LaunchedStack, calls: Calls, seconds: float) -> tuple[list[float], int]:
        url = stack.listing["urls"]["api"]
        result = self._readers.ask("closed", url=url, calls=calls, seconds=seconds, at_once=1)
        return result["latencies"], result["count"]


# All that the service had done since the reset; these two statements aside.
_STATEMENTS_MILLISECONDS = """
SELECT sum(total_exec_time + total_plan_time) FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%'
"""


def growth(state: Path) -> str:
    with ExitStack() as resources:
        small = resources.enter_context(_filled(state.with_name("small"), READERS))
        large = resources.enter_context(_filled(state.with_name("large"), CROWD, COLLECTOR))
        readers = resources.enter_context(Driver("rest.readers"))
        comparison = Comparison(readers)
        sides = {
            side: (stack, _calls(stack, people_of(stack, crowd.names(_PEOPLE)), crowd))
            for side, stack, crowd in ((SMALL, small, READERS), (LARGE, large, CROWD), (LONG, large, COLLECTOR))
        }
        first_search, indexing = _searched_first(large, people_of(large, COLLECTOR.names(1))[0])
        comparison.run(sides)
    calls = sides[SMALL][1]
    return section(
        f"Growth: {SMALL} and {LARGE}",
        f"One connection, {_PEOPLE} people in turn with {READERS.each} entries each, or one with {COLLECTOR.each:,}. "
        f"Target: p50 at most {_TARGET} times the small table's. The first search in the inbox of {COLLECTOR.each:,} "
        f"reads it through and took {first_search * 1000:.0f} ms; after {indexing:.1f} s more its words were indexed, "
        "and the searches below find them there.",
        table(
            [
                "call",
                *(f"{side}: p50 ms" for side in (SMALL, LARGE, LONG)),
                *(f"{side}: ratio" for side in (LARGE, LONG)),
                *(f"{side}: PostgreSQL ms" for side in (SMALL, LARGE, LONG)),
            ],
            [comparison.row(call) for call in calls],
        ),
    )


@contextmanager
def _filled(state: Path, *crowds: Crowd) -> Iterator[LaunchedStack]:
    """A stack with these inboxes, whose PostgreSQL keeps account of its statements."""
    with launched(state, "migrate") as stack:
        fill(stack.environment, *crowds)
        with psycopg.connect(_database_url(stack), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
            connection.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
            connection.execute("ALTER SYSTEM SET pg_stat_statements.track_planning = on")
    with launched(state, "api", environment=ENVIRONMENT) as stack:
        yield stack


def _calls(stack: LaunchedStack, people: Sequence[Person], crowd: Crowd) -> dict[str, Calls]:
    deep = [_deep_page(stack, person, crowd) for person in people]
    return {
        "first page": get(people, "", '"results":[{'),
        "deep page by cursor": [
            call for person, path in zip(people, deep, strict=True) for call in get([person], path, '"results":[{')
        ],
        "`unread_count`": get(people, "unread_count/", f'"unread_count":{crowd.each // 4}'),
        "`stats`": get(people, "stats/", f'"total_count":{crowd.each}'),
        "search": get(people, f"?search={NEEDLE.lower()}", '"count":4,'),
    }


def _deep_page(stack: LaunchedStack, person: Person, crowd: Crowd) -> str:
    """The page that comes after nine tenths of the inbox."""
    size = min(100, crowd.each // 10)
    cursor = ""
    with httpx.Client(
        base_url=stack.listing["urls"]["api"], headers={"Authorization": f"Bearer {person.token}"}
    ) as http:
        for _ in range(crowd.each * 9 // 10 // size):
            page = http.get(NOTIFICATIONS, params={"page_size": size, "cursor": cursor}).raise_for_status().json()
            cursor = parse_qs(urlsplit(page["next"]).query)["cursor"][0]
    return "?" + urlencode({"cursor": cursor})


def _searched_first(stack: LaunchedStack, person: Person) -> tuple[float, float]:
    """The seconds that the first search in a large inbox takes, and those until its words are indexed."""
    headers = {"Authorization": f"Bearer {person.token}"}
    with psycopg.connect(_database_url(stack), autocommit=True) as connection, httpx.Client(timeout=60) as http:
        began = time.monotonic()
        http.get(f"{stack.listing['urls']['api']}{NOTIFICATIONS}?search={NEEDLE}", headers=headers).raise_for_status()
        answered = time.monotonic()
        while connection.execute("SELECT 1 FROM inboxes WHERE words = 'complete'").fetchone() is None:
            time.sleep(0.05)
        return answered - began, time.monotonic() - answered


def _database_url(stack: LaunchedStack) -> str:
    return stack.environment["DATABASE_URL"].replace("+psycopg", "")
