"""What twenty thousand waiting reminders cost: memory, disk, start-up; and how fast a crowded one is moved."""

import time
from contextlib import ExitStack
from pathlib import Path

from bench.accept import ENVIRONMENT
from bench.driver import Driver
from bench.loops import quantile
from bench.processes import memory_mib, pids
from bench.table import section, table
from bench.waiting.bookings import OFFSETS
from deploy.local.launch import launched

BOOKINGS = 5_000
PRACTITIONERS = 100
WORKSHOPS = 20
AT_A_WORKSHOP = 30
_FAR = 30 * 24 * 3600.0
_TARGET_SECONDS = 1
_SETTLE_SECONDS = 3.0
_STATES = ("before", "with them", "after a restart")


def open_reminders(state: Path) -> str:
    starts_at = time.time() + _FAR
    people = [[f"client-{number}", f"practitioner-{number % PRACTITIONERS}"] for number in range(BOOKINGS)]
    crowd = [[f"guest-{number}" for number in range(AT_A_WORKSHOP)]]
    asked = {"starts_at": starts_at, "spread": _FAR, "offsets": OFFSETS}
    with ExitStack() as resources:
        stack = resources.enter_context(launched(state, environment=ENVIRONMENT))
        bookings = resources.enter_context(Driver("waiting.bookings", stack.environment))
        bookings.ask("open", kind="rehearsal", count=20, **asked, people=people)
        time.sleep(_SETTLE_SECONDS)
        held = [memory_mib(pids(stack))]
        made = bookings.ask("open", kind="booking", count=BOOKINGS, **asked, people=people)
        time.sleep(_SETTLE_SECONDS)
        held.append(memory_mib(pids(stack)))
        bookings.ask("open", kind="workshop", count=WORKSHOPS, **asked, people=crowd)
        moved = bookings.ask(
            "move",
            url=stack.url,
            token=stack.token("staff", staff=True),
            anchors=[f"workshop:{number}" for number in range(WORKSHOPS)],
            starts_at=starts_at + 3600,
        )
    again = time.monotonic()
    with launched(state, environment=ENVIRONMENT) as stack:
        ready = time.monotonic() - again
        time.sleep(_SETTLE_SECONDS)
        held.append(memory_mib(pids(stack)))
    disk = sum(file.stat().st_size for file in state.glob("temporal.db*")) / 2**20
    took = made["ended"] - made["started"]
    reminders = BOOKINGS * 2 * len(OFFSETS)
    return section(
        f"{reminders:,} open reminders",
        f"{BOOKINGS:,} bookings, each with {len(OFFSETS)} reminders for two people; made through the SDK in "
        f"{took:.0f} s ({BOOKINGS / took:.0f} bookings a second). PSS of the processes, MiB:",
        table(
            ["process", *_STATES],
            [(name, *(f"{each[name][1]:.0f}" for each in held)) for name in ("worker", "temporal", "postgres", "api")],
        ),
        f"Temporal's file: {disk:.0f} MiB. With them the stack starts in {ready:.1f} s. Moving an anchor with "
        f"{AT_A_WORKSHOP * len(OFFSETS)} reminders of {AT_A_WORKSHOP} people is answered in p50 "
        f"{quantile(moved, 50) * 1000:.0f} ms, {max(moved) * 1000:.0f} ms at most (target: {_TARGET_SECONDS} s).",
    )
