"""The people who read: requests made ready beforehand, sent over keep-alive connections and looked at."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from typing import Any

from bench import loops
from bench.driver import answer
from bench.http_driver import Connection, request

_OK = 200
_UNAVAILABLE = 503


class Refused(Exception):
    """The server says that it cannot at the moment."""


async def closed(url: str, calls: list[dict[str, Any]], seconds: float, at_once: int) -> dict[str, Any]:
    """Each connection repeats its share of the calls for so long; the last round is ended off the clock.

    A call is `method`, `path`, `token`, `content` and what its answer must contain, `expect`.
    """
    ready = _ready(url, calls)
    latencies: list[float] = []
    deadline = time.perf_counter() + seconds

    async def one_after_another(share: Sequence[tuple[bytes, bytes]]) -> int:
        connection = Connection(url)
        for number in itertools.count():
            begun = time.perf_counter()
            if begun > deadline and number % len(share) == 0 and number:
                connection.close()
                return number
            await _exchange(connection, *share[number % len(share)])
            if (ended := time.perf_counter()) < deadline:
                latencies.append(ended - begun)
        return 0

    counts = await asyncio.gather(*(one_after_another(ready[number::at_once]) for number in range(at_once)))
    return {"latencies": latencies, "rate": len(latencies) / seconds if seconds else None, "count": sum(counts)}


async def open_(
    *, url: str, calls: list[dict[str, Any]], first: int, rate: float, seconds: float, beside: list[dict[str, Any]]
) -> dict[str, Any]:
    """Calls due at Poisson's moments, from the `first` on in their order; and beside them others, one by one."""
    ready = _ready(url, calls)
    idle: list[Connection] = []
    refused = 0

    async def one(number: int) -> None:
        nonlocal refused
        connection = idle.pop() if idle else Connection(url)
        try:
            await _exchange(connection, *ready[(first + number) % len(ready)])
        except Refused:
            refused += 1
        idle.append(connection)

    result, other = await asyncio.gather(
        loops.open_(one, rate=rate, seconds=seconds), closed(url, beside, seconds, at_once=min(1, len(beside)))
    )
    for connection in idle:
        connection.close()
    return result | {"beside": other, "refused": refused}


def _ready(url: str, calls: Sequence[dict[str, Any]]) -> list[tuple[bytes, bytes]]:
    return [
        (
            request(call["method"], url + call["path"], token=call["token"], content=call.get("content")),
            call["expect"].encode(),
        )
        for call in calls
    ]


async def _exchange(connection: Connection, call: bytes, expect: bytes) -> None:
    status, body = await connection.exchange(call)
    if status == _UNAVAILABLE:
        raise Refused(call.split(b" HTTP")[0])
    if status != _OK or expect not in body:
        raise RuntimeError(f"{call.split(b' HTTP')[0]!r} answered {status}: {body[:200]!r}")


if __name__ == "__main__":
    answer({"closed": closed, "open": open_})
