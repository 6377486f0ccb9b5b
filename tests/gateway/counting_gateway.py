"""The gateway without a garbage collector: SIGUSR1 has it print how much only a collector could have freed."""

import gc
import signal
from collections import Counter

from ws_gateway import server


def tracked() -> Counter[type]:
    # A collection stops tracking those that cannot be part of any cycle, and frees none of them.
    return Counter(type(each) for each in gc.get_objects() if type(each) not in (dict, tuple))


def count(*_: object) -> None:
    """Compared, since the collector's own count leaves out what a finalizer frees: a generator that waits."""
    before = tracked()
    gc.collect()
    print((before - tracked()).total(), flush=True)  # noqa: T201 - to whoever has asked


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, count)
    server.settle_memory = gc.disable  # type: ignore[attr-defined] # once everything is built
    server.main()
