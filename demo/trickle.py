"""Something happens in the marketplace now and then, so that a page left open shows what live means."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from random import SystemRandom

from demo.bookings import BOOKINGS
from demo.stories import MOMENTS, Story
from notifications import ServiceUnreachable

log = logging.getLogger("demo")

PAUSE_SECONDS = (20.0, 40.0)

chance = SystemRandom()


async def trickle(
    tell: Callable[[Story], Awaitable[object]], *, pause_seconds: tuple[float, float] = PAUSE_SECONDS
) -> None:
    """Tells one new story after each pause, until cancelled; one missed while the service is away stays untold."""
    is_away = False
    while True:
        await asyncio.sleep(chance.uniform(*pause_seconds))
        story = chance.choice(MOMENTS)(chance.choice(BOOKINGS))
        try:
            await tell(story)
            is_away = False
        except ServiceUnreachable as error:
            if not is_away:
                log.warning("the notification service is away, trying again later: %s", error)
            is_away = True
