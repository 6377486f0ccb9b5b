"""What is seen of a stack whose processes come and go: who looks waits until there is an answer."""

import asyncio
from contextlib import suppress
from typing import Any

import httpx
import psycopg

from deploy.local.launch import LaunchedStack

BASE = "/api/v1/drf/notifications"
DEADLINE_SECONDS = 90


def bearer(stack: LaunchedStack, user: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {stack.token(user, staff=user == 'staff')}"}


def as_staff(stack: LaunchedStack) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=stack.url, headers=bearer(stack, "staff"), timeout=20)


async def inbox(stack: LaunchedStack, http: httpx.AsyncClient, user: str, *, at_least: int = 1) -> list[dict[str, Any]]:
    """As soon as the database answers and there are so many."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            answer = await http.get(f"{BASE}/notifications/", headers=bearer(stack, user))
            if answer.is_success and len(found := answer.json()["results"]) >= at_least:
                return list(found)
            await asyncio.sleep(0.1)


async def queried(stack: LaunchedStack, statement: str) -> list[tuple[Any, ...]]:
    """As soon as the database answers."""
    url = stack.environment["DATABASE_URL"].replace("+psycopg", "")
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            with suppress(psycopg.OperationalError):
                async with await psycopg.AsyncConnection.connect(url, connect_timeout=3) as connection:
                    found = await connection.execute(statement.encode())
                    return await found.fetchall() if found.description else []
            await asyncio.sleep(0.1)
