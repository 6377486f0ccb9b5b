"""The REST door as one caller meets it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from promises import Promises

from deploy.local.launch import LaunchedStack

BASE = "/api/v1/drf/notifications"
UNKNOWN = "00000000-0000-4000-8000-000000000000"

ITEM_KEYS = {
    "id",
    "title",
    "message",
    "notification_type",
    "is_read",
    "created_at",
    "time_since",
    "metadata",
    "related_object_type",
    "related_object_id",
    "group_key",
}
DETAIL_KEYS = ITEM_KEYS | {
    "user",
    "user_name",
    "delivery_channel",
    "delivery_channels",
    "deliveries",
    "read_at",
    "is_seen",
    "seen_at",
    "digested_in",
    "archived_at",
    "snoozed_until",
    "status",
    "scheduled_for",
    "sent_at",
    "expires_at",
    "notification_key",
    "priority",
    "updated_at",
}


@dataclass(frozen=True)
class Door:
    http: httpx.AsyncClient
    user: str
    headers: dict[str, str]

    async def call(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """The answer, which is what the OpenAPI document says, whatever else a test wants of it."""
        address = f"{BASE}/{path}"
        response = await self.http.request(method, address, headers=self.headers | (headers or {}), **options)
        (await Promises.of(self.http)).hold(response)
        return response

    async def get(self, path: str, **params: Any) -> Any:
        """The answer to a read that must succeed."""
        response = await self.call("GET", path, params=params)
        assert response.status_code == 200, response.text
        return response.json()

    async def titles(self, **params: Any) -> list[str]:
        return [item["title"] for item in (await self.get("notifications/", **params))["results"]]


def person(stack: LaunchedStack, http: httpx.AsyncClient, user: str = "") -> Door:
    """Somebody new, unless named."""
    user = user or f"user-{uuid4().hex[:12]}"
    return Door(http, user, {"Authorization": f"Bearer {stack.token(user)}"})


def staff(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return Door(http, "staff", {"Authorization": f"Bearer {stack.token('staff', staff=True)}"})


async def reachable(by: Door, owner: Door, **profile: object) -> Door:
    """The owner, once staff have said that they are reached by email, and what else is given."""
    described = {"email": f"{owner.user}@example.org", **profile}
    response = await by.call("PUT", f"recipients/{owner.user}/", json=described)
    assert response.status_code == 201, response.text
    return owner


def anybody(http: httpx.AsyncClient) -> Door:
    return Door(http, "", {})


def wanted(user: str, /, **fields: Any) -> dict[str, Any]:
    """A body of a creation that only the inbox is to receive."""
    words = {} if "template_key" in fields else {"title": "Terms", "message": "New terms from June."}
    return {"user": user, "notification_type": "system", "delivery_channels": ["in_app"], **words, **fields}


async def create(by: Door, user: str, /, **fields: Any) -> dict[str, Any]:
    """The detail of a notification that must be created."""
    response = await by.call("POST", "notifications/", json=wanted(user, **fields))
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


async def create_many(by: Door, user: str, titles: list[str], **fields: Any) -> list[dict[str, Any]]:
    """One after another, so that their order is known."""
    return [await create(by, user, title=title, **fields) for title in titles]


async def refusal(by: Door, **fields: Any) -> dict[str, list[str]]:
    """The fields at fault of a creation that must be refused."""
    response = await by.call("POST", "notifications/", json=wanted("nobody-in-particular", **fields))
    assert response.status_code == 400, response.text
    errors: dict[str, list[str]] = response.json()
    return errors


async def settled(by: Door, notification_id: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The detail, as soon as the condition holds."""
    detail: dict[str, Any] = {}
    try:
        async with asyncio.timeout(20):
            while True:
                detail = await by.get(f"notifications/{notification_id}/")
                if holds(detail):
                    return detail
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"still {detail}") from None


def delivery(detail: dict[str, Any], channel: str) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in detail["deliveries"] if item["channel"] == channel)
    return found
