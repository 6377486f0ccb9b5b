"""Cancelling while the message goes out: whatever the answer says is what the vendor's ledger says."""

import asyncio
import random
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient
from notifications.contracts.changes import Effect

BASE = "/api/v1/drf/notifications"
RACES = 500
AT_ONCE = 10


@dataclass(frozen=True)
class Track:
    """Everything that a race needs."""

    client: NotificationsClient
    http: httpx.AsyncClient
    headers: dict[str, str]
    user: str

    async def race(self, title: str, delay: float) -> Effect:
        """What the cancellation, so much later than the creation, was told about the email."""
        notification = await self.client.notify(
            user=self.user, title=title, message="Catch me.", notification_type="booking", delivery_channels=["email"]
        )
        await asyncio.sleep(delay)
        response = await self.http.post(f"{BASE}/notifications/{notification.id}/cancel/", headers=self.headers)
        assert response.status_code in (200, 409), response.text
        (told,) = response.json()["channels"]
        return Effect(told["effect"])


@pytest.fixture
async def track(stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient) -> Track:
    user = f"racer-{uuid4().hex}"
    headers = {"Authorization": f"Bearer {stack.token('staff', staff=True)}"}
    profile = {"email": f"{user}@example.org"}
    (await http.put(f"{BASE}/recipients/{user}/", json=profile, headers=headers)).raise_for_status()
    return Track(client, http, headers, user)


async def test_the_answer_always_matches_the_ledger(track: Track) -> None:
    turn, dice = asyncio.Semaphore(AT_ONCE), random.Random(7)  # noqa: S311 - delays

    async def one(number: int, delay: float) -> tuple[str, Effect]:
        async with turn:
            return str(number), await track.race(str(number), delay)

    answers = dict(await asyncio.gather(*(one(number, dice.uniform(0, 0.06)) for number in range(RACES))))
    response = await track.http.get("/courier-sandbox/messages", params={"user": track.user, "page_size": 1000})
    sent = sorted(message["title"] for message in response.json()["results"])
    assert sent == sorted(title for title, effect in answers.items() if effect is Effect.ALREADY_SENT)
    assert set(answers.values()) == {Effect.ALREADY_SENT, Effect.STOPPED}
