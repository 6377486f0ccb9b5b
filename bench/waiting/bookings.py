"""A marketplace's bookings, each reminding its client and its practitioner; and what reached the provider of them."""

import asyncio
import os
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from bench import loops
from bench.driver import answer
from notifications import NotificationsClient

BASE = "/api/v1/drf/notifications"
OFFSETS = (24 * 3600, 1800)
"""Seconds before a session of which its two people are reminded."""
_AT_ONCE = 16
_POLL_SECONDS = 0.25
_PATIENCE_SECONDS = 90


class Bookings:
    """Their reminders are made through the SDK, and by e-mail as well as in-app."""

    def __init__(self) -> None:
        self._client: NotificationsClient | None = None

    async def open(
        self, *, kind: str, count: int, starts_at: float, spread: float, offsets: list[int], people: list[list[str]]
    ) -> dict[str, Any]:
        """`count` bookings that start at `starts_at` (epoch) and evenly later, the last before `spread` seconds."""
        if self._client is None:
            self._client = await NotificationsClient.connect(os.environ["TEMPORAL_ADDRESS"])
        client = self._client

        async def one(number: int) -> None:
            await client.remind(
                anchor=f"{kind}:{number}",
                starts_at=datetime.fromtimestamp(starts_at + spread * number / count, UTC),
                offsets=offsets,
                users=people[number % len(people)],
                title=f"{kind} {number}",
                message="Bring a mat and some water.",
                delivery_channels=["in_app", "email"],
                escalation={},
            )

        return await loops.closed(one, count=count, at_once=_AT_ONCE)


async def move(url: str, token: str, anchors: list[str], starts_at: float) -> list[float]:
    """The seconds that each anchor's move by REST took to be answered, one after another."""
    taken = []
    async with _rest(url, token) as http:
        for number, anchor in enumerate(anchors):
            moment = datetime.fromtimestamp(starts_at, UTC) + timedelta(minutes=number)
            began = time.perf_counter()
            (await http.patch(f"{BASE}/reminders/{anchor}/", json={"starts_at": moment.isoformat()})).raise_for_status()
            taken.append(time.perf_counter() - began)
    return taken


async def introduce(url: str, token: str, users: list[str]) -> None:
    """Gives everybody an address."""
    async with _rest(url, token) as http:
        for user in users:
            person = {"name": user, "email": f"{user}@example.com"}
            (await http.put(f"{BASE}/recipients/{user}/", json=person)).raise_for_status()


async def arrived(*, sandbox: str, kind: str, count: int, fires_at: float, spread: float, users: list[str]) -> Any:
    """How late each reminder of these bookings reached the provider, in seconds; how many never, or again.

    Waits until every one has come, or nothing more is to be hoped for.
    """
    deadline = max(time.time(), fires_at + spread) + _PATIENCE_SECONDS
    async with httpx.AsyncClient(base_url=sandbox, timeout=30) as http:
        while True:
            # One page holds a thousand, so each person is asked after.
            pages = [
                (await http.get("/messages", params={"user": user, "page_size": 1000})).json()["results"]
                for user in users
            ]
            found = [message for page in pages for message in page if message["title"].startswith(f"{kind} ")]
            per_reminder = Counter((message["user"], message["title"]) for message in found)
            if len(per_reminder) >= 2 * count or time.time() > deadline:
                break
            await asyncio.sleep(_POLL_SECONDS)
    late = [
        datetime.fromisoformat(message["received_at"]).timestamp()
        - (fires_at + spread * int(message["title"].rpartition(" ")[2]) / count)
        for message in found
    ]
    return {"late": late, "lost": 2 * count - len(per_reminder), "again": len(found) - len(per_reminder)}


def _rest(url: str, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)


if __name__ == "__main__":
    answer({"open": Bookings().open, "move": move, "introduce": introduce, "arrived": arrived})
