"""What is gathered for somebody, and what comes of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from rest_door import Door, create

HOUR = {"kind": "duration", "seconds": 3600}


async def gather(boss: Door, ada: Door, title: str, window: dict[str, object] = HOUR, **fields: Any) -> dict[str, Any]:
    """The detail of an accepted entry."""
    choice = {"key": fields.pop("key", "workshop:7"), "window": window}
    given = {"notification_type": "payment", "delivery_channels": ["in_app", "email"], **fields}
    return await create(boss, ada.user, title=title, message=f"{title}.", digest=choice, **given)


async def digests(boss: Door, ada: Door) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await boss.get("digests/", user=ada.user))["results"]
    return found


async def flush(boss: Door, ada: Door) -> dict[str, Any]:
    """The newest digest, as it was flushed."""
    newest = (await digests(boss, ada))[0]
    response = await boss.call("POST", f"digests/{newest['id']}/flush/")
    assert response.status_code == 200, response.text
    flushed: dict[str, Any] = response.json()
    return flushed


async def once(found: Callable[[], Awaitable[Any]]) -> Any:
    """What is looked for, as soon as it is there."""
    async with asyncio.timeout(15):
        while not (there := await found()):
            await asyncio.sleep(0.02)
    return there


async def inbox(owner: Door) -> list[dict[str, Any]]:
    """As soon as anything is in it."""
    return list(await once(lambda: items(owner)))


async def items(owner: Door) -> list[dict[str, Any]]:
    return list((await owner.get("notifications/"))["results"])


async def emails(http: httpx.AsyncClient, owner: Door) -> list[dict[str, Any]]:
    params = {"user": owner.user, "channel": "email"}
    found = (await http.get("/courier-sandbox/messages", params=params)).raise_for_status()
    return list(found.json()["results"])
