"""Sample data, loaded once: people, preferences and stories, and what has been read of them."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from uuid import UUID

from demo.marketplace import Marketplace, patiently
from demo.people import PEOPLE
from demo.stories import SAMPLE, Story

log = logging.getLogger("demo")

MARKER = "demo-loaded"
AT_ONCE = 8
READ_SHARE = 0.6
"""The oldest part of an inbox has been read, as in life."""


async def load_sample_data(marketplace: Marketplace, state_dir: Path) -> None:
    """Loads everything unless the marker says that it is there; a load cut short is simply done again."""
    marker = state_dir / MARKER
    if marker.exists():
        return
    await patiently(marketplace.is_open)
    log.info("loading %d sample notifications for %d people", len(SAMPLE), len(PEOPLE))
    await asyncio.gather(*(patiently(partial(marketplace.introduce, person)) for person in PEOPLE))
    await _read_the_oldest(marketplace, zip(SAMPLE, await _tell_all(marketplace), strict=True))
    marker.touch()
    log.info("the sample data is in")


async def _tell_all(marketplace: Marketplace) -> list[UUID]:
    turn = asyncio.Semaphore(AT_ONCE)

    async def tell(story: Story) -> UUID:
        async with turn:
            return (await patiently(partial(marketplace.tell, story))).id

    return await asyncio.gather(*map(tell, SAMPLE))


async def _read_the_oldest(marketplace: Marketplace, told: Iterable[tuple[Story, UUID]]) -> None:
    inboxes: defaultdict[str, list[UUID]] = defaultdict(list)
    for story, notification_id in told:
        inboxes[story.user].append(notification_id)
    for user, ids in inboxes.items():
        await patiently(partial(marketplace.read, user, ids[: int(len(ids) * READ_SHARE)]))
