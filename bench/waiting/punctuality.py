"""How late reminders reach the provider when a thousand are due within a minute, or within one second."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from bench.accept import ENVIRONMENT
from bench.driver import Driver
from bench.loops import quantile
from bench.table import section, table
from deploy.local.launch import launched

BOOKINGS = 500
"""Each reminds two people."""
PRACTITIONERS = 50
CASES = {"spread over a minute": 60.0, "in the same second": 0.0}
RATE = 5.0
SOCKETS = 20
_OFFSET_SECONDS = 1800
_LEAD_SECONDS = 45.0
"""To make the reminders in, before the first is due."""
_TAIL_SECONDS = 20.0
_TARGET_SECONDS = 2


def punctuality(state: Path) -> str:
    clients = [f"client-{number}" for number in range(BOOKINGS)]
    practitioners = [f"practitioner-{number}" for number in range(PRACTITIONERS)]
    people = [[client, practitioners[number % PRACTITIONERS]] for number, client in enumerate(clients)]
    rows = []
    with ExitStack() as resources:
        stack = resources.enter_context(launched(state, environment=ENVIRONMENT))
        bookings, sockets = (
            resources.enter_context(Driver(module, stack.environment))
            for module in ("waiting.bookings", "socket_driver")
        )
        others = resources.enter_context(ThreadPoolExecutor(1))
        staff = {"url": stack.url, "token": stack.token("staff", staff=True)}
        bookings.ask("introduce", **staff, users=clients + practitioners)
        sockets.ask(
            "open_sockets",
            url=stack.websocket_url,
            tokens=[stack.token(f"bench-{number}") for number in range(SOCKETS)],
        )
        sockets.ask("post", **staff, rate=RATE, seconds=3)
        for number, (name, spread) in enumerate(CASES.items()):
            kind, fires_at = f"case{number}", time.time() + _LEAD_SECONDS
            seconds = _LEAD_SECONDS + spread + _TAIL_SECONDS
            meanwhile = others.submit(sockets.ask, "post", **staff, rate=RATE, seconds=seconds)
            made = bookings.ask(
                "open",
                kind=kind,
                count=BOOKINGS,
                starts_at=fires_at + _OFFSET_SECONDS,
                spread=spread,
                offsets=[_OFFSET_SECONDS],
                people=people,
            )
            found = bookings.ask(
                "arrived",
                sandbox=stack.listing["urls"]["courier"],
                kind=kind,
                count=BOOKINGS,
                fires_at=fires_at,
                spread=spread,
                users=clients + practitioners,
            )
            late, pushed = found["late"], meanwhile.result()["pushed"]
            rows.append(
                (
                    name,
                    *(f"{seconds:.2f}" for seconds in (quantile(late, 50), quantile(late, 99), max(late))),
                    *(found["lost"], found["again"], sum(seconds < 0 for seconds in late)),
                    f"{quantile(pushed, 99) * 1000:.0f}",
                    f"{made['ended'] - made['started']:.0f}",
                )
            )
    return section(
        "Punctuality",
        f"{2 * BOOKINGS} reminders by e-mail, of {BOOKINGS} bookings with two people each; lateness from the moment "
        f"of the reminder to the provider's receipt. Target: p99 {_TARGET_SECONDS} s when spread. Meanwhile "
        f"{RATE:.0f} other notifications a second (Poisson, in-app), from the instant each was due.",
        table(
            ["due", "p50 s", "p99 s", "latest s", "lost", "again", "early", "others' push p99 ms", "s to make them"],
            rows,
        ),
    )
