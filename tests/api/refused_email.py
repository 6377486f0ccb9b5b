"""A delivery that the vendor has refused, as staff and the vendor see it."""

from typing import Any
from uuid import UUID

import httpx
from rest_door import Door, create, delivery, settled

from notifications.contracts.names import delivery_id
from notifications.contracts.vocabulary import Channel

KEYS = {
    "id", "notification", "user", "channel", "status", "reason", "provider", "provider_message_id", "attempts",
    "redrives", "next_attempt_at", "created_at", "updated_at", "sent_at", "delivered_at",
}  # fmt: skip
SECRET = "What nobody else may read."


async def fault(http: httpx.AsyncClient, channel: str, *script: object) -> None:
    (await http.put("/courier-sandbox/faults", json={"channel": channel, "script": script})).raise_for_status()


async def vendor(http: httpx.AsyncClient, owner: Door, listing: str = "messages") -> list[dict[str, Any]]:
    """What the vendor has of this person, oldest first."""
    answer = await http.get(f"/courier-sandbox/{listing}", params={"user": owner.user})
    return list(reversed(answer.json()["results"]))


async def failed(boss: Door, http: httpx.AsyncClient, owner: Door, **fields: Any) -> dict[str, Any]:
    """A notification whose email the vendor has refused for good."""
    await fault(http, "email", 400)
    channels = {"delivery_channels": ["in_app", "email"], "message": SECRET}
    created = await create(boss, owner.user, **{**channels, **fields})
    return await settled(boss, created["id"], lambda found: delivery(found, "email")["status"] == "failed")


def email_of(notification: dict[str, Any]) -> str:
    return str(delivery_id(UUID(notification["id"]), Channel.EMAIL))


async def press(boss: Door, notification: dict[str, Any]) -> httpx.Response:
    return await boss.call("POST", f"deliveries/{email_of(notification)}/redrive/")


async def arrived(boss: Door, notification: dict[str, Any]) -> dict[str, Any]:
    found = await settled(boss, notification["id"], lambda detail: delivery(detail, "email")["status"] == "delivered")
    assert found["status"] == "sent"
    return delivery(found, "email")
