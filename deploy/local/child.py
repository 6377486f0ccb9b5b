"""Starts one process so that it cannot be left behind: apart from the terminal, and tied to the life of its parent."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable

from deploy.local.process import Process, StackError

PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)


async def spawn(process: Process) -> tuple[asyncio.subprocess.Process, asyncio.StreamReader]:
    """The child, and all that it prints."""
    user, group = process.run_as or (None, None)
    # A pipe of our own: asyncio's would hold back wait() for as long as a grandchild keeps it open.
    read_end, write_end = os.pipe()
    try:
        child = await asyncio.create_subprocess_exec(
            *process.command,
            env=dict(process.environment),
            stdin=subprocess.DEVNULL,
            stdout=write_end,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so a terminal's Ctrl-C reaches the supervisor alone, which knows the order
            user=user,
            group=group,
            extra_groups=None if user is None else [],
            preexec_fn=_dies_with_its_parent(process.orphan_signal),
        )
    except OSError as error:
        os.close(read_end)
        reason = (error.strerror or str(error)).lower()
        raise StackError(f"{process.name}: {reason}: {process.command[0]}; remove .venv and run make again") from None
    finally:
        os.close(write_end)
    output = asyncio.StreamReader(limit=2**20)
    protocol = asyncio.StreamReaderProtocol(output)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(read_end, "rb"))
    return child, output


def _dies_with_its_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """Runs in the child, last before its program: even `kill -9` of the supervisor leaves no orphan (Linux only)."""
    if sys.platform != "linux":
        return None
    parent = os.getpid()

    def ask_the_kernel() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, stop_signal)
        if os.getppid() != parent:
            os._exit(1)

    return ask_the_kernel
