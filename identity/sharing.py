"""Work that many ask for at once and that is done once."""

import asyncio
from collections.abc import Awaitable, Callable


class Shared:
    """Calling it waits until the work is done; who calls while it is under way waits for that same run.

    A caller that gives up does not stop it for the others. What the work raises, all of them get.
    """

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work
        self._run: asyncio.Future[None] | None = None

    async def __call__(self) -> None:
        if self._run is None or self._run.done():
            self._run = asyncio.ensure_future(self._work())
            self._run.add_done_callback(_hear)
        await asyncio.shield(self._run)


def _hear(run: asyncio.Future[None]) -> None:
    """Asyncio complains of an error that nobody is left to hear."""
    if not run.cancelled():
        run.exception()
