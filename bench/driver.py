"""A process that puts on load, and its end of the pipe: one JSON line asks, one answers.

Load comes from processes of their own so that neither the benchmark's bookkeeping nor another side's client
is on anybody's clock.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self

import uvloop

Operation = Callable[..., Awaitable[Any]]


class Driver:
    """`python -m bench.<module>`, for as long as the block lasts."""

    def __init__(self, module: str, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"bench.{module}"],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid

    def ask(self, operation: str, **arguments: Any) -> Any:
        """Raises RuntimeError when the process has died; its reason is on stderr."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("no pipes")
        self._process.stdin.write(json.dumps([operation, arguments]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{operation} failed in process {self._process.args!r}")
        return json.loads(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def answer(operations: Mapping[str, Operation]) -> None:
    """The driven side's whole main: serves until its input ends."""
    uvloop.run(_answer(operations))


async def _answer(operations: Mapping[str, Operation]) -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        operation, arguments = json.loads(line)
        print(json.dumps(await operations[operation](**arguments)), flush=True)
