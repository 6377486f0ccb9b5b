"""Batches through the API, and their floor: the same rows, made and inserted by PostgreSQL itself."""

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any

import httpx
import psycopg

from bench.driver import answer

BASE = "/api/v1/drf/notifications"
TITLE, MESSAGE = "New terms", "From June on our terms are shorter; what changes for you is on one page."
NOT_FOUND = 404
_POLL_SECONDS = 0.03

_FLOOR_PAGE = """
    WITH page AS (
        SELECT gen_random_uuid() AS id, 'floor-' || to_char(number, 'FM00000') AS user_id, now() AS at
        FROM generate_series(%(first)s::int, %(last)s::int) AS number
    ), added AS (
        INSERT INTO notifications (
            id, user_id, notification_type, title, message, channels, status, priority, metadata, sent_at,
            published_at, listed_at, created_at, fingerprint, call_id
        )
        SELECT id, user_id, 'system', %(title)s, %(message)s, ARRAY['in_app'], 'sent', 'normal', '{}', at, at, at, at,
            '', ''
        FROM page ON CONFLICT DO NOTHING RETURNING id, user_id
    ), delivered AS (
        INSERT INTO deliveries (id, notification_id, channel, status, rule, subject, body, sent_at, delivered_at)
        SELECT gen_random_uuid(), id, 'in_app', 'delivered', 'required_by_type', %(title)s, %(message)s, now(), now()
        FROM added
    ), moved AS (
        INSERT INTO inboxes AS inbox (user_id, last_seq, unread_count, drawers)
        SELECT user_id, 1, 1, '{"system/unread": 1}' FROM added ORDER BY user_id
        ON CONFLICT (user_id) DO UPDATE SET last_seq = inbox.last_seq + 1, unread_count = inbox.unread_count + 1,
            drawers = jsonb_build_object('system/unread', inbox.unread_count + 1)
        RETURNING user_id, last_seq, unread_count
    )
    INSERT INTO inbox_events (user_id, seq, message, unread_count)
    SELECT user_id, last_seq, jsonb_build_object('type', 'new_notification', 'notification', jsonb_build_object(
        'id', id, 'title', %(title)s::text, 'message', %(message)s::text, 'notification_type', 'system',
        'is_read', false, 'created_at', now(), 'metadata', '{}'::jsonb, 'related_object_type', NULL,
        'related_object_id', NULL, 'group_key', NULL)), unread_count
    FROM moved JOIN added USING (user_id)
"""


async def floor(count: int, page: int) -> dict[str, float]:
    """One connection, a transaction a page."""
    url = os.environ["DATABASE_URL"].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        started = time.monotonic()
        for first in range(0, count, page):
            values = {"first": first, "last": min(first + page, count) - 1, "title": TITLE, "message": MESSAGE}
            await connection.execute(_FLOOR_PAGE, values)
        return {"started": started, "ended": time.monotonic()}


async def describe(url: str, token: str, users: list[str]) -> None:
    async with _client(url, token) as http:
        for user in users:
            person = {"name": user, "email": f"{user}@example.com"}
            (await http.put(f"{BASE}/recipients/{user}/", json=person)).raise_for_status()


async def announce(url: str, token: str, users: list[str], channels: list[str]) -> dict[str, Any]:
    """One batch, until everybody is accepted."""
    async with _client(url, token) as http:
        started = time.monotonic()
        address = await _accepted(http, users, channels)
        await _until(http, address, lambda batch: batch["status"] == "completed")
        return {"started": started, "ended": time.monotonic()}


async def begin(url: str, token: str, users: list[str], channels: list[str], batches: int) -> list[str]:
    """The addresses of batches that have begun to run."""
    async with _client(url, token) as http:
        addresses = [await _accepted(http, users, channels) for _ in range(batches)]
        await _until(http, addresses[0], lambda batch: batch["started_at"])
        return addresses


async def status(url: str, token: str, address: str) -> dict[str, Any]:
    async with _client(url, token) as http:
        batch: dict[str, Any] = (await http.get(address)).raise_for_status().json()
        return batch


async def settle(url: str, token: str, addresses: list[str]) -> None:
    """Until nothing of the batches is under way."""
    async with _client(url, token) as http:
        for address in addresses:
            await _until(http, address, lambda batch: batch["finished_at"] and not batch["notifications"]["pending"])


def _client(url: str, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)


async def _accepted(http: httpx.AsyncClient, users: list[str], channels: list[str]) -> str:
    body = {"users": users, "notification_type": "system", "delivery_channels": channels}
    response = await http.post(f"{BASE}/notifications/bulk/", json={**body, "title": TITLE, "message": MESSAGE})
    return response.raise_for_status().headers["Location"]


async def _until(http: httpx.AsyncClient, address: str, holds: Callable[[dict[str, Any]], bool]) -> None:
    while True:
        response = await http.get(address)
        # On a busy machine it may be accepted and not readable yet.
        if response.status_code != NOT_FOUND and holds(response.raise_for_status().json()):
            return
        await asyncio.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    answer(
        {
            "floor": floor,
            "describe": describe,
            "announce": announce,
            "begin": begin,
            "status": status,
            "settle": settle,
        }
    )
