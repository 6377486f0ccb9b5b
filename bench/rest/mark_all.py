"""What a very large inbox does to everybody else while all of it is marked read, over and over."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.driver import Driver
from bench.http_driver import NOTIFICATIONS
from bench.loops import quantile
from bench.rest.calls import ENVIRONMENT, Person, get, mark_read, people_of
from bench.rest.filling import Crowd, fill
from bench.table import section, table
from deploy.local.launch import LaunchedStack, launched

READERS = Crowd(name="reader", people=500, each=200)
COLLECTOR = Crowd(name="collector", people=1, each=100_000)
RATE = 60.0
ROUNDS = 4
ROUND_SECONDS = 10.0
_PEOPLE = 100
_SAMPLE_SECONDS = 0.02
ALONE, BESIDE = "alone", "beside it"


def mark_all(state: Path) -> str:
    with ExitStack() as resources:
        stack = resources.enter_context(launched(state, "api", environment=ENVIRONMENT))
        fill(stack.environment, READERS, COLLECTOR)
        people = people_of(stack, READERS.names(_PEOPLE))
        (collector,) = people_of(stack, COLLECTOR.names(1))
        others = [
            *get(people, "", '"results":[{'),
            *get(people, "unread_count/", '"unread_count":'),
            # A stalled call may be overtaken by the one that undoes it.
            *(call | {"expect": '"updated_count":'} for call in mark_read(people)),
        ]
        readers = resources.enter_context(Driver("rest.readers"))
        url = stack.listing["urls"]["api"]
        # From here on every call changes every row.
        prepare = [_mark(collector, is_read=False, changes=COLLECTOR.each * 3 // 4)]
        readers.ask("closed", url=url, calls=prepare, seconds=0, at_once=1)
        marks = [_mark(collector, is_read=is_read, changes=COLLECTOR.each) for is_read in (True, False)]
        events = _events(stack)
        latencies: dict[str, list[float]] = defaultdict(list)
        marked: list[float] = []
        refused = dict.fromkeys((ALONE, BESIDE), 0)
        calls = asked = 0
        with resident_mib(stack.listing["pids"]["api"]) as sizes:
            for side in (ALONE, BESIDE) * ROUNDS:
                result = readers.ask(
                    "open",
                    url=url,
                    calls=others,
                    first=asked,
                    rate=RATE,
                    seconds=ROUND_SECONDS,
                    beside=marks if side is BESIDE else [],
                )
                latencies[side] += result["latencies"]
                marked += result["beside"]["latencies"]
                calls += result["beside"]["count"]
                asked += result["count"]
                refused[side] += result["refused"]
        events = _events(stack) - events
    return section(
        f"`mark_all_read` of an inbox of {COLLECTOR.each:,}",
        f"p50 {quantile(marked, 50):.2f} s, over and over; {calls} calls wrote {events} events (target: one each). "
        f"The API's memory: {sizes[0]:.0f} MiB before, {max(sizes):.0f} at most, {sizes[-1]:.0f} after.",
        table(
            [f"others' calls, {RATE:.0f} a second", "calls", "p50 ms", "p99 ms", "answered 503"],
            [
                (side, len(times), *(f"{quantile(times, percent) * 1000:.1f}" for percent in (50, 99)), refused[side])
                for side, times in latencies.items()
            ],
        ),
    )


def _mark(person: Person, *, is_read: bool, changes: int) -> dict[str, Any]:
    """All of an inbox: read by the call of that name, unread by the one that takes no ids, too."""
    call = {"method": "POST", "token": person.token, "expect": f'"updated_count":{changes}' + "}"}
    if is_read:
        return call | {"path": f"{NOTIFICATIONS}mark_all_read/"}
    return call | {"path": f"{NOTIFICATIONS}mark_read/", "content": {"is_read": False}}


def _events(stack: LaunchedStack) -> int:
    with psycopg.connect(stack.environment["DATABASE_URL"].replace("+psycopg", "")) as connection:
        rows = connection.execute("SELECT count(*) FROM inbox_events WHERE user_id = %s", COLLECTOR.names(1))
        return int((rows.fetchone() or (0,))[0])


@contextmanager
def resident_mib(pid: int) -> Iterator[list[float]]:
    """A process's memory, again and again; the first is from before the block, the last from after it."""
    process = psutil.Process(pid)
    sizes = [process.memory_info().rss / 2**20]
    over = threading.Event()

    def look() -> None:
        while not over.wait(_SAMPLE_SECONDS):
            sizes.append(process.memory_info().rss / 2**20)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield sizes
    finally:
        over.set()
        looking.join()
        sizes.append(process.memory_info().rss / 2**20)
