"""One user of the running stack with an inbox and a browser window of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from playwright.async_api import BrowserContext, Page, expect

from deploy.local.launch import LaunchedStack

API = "/api/v1/drf/notifications/notifications/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    user: str
    stack: LaunchedStack
    context: BrowserContext
    http: httpx.AsyncClient

    async def open_inbox(self) -> Page:
        page = await self.context.new_page()
        await page.goto(self.stack.url)
        await expect(page.locator("#inbox .state")).to_have_attribute("data-state", "live")
        await expect(page.locator("#inbox .list")).to_have_attribute("aria-busy", "false")
        return page

    async def is_sent(self, title: str, *channels: str, message: str = "Just so that you know.") -> str:
        """Has staff send this reader a notification; returns its id."""
        body = {
            "user": self.user,
            "title": title,
            "message": message,
            "notification_type": "session",
            "delivery_channels": ["in_app", *channels],
        }
        answer = await self._ask("POST", API, body, self.stack.token("staff", staff=True))
        return str(answer["id"])

    async def unread_count(self) -> int:
        return int((await self._ask("GET", f"{API}unread_count/", None, self.stack.token(self.user)))["unread_count"])

    async def _ask(self, method: str, path: str, body: object, token: str) -> dict[str, Any]:
        response = await self.http.request(method, path, json=body, headers={"Authorization": f"Bearer {token}"})
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer


@asynccontextmanager
async def somebody(stack: LaunchedStack, context: BrowserContext) -> AsyncIterator[Reader]:
    """Whom nobody has met before."""
    async with httpx.AsyncClient(base_url=stack.url, timeout=20) as http:
        yield Reader(user=f"reader-{uuid4().hex[:12]}", stack=stack, context=context, http=http)
