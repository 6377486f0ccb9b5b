"""More API processes on the stack's database and behind none of its edge, with settings of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from deploy.local.launch import CHECKOUT, LaunchedStack
from deploy.local.state import free_port

_READY_SECONDS = 60


@contextmanager
def api_process(stack: LaunchedStack, **settings: str) -> Iterator[str]:
    """Where it answers."""
    port = str(free_port())
    process = subprocess.Popen(
        [sys.executable, "-m", "api.app"],
        cwd=CHECKOUT,
        env={**os.environ, **stack.environment, "API_PORT": port, **settings},
    )
    try:
        _await_ready(process, url := f"http://127.0.0.1:{port}")
        yield url
    finally:
        process.terminate()
        process.wait()


def _await_ready(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None
        try:
            httpx.get(f"{url}/healthz")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError
