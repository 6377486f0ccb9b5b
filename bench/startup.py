"""How long until the stack is ready: for the first time, again, and from a bare clone."""

import os
import signal
import subprocess
import time
from pathlib import Path

from bench.table import section, table
from deploy.local.launch import CHECKOUT, launched

_TARGET_SECONDS, _TARGET_CLONE_SECONDS = 15, 90
_PATIENCE_SECONDS = 300
_STOP_SECONDS = 30


def startup(state: Path) -> str:
    rows = [
        (name, f"{seconds:.1f}", target)
        for name, seconds, target in (
            ("first start, empty STATE_DIR", _seconds_to_ready(state), ""),
            ("later start", _seconds_to_ready(state), _TARGET_SECONDS),
            ("`make run` in a bare clone, packages cached", _seconds_from_clone(state), _TARGET_CLONE_SECONDS),
        )
    ]
    return section("Start", table(["from", "seconds to ready", "target"], rows))


def _seconds_to_ready(state: Path) -> float:
    started = time.monotonic()
    with launched(state, demo=True):
        return time.monotonic() - started


def _seconds_from_clone(beside: Path) -> float:
    """The last commit, cloned; the clone is part of the time."""
    clone = beside.parent / "clone"
    listing = clone / ".local/stack.json"
    with beside.with_name("clone.log").open("wb") as log:
        started = time.monotonic()
        subprocess.run(["git", "clone", "--quiet", str(CHECKOUT), str(clone)], check=True)
        make = subprocess.Popen(
            ["make", "run"],
            cwd=clone,
            env={**os.environ, "PORT": "8471", "STATE_DIR": str(listing.parent)},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while not listing.exists():
                if make.poll() is not None or time.monotonic() - started > _PATIENCE_SECONDS:
                    raise RuntimeError("The clone did not become ready:\n" + Path(log.name).read_text()[-2000:])
                time.sleep(0.05)
            return time.monotonic() - started
        finally:
            os.killpg(make.pid, signal.SIGTERM)
            make.wait(_STOP_SECONDS)
