"""Batches as staff meet them."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
from rest_door import Door

BATCH_KEYS = {
    "id",
    "status",
    "total",
    "accepted",
    "failed",
    "stopped",
    "failures",
    "notification_type",
    "title",
    "template_key",
    "audience",
    "scheduled_for",
    "created_at",
    "started_at",
    "finished_at",
}
DETAIL_KEYS = BATCH_KEYS | {"notifications"}
OVER = ("completed", "cancelled", "failed")


def somebody(count: int) -> list[str]:
    crowd = uuid4().hex[:12]
    return [f"user-{crowd}-{number:05}" for number in range(count)]


def announcement(**fields: Any) -> dict[str, Any]:
    """A body of a batch that only inboxes are to receive."""
    words = {} if "template_key" in fields else {"title": "Terms", "message": "New terms from June."}
    return {"notification_type": "system", "delivery_channels": ["in_app"], **words, **fields}


async def announce(by: Door, **fields: Any) -> str:
    """The id of a batch that must be accepted."""
    response = await by.call("POST", "notifications/bulk/", json=announcement(**fields))
    assert response.status_code == 202, response.text
    return str(response.json()["id"])


async def refused(by: Door, **fields: Any) -> dict[str, list[str]]:
    """The fields at fault of a batch that must be refused."""
    response = await by.call("POST", "notifications/bulk/", json=announcement(**fields))
    assert response.status_code == 400, response.text
    errors: dict[str, list[str]] = response.json()
    return errors


async def cancelled(by: Door, batch: str) -> httpx.Response:
    return await by.call("POST", f"notifications/bulk/{batch}/cancel/")


async def ended(by: Door, batch: str) -> dict[str, Any]:
    """The batch, once it is over and none of its notifications is under way."""
    detail: dict[str, Any] = {}
    try:
        async with asyncio.timeout(60):
            while True:
                detail = await by.get(f"notifications/bulk/{batch}/")
                if detail["status"] in OVER and not detail["notifications"]["pending"]:
                    return detail
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"still {detail}") from None
