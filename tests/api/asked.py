"""What is asked about before it is sent, and what comes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from rest_door import Door, create, delivery, settled

SKIPPED, UNREACHABLE = ("skipped", "no_longer_true"), ("skipped", "precondition_unreachable")


async def asked_about(boss: Door, owner: Door, url: str, if_unreachable: str = "send", **fields: Any) -> dict[str, Any]:
    """The detail of an accepted notification."""
    precondition = {"url": url, "if_unreachable": if_unreachable}
    fields = {"delivery_channels": ["in_app", "email"]} | fields
    return await create(boss, owner.user, precondition=precondition, **fields)


async def ended(boss: Door, created: dict[str, Any]) -> dict[str, Any]:
    return await settled(boss, created["id"], lambda found: found["status"] != "pending")


def outcome(detail: dict[str, Any], channel: str = "email") -> tuple[str, str | None]:
    found = delivery(detail, channel)
    return found["status"], found["reason"]


async def sent_to(http: httpx.AsyncClient, owner: Door) -> list[str]:
    """The channels, in the order in which the vendor was given something for them."""
    found = (await http.get("/courier-sandbox/messages", params={"user": owner.user})).json()["results"]
    return [message["channel"] for message in reversed(found)]


async def answers(boss: Door, created: dict[str, Any]) -> list[str | None]:
    """What asking came to each time, as the timeline has it."""
    timeline = await boss.get(f"notifications/{created['id']}/timeline/")
    return [entry["reason"] for entry in timeline["entries"] if entry["event"] == "asked"]


def instant(*, seconds: float) -> str:
    """So far from now, on the wire."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
