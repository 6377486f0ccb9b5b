"""`python -m bench [NAME ...]`: measures, and prints what `docs/benchmarks.md` quotes."""

import sys
import tempfile
from pathlib import Path

from bench.accept import accept
from bench.bulk import bulk
from bench.latency import latency
from bench.live.live import live
from bench.live.soak import soak
from bench.memory import memory
from bench.rest.growth import growth
from bench.rest.mark_all import mark_all
from bench.rest.side_by_side import side_by_side
from bench.startup import startup
from bench.table import machine
from bench.waiting.open_reminders import open_reminders
from bench.waiting.punctuality import punctuality
from bench.waiting.writes import writes

BENCHES = {
    "accept": accept,
    "latency": latency,
    "startup": startup,
    "memory": memory,
    "rest": side_by_side,
    "growth": growth,
    "mark-all": mark_all,
    "bulk": bulk,
    "live": live,
    "soak": soak,
    "punctuality": punctuality,
    "reminders": open_reminders,
    "writes": writes,
}


def main() -> None:
    asked = sys.argv[1:] or list(BENCHES)
    if unknown := set(asked) - set(BENCHES):
        sys.exit(f"unknown bench {', '.join(sorted(unknown))}; there are: {' '.join(BENCHES)}")
    print(machine(), end="\n\n")
    for name in asked:
        with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
            print(BENCHES[name](Path(folder) / "state"), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
