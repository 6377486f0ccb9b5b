"""A server beside the stack, for as long as a block lasts."""

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from deploy.local.state import free_port

_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Server:
    pid: int
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def served(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """The server that a command starts, once it listens on the port put in for `{port}`.

    Raises:
        RuntimeError: it does not.
    """
    port = free_port()
    process = subprocess.Popen([part.replace("{port}", str(port)) for part in command], env=environment)
    try:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command} did not start")
            time.sleep(0.05)
        yield Server(process.pid, port)
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
