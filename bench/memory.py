"""What the processes hold in memory: at rest, and for every socket that is open and silent."""

import sys
import time
from contextlib import ExitStack
from pathlib import Path

from bench.accept import ENVIRONMENT, USERS
from bench.driver import Driver
from bench.processes import memory_mib, pids, private_kib
from bench.servers import served
from bench.table import section, table
from deploy.local.launch import launched

SOCKETS = 10_000
WARM_UP = 200
_SETTLE_SECONDS = 2.0


def memory(state: Path) -> str:
    with ExitStack() as resources:
        stack = resources.enter_context(launched(state, environment=ENVIRONMENT))
        bare = resources.enter_context(served([sys.executable, "-m", "bench.bare_gateway", "{port}"]))
        http, ours, theirs = (
            resources.enter_context(Driver(module, stack.environment))
            for module in ("http_driver", "socket_driver", "socket_driver")
        )
        asked = {"url": stack.url, "token": stack.token("staff", staff=True), "users": USERS}
        http.ask("introduce", **asked)
        http.ask("closed", **asked, channels=["in_app", "email"], count=WARM_UP, at_once=4)
        time.sleep(_SETTLE_SECONDS)
        at_rest = memory_mib(pids(stack))
        gateway_url = stack.listing["urls"]["gateway"].replace("http", "ws", 1) + "/ws/notifications/"
        gateway = pids(stack)["gateway"]
        tokens = [stack.token(f"silent-{number}") for number in range(SOCKETS + 1)]
        per_socket = {
            "gateway": _kib_per_socket(gateway, ours, gateway_url, tokens),
            "bare `websockets`": _kib_per_socket(bare.pid, theirs, f"ws://127.0.0.1:{bare.port}/", [""] * len(tokens)),
        }
    floor = per_socket["bare `websockets`"]
    rows = [(name, f"{rss:.0f}", f"{pss:.0f}") for name, (rss, pss) in [*at_rest.items(), ("all", _sum(at_rest))]]
    return section(
        "Memory",
        f"At rest, after {WARM_UP} notifications:",
        table(["process", "RSS MiB", "PSS MiB"], rows),
        f"For each of {SOCKETS} silent sockets:",
        table(
            ["server", "KiB", "of the floor"],
            [(name, f"{size:.1f}", f"{size / floor:.2f}") for name, size in per_socket.items()],
        ),
    )


def _kib_per_socket(server: int, driver: Driver, url: str, tokens: list[str]) -> float:
    # The first socket brings in what every server needs once.
    driver.ask("open_sockets", url=url, tokens=tokens[:1])
    before = private_kib(server)
    driver.ask("open_sockets", url=url, tokens=tokens[1:])
    time.sleep(_SETTLE_SECONDS)
    return (private_kib(server) - before) / (len(tokens) - 1)


def _sum(sizes: dict[str, tuple[float, float]]) -> tuple[float, float]:
    return sum(rss for rss, _ in sizes.values()), sum(pss for _, pss in sizes.values())
