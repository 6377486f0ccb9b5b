"""Runs a table of processes: each starts once what it needs is ready, is started again when it dies, and is stopped
before what it needs.

The process runners at hand (honcho, circus, supervisord) start everything at once and know no readiness, so the first
requests of a fresh stack would meet half of it; hence these lines of asyncio.
"""

import asyncio
import contextlib
import os
import re
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from deploy.local.child import spawn
from deploy.local.process import POLL_SECONDS, Process, StackError

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
SETTLED_SECONDS = 10.0
"""A process that lived this long had started well, so the next pause is the first one again."""
TRIES_BEFORE_READY = 4


@dataclass(slots=True)
class _Unit:
    process: Process
    child: asyncio.subprocess.Process | None = None
    reading: asyncio.Task[None] | None = None
    printed: asyncio.Event = field(default_factory=asyncio.Event)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    last_line: str = ""


class Supervisor:
    """`say(name, line)` gets every line of output and every event; `changed(pids)` every change of the running set."""

    def __init__(
        self,
        processes: Iterable[Process],
        *,
        say: Callable[[str, str], None],
        changed: Callable[[dict[str, int]], None],
    ) -> None:
        self._units = {process.name: _Unit(process) for process in processes}
        self._say = say
        self._changed = changed
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Returns when all are ready; raises StackError when one cannot be."""
        self._tasks = [asyncio.create_task(self._keep(unit)) for unit in self._units.values()]
        failing = asyncio.create_task(self.failure())
        becoming_ready = asyncio.create_task(self._all_ready())
        await asyncio.wait({failing, becoming_ready}, return_when=asyncio.FIRST_COMPLETED)
        becoming_ready.cancel()
        if failing.done():
            failing.result()
        failing.cancel()

    async def failure(self) -> None:
        """Raises what ends the stack, when that happens."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Ends every process after those that need it; whoever outstays the deadline is killed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(self._stop(unit) for unit in self._units.values()))

    async def _all_ready(self) -> None:
        for unit in self._units.values():
            await unit.ready.wait()

    async def _keep(self, unit: _Unit) -> None:
        process, pause = unit.process, FIRST_PAUSE_SECONDS
        for need in process.needs:
            await self._units[need].ready.wait()
        tries = 0
        while True:
            tries += 1
            started = time.monotonic()
            ending = await self._live(unit)
            if process.once and ending == "ended with 0":
                unit.ready.set()
                return
            if process.once or (tries == TRIES_BEFORE_READY and not unit.ready.is_set()):
                raise StackError(f"{process.name} {ending}: {_explained(unit.last_line)}")
            pause = FIRST_PAUSE_SECONDS if time.monotonic() - started > SETTLED_SECONDS else pause
            self._say(process.name, f"{ending}; starting it again in {pause:.1f} s")
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _live(self, unit: _Unit) -> str:
        """One life of a process, from its start to its end; returns how it ended."""
        process, started = unit.process, time.monotonic()
        if process.prepare:
            await process.prepare()
        unit.printed.clear()
        child, output = await spawn(process)
        unit.child, unit.reading = child, asyncio.create_task(self._read(unit, output))
        self._report()
        exited = asyncio.create_task(child.wait())
        becoming_ready = asyncio.create_task(self._until_ready(unit))
        try:
            await asyncio.wait({exited, becoming_ready}, timeout=process.start_seconds, return_when="FIRST_COMPLETED")
            if becoming_ready.done():
                becoming_ready.result()
                unit.ready.set()
                self._say(process.name, f"ready after {time.monotonic() - started:.1f} s")
            elif not exited.done():
                child.kill()
                if not unit.ready.is_set():
                    raise StackError(f"{process.name} not ready after {process.start_seconds:.0f} s: {unit.last_line}")
            code = await exited
        finally:
            becoming_ready.cancel()
            exited.cancel()
        await self._finish_reading(unit)
        self._report()
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"

    async def _until_ready(self, unit: _Unit) -> None:
        if unit.process.once:
            await asyncio.Event().wait()
        if unit.process.ready_line:
            await unit.printed.wait()
        while unit.process.ready and not await unit.process.ready():  # noqa: ASYNC110 - another process is asked
            await asyncio.sleep(POLL_SECONDS)

    async def _read(self, unit: _Unit, output: asyncio.StreamReader) -> None:
        process = unit.process
        while True:
            try:
                raw = await output.readline()
            except ValueError:  # a line beyond the limit: its text is dropped, the stream goes on
                continue
            if not raw:
                return
            line = raw.decode(errors="replace").rstrip()
            if process.ready_line and process.ready_line in line:
                unit.printed.set()
            if line and not (process.noise and process.noise.search(line)):
                unit.last_line = line
                self._say(process.name, line)

    async def _finish_reading(self, unit: _Unit) -> None:
        """Takes the last lines; a grandchild may hold the output open for longer than anyone wants to wait."""
        if unit.reading:
            await asyncio.wait({unit.reading}, timeout=0.5)
            unit.reading.cancel()

    async def _stop(self, unit: _Unit) -> None:
        process, child = unit.process, unit.child
        dependants = (other for other in self._units.values() if process.name in other.process.needs)
        await asyncio.gather(*(other.stopped.wait() for other in dependants))
        if child and child.returncode is None:
            child.send_signal(process.stop_signal)
            try:
                await asyncio.wait_for(child.wait(), process.stop_seconds)
            except TimeoutError:
                self._say(process.name, f"did not stop in {process.stop_seconds:.0f} s; killing it")
        if child:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)  # and whatever it started itself
            await child.wait()
            await self._finish_reading(unit)
        self._report()
        unit.stopped.set()

    def _report(self) -> None:
        children = {name: unit.child for name, unit in self._units.items()}
        self._changed({name: child.pid for name, child in children.items() if child and child.returncode is None})


def _explained(line: str) -> str:
    missing = re.search(r"error while loading shared libraries: (\S+?):", line)
    return f"the system library {missing[1]} is missing; install its package" if missing else line
