"""A stack of one's own for tests and benchmarks: started aside, asked for its addresses, stopped at the end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.state import free_port
from deploy.local.token import development_token

CHECKOUT = Path(__file__).parents[2]
_READY_SECONDS = 120
_STOP_SECONDS = 30
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class LaunchedStack:
    """A running stack. Its listing is read anew each time, because process ids change."""

    state_dir: Path
    log: Path

    @property
    def listing(self) -> dict[str, Any]:
        listing: dict[str, Any] = json.loads((self.state_dir / "stack.json").read_text())
        return listing

    @property
    def environment(self) -> dict[str, str]:
        """What the product's processes were given: addresses and secrets."""
        environment: dict[str, str] = json.loads((self.state_dir / "env.json").read_text())
        return environment

    @property
    def url(self) -> str:
        return str(self.listing["public_url"])

    @property
    def websocket_url(self) -> str:
        return f"{self.url.replace('http', 'ws', 1)}/ws/notifications/"

    @property
    def temporal_address(self) -> str:
        return str(self.listing["temporal_address"])

    def pid(self, process: str) -> int | None:
        pid = self.listing["pids"].get(process)
        return None if pid is None else int(pid)

    def token(self, user: str, *, staff: bool = False) -> str:
        return development_token(user, secret=self.environment["JWT_SECRET"], staff=staff)


@contextmanager
def launched(
    state_dir: Path, *processes: str, environment: Mapping[str, str] | None = None, demo: bool = False
) -> Iterator[LaunchedStack]:
    """A stack on a free port, ready; with `processes`, only those and what they need.

    Raises:
        RuntimeError: it did not become ready; the last lines of its log are the message.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    log = state_dir.with_suffix(".log")
    given = {"PORT": str(free_port()), "STATE_DIR": str(state_dir), "DEMO": "1" if demo else "0"}
    with log.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", "deploy.local", *processes],
            cwd=CHECKOUT,
            env={**os.environ, **given, **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await_ready(child, state_dir / "stack.json", log)
        yield LaunchedStack(state_dir, log)
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()  # its children follow it
            child.wait()


def _await_ready(child: subprocess.Popen[bytes], listing: Path, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not listing.exists():
        if child.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("The stack did not become ready:\n" + "\n".join(log.read_text().splitlines()[-20:]))
        time.sleep(_POLL_SECONDS)
