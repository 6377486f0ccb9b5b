"""How long until a notification is on its owner's screen, at a steady rate, against Temporal's own time."""

import statistics
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.accept import ENVIRONMENT, floor_worker
from bench.driver import Driver
from bench.loops import quantile
from bench.table import section, table
from deploy.local.launch import launched

RATE = 20.0
ROUNDS = 3
ROUND_SECONDS = 10.0
SOCKETS = 20
_TARGET_P50_MS, _TARGET_P99_MS = 25, 150


def latency(state: Path) -> str:
    with ExitStack() as resources:
        stack = resources.enter_context(launched(state, environment=ENVIRONMENT))
        resources.enter_context(floor_worker(stack))
        sockets, floor = (
            resources.enter_context(Driver(module, stack.environment)) for module in ("socket_driver", "floor_driver")
        )
        tokens = [stack.token(f"bench-{number}") for number in range(SOCKETS)]
        sockets.ask("open_sockets", url=stack.websocket_url, tokens=tokens)
        asked: dict[str, Any] = {"url": stack.url, "token": stack.token("staff", staff=True), "rate": RATE}
        sockets.ask("post", **asked, seconds=3)
        floor.ask("open", rate=RATE, seconds=3)
        taken: dict[str, list[float]] = {"floor": [], "posted": [], "pushed": []}
        late = 0
        for _ in range(ROUNDS):
            taken["floor"] += floor.ask("open", rate=RATE, seconds=ROUND_SECONDS)["latencies"]
            result = sockets.ask("post", **asked, seconds=ROUND_SECONDS)
            taken["posted"] += result["latencies"]
            taken["pushed"] += result["pushed"]
            late += result["late"]
    floor_p50 = statistics.median(taken["floor"])
    names = {
        "floor": "floor: update-with-start",
        "posted": "POST until its 201",
        "pushed": "POST until `new_notification`",
    }
    rows = [
        (
            names[side],
            len(times),
            f"{quantile(times, 50) * 1000:.1f}",
            f"{quantile(times, 99) * 1000:.1f}",
            f"{quantile(times, 50) / floor_p50:.2f}",
        )
        for side, times in taken.items()
    ]
    return section(
        f"Latency at {RATE:.0f} notifications a second",
        f"Through the edge, Poisson arrivals, counted from the instant each was due; targets for the push: "
        f"p50 {_TARGET_P50_MS} ms, p99 {_TARGET_P99_MS} ms. Answered 202: {late}.",
        table(["from the due instant", "calls", "p50 ms", "p99 ms", "p50 of the floor's"], rows),
    )
