"""The way out: readiness is red first, then each connection is sent elsewhere at a moment of its own.

All of them at once would knock at the other gateways, and at the database behind them, in the same instant.
"""

import asyncio
import random
from collections.abc import Collection

from ws_gateway.frames import CloseCode
from ws_gateway.session import end


class Draining:
    def __init__(self) -> None:
        self.begun = False

    async def run(self, conversations: Collection[asyncio.Future[None]], *, seconds: float) -> None:
        """Ends each conversation within `seconds`; from the first moment on nobody new is let in."""
        self.begun = True
        loop = asyncio.get_running_loop()
        for conversation in conversations:
            moment = random.uniform(0, seconds)  # noqa: S311 - spreads load, keeps no secret
            loop.call_later(moment, end, conversation, CloseCode.RESTART, "Restarting; reconnect and resume.")
        if conversations:
            await asyncio.wait(conversations)
