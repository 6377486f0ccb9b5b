import asyncio
import os
import re
import signal
import socket
import sys

import psutil
import pytest
from supervising import CHECKOUT, Recording, child, supervised, until

from deploy.local.process import Process, StackError, answers

FOREVER = "import signal; print('up'); signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); signal.pause()"
UNTIL_STOPPED = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: (print('bye'), sys.exit(0)))
print('up')
signal.pause()
"""


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_a_process_starts_only_after_those_it_needs_are_ready() -> None:
    slow = "import signal; print('warming'); sum(range(10_000_000)); print('all set'); signal.pause()"
    async with supervised(
        child("second", FOREVER, needs=("first",), ready_line="up"),
        child("first", slow, ready_line="all set"),
    ) as recording:
        order = [line for line in recording.lines if line in {("first", "all set"), ("second", "up")}]
    assert order == [("first", "all set"), ("second", "up")]


async def test_a_one_off_that_ended_well_counts_as_ready() -> None:
    async with supervised(
        child("migrate", "print('migrated')", once=True),
        child("api", FOREVER, needs=("migrate",), ready_line="up"),
    ) as recording:
        assert [line for line in recording.lines if line[1] in {"migrated", "up"}] == [
            ("migrate", "migrated"),
            ("api", "up"),
        ]
        assert set(recording.pids) == {"api"}


async def test_a_one_off_that_fails_ends_the_start_with_its_last_line() -> None:
    with pytest.raises(StackError, match=r"^migrate ended with 1: no such table$"):
        async with supervised(child("migrate", "import sys; sys.exit('no such table')", once=True)):
            pytest.fail("it started")


async def test_a_process_that_cannot_start_is_given_up_after_a_few_tries() -> None:
    recording = Recording()
    with pytest.raises(StackError, match=r"^api ended with 1: port is taken$"):
        async with supervised(
            child("api", "import sys; sys.exit('port is taken')", ready_line="up"), recording=recording
        ):
            pytest.fail("it started")
    assert recording.pids == {}


async def test_a_process_that_never_gets_ready_ends_the_start() -> None:
    with pytest.raises(StackError, match=r"^api not ready after 1 s: up$"):
        async with supervised(child("api", FOREVER, ready_line="never said", start_seconds=1)):
            pytest.fail("it started")


async def test_a_missing_library_is_named() -> None:
    loader = "import sys; sys.exit('postgres: error while loading shared libraries: libz.so.1: cannot open')"
    with pytest.raises(StackError, match=r"libz\.so\.1 is missing; install its package"):
        async with supervised(child("initdb", loader, once=True)):
            pytest.fail("it started")


async def test_a_missing_program_is_named() -> None:
    with pytest.raises(StackError, match=r"^edge: no such file or directory: /nowhere/caddy; remove \.venv"):
        async with supervised(Process(name="edge", command=("/nowhere/caddy",), environment={})):
            pytest.fail("it started")


async def test_a_process_that_dies_is_started_again() -> None:
    async with supervised(child("worker", FOREVER, ready_line="up")) as recording:
        first = recording.pids["worker"]
        os.kill(first, signal.SIGKILL)
        await until(lambda: recording.pids.get("worker", first) != first)
        assert recording.printed("was ended by SIGKILL; starting it again in 0.2 s")


async def test_stopping_ends_a_process_before_the_one_it_needs() -> None:
    async with supervised(
        child("database", UNTIL_STOPPED, ready_line="up"),
        child("api", UNTIL_STOPPED, needs=("database",), ready_line="up"),
    ) as recording:
        pass
    assert [name for name, line in recording.lines if line == "bye"] == ["api", "database"]
    assert recording.pids == {}


async def test_a_process_that_will_not_stop_is_killed() -> None:
    async with supervised(child("stuck", STUBBORN, ready_line="up", stop_seconds=0.3)) as recording:
        pid = recording.pids["stuck"]
    assert not runs(pid)
    assert recording.printed("did not stop in 0 s; killing it")


async def test_stopping_takes_what_a_process_started_itself() -> None:
    parent = f"""
import subprocess, sys
grandchild = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}])
print('grandchild', grandchild.pid)
grandchild.wait()
"""
    async with supervised(child("parent", parent, ready_line="grandchild")) as recording:
        grandchild = next(int(line.split()[1]) for _, line in recording.lines if line.startswith("grandchild"))
        assert runs(grandchild)
    await until(lambda: not runs(grandchild))


async def test_noise_is_not_shown() -> None:
    async with supervised(
        child("postgres", "print('LOG: hm'); " + FOREVER, ready_line="up", noise=re.compile("^LOG"))
    ) as recording:
        assert not recording.printed("LOG")


async def test_readiness_over_http_needs_a_200() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert not await answers(closed.getsockname()[1], "/healthz")()


SUPERVISING = f"""
import asyncio, os, sys
from deploy.local.process import Process
from deploy.local.supervisor import Supervisor

async def main():
    command = (sys.executable, '-u', '-c', {STUBBORN!r})
    process = Process(name='stuck', command=command, environment=os.environ, ready_line='up')
    supervisor = Supervisor([process], say=print, changed=lambda pids: print(*pids.values(), flush=True))
    await supervisor.start()
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help exists on Linux only")
async def test_no_child_outlives_a_supervisor_that_is_killed() -> None:
    supervisor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-c", SUPERVISING), cwd=CHECKOUT, stdout=asyncio.subprocess.PIPE
    )
    assert supervisor.stdout
    pid = int(await supervisor.stdout.readline())
    await supervisor.stdout.readuntil(b"ready after")
    supervisor.kill()
    await supervisor.wait()
    await until(lambda: not runs(pid))
