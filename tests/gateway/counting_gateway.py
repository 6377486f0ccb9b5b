"""The gateway without a garbage collector: SIGUSR1 has it print how much only a collector could have freed."""

import gc
import signal

from ws_gateway import server


def count(*_: object) -> None:
    print(gc.collect(), flush=True)  # noqa: T201 - to whoever has asked


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, count)
    server.settle_memory = gc.disable  # type: ignore[attr-defined] # once everything is built
    server.main()
