"""`python -m deploy.local [process …]`: starts the stack, or these processes and what they need, until Ctrl-C."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Coroutine

from deploy.local.console import Console
from deploy.local.layout import PORTS, Layout
from deploy.local.listing import Listing
from deploy.local.postgres import Postgres
from deploy.local.process import Process, StackError
from deploy.local.processes import product_environment, selected, table
from deploy.local.state import State
from deploy.local.supervisor import Supervisor
from deploy.local.token import development_token


async def run(names: list[str]) -> None:
    """Until a signal ends it; raises StackError when the stack cannot go on."""
    started = time.monotonic()
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue  # under nohup, a closed terminal is no reason
        asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    console = Console()
    state = State.here()
    state.lock()
    layout = Layout(root=state.root, ports=state.ports(PORTS, edge=_port()))
    listing = Listing(state, layout)
    supervisor = Supervisor(processes(state, layout, console, names), say=console.say, changed=listing.changed)
    try:
        await _unless(asked_to_stop, supervisor.start())
        if not asked_to_stop.is_set():
            seconds = time.monotonic() - started
            listing.publish(seconds)
            token = development_token("staff", secret=state.secrets()["JWT_SECRET"], staff=True)
            pages = {
                title: f"{address}#token={token}" if title == "staff console" else address
                for title, address in listing.pages.items()
            }
            console.greet({**pages, "a staff token": token}, seconds)
            await _unless(asked_to_stop, supervisor.failure())
        console.say("stack", "stopping; what it holds is kept")
    finally:
        await supervisor.stop()
        listing.withdraw()
        state.release()


def processes(state: State, layout: Layout, console: Console, names: list[str]) -> list[Process]:
    # libpq and Temporal's tools read these by themselves; meant for other servers, they would lead ours astray.
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "TEMPORAL_"))}
    secrets = state.secrets()
    postgres = Postgres(state.root, layout.ports["postgres"], secrets["POSTGRES_PASSWORD"], console.say)
    product = product_environment(layout, secrets=secrets, database_url=postgres.url, outside=outside)
    state.write("env.json", product)
    everything = table(layout, postgres=postgres, product=product, outside=outside)
    left_out = {"demo"} if os.environ.get("DEMO") == "0" else set()
    return selected(everything, names or [process.name for process in everything if process.name not in left_out])


def _port() -> int:
    asked = os.environ.get("PORT") or "8000"
    if not asked.isdecimal() or not 0 < int(asked) < 2**16:
        raise StackError(f"PORT is {asked!r}: choose a number, as in `PORT=8010 make run`")
    return int(asked)


async def _unless(event: asyncio.Event, work: Coroutine[object, object, None]) -> None:
    """Does the work, and gives it up when the event comes first."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(event.wait())
    await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if working.done():
        working.result()
    working.cancel()


def main() -> int:
    os.umask(0o077)  # databases and secrets are their owner's alone
    try:
        asyncio.run(run(sys.argv[1:]))
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
