"""The product without its doors: the SDK alone, and the accept transaction alone."""

import asyncio
import os
import statistics
import time
from typing import Any

import psycopg

from activities.notification import NotificationActivities
from bench import loops
from bench.driver import answer
from bench.http_driver import body
from notifications import NotificationsClient
from notifications.connecting import connect
from notifications.contracts.building import build_request
from notifications.contracts.notification import NotificationRequest
from persistence.database import Database

_POLL_SECONDS = 0.025
_SURE_SECONDS = 0.1


def _request(number: int, users: int, channels: list[str]) -> NotificationRequest:
    content = body(number, channels, users=users)
    return build_request(user=content.pop("user"), notification_type=content.pop("notification_type"), **content)


class ProductDriver:
    def __init__(self) -> None:
        self._client: NotificationsClient | None = None

    async def closed(self, channels: list[str], count: int, at_once: int, users: int) -> dict[str, Any]:
        if self._client is None:
            self._client = await NotificationsClient.connect(os.environ["TEMPORAL_ADDRESS"])
        client = self._client

        async def accept(number: int) -> None:
            await client.accept(_request(number, users, channels))

        return await loops.closed(accept, count=count, at_once=at_once)


async def drain() -> float:
    """When no workflow was open any more (`monotonic`), by Temporal's own list, which lags by milliseconds."""
    client = await connect(os.environ["TEMPORAL_ADDRESS"], namespace="default")
    zero_since: float | None = None
    while zero_since is None or time.monotonic() - zero_since < _SURE_SECONDS:
        if (await client.count_workflows("ExecutionStatus = 'Running'")).count:
            zero_since = None
        elif zero_since is None:
            zero_since = time.monotonic()
        await asyncio.sleep(_POLL_SECONDS)
    return zero_since


async def emails_sent() -> int:
    """By the database: what the benchmark says was sent must have been."""
    async with await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"].replace("+psycopg", "")) as connection:
        rows = await connection.execute(
            "SELECT count(*) FROM deliveries WHERE channel = 'email' AND status IN ('sent', 'delivered')"
        )
        return int((await rows.fetchone() or (0,))[0])


async def transaction(count: int, users: int) -> dict[str, Any]:
    """The accept activity against the stack's PostgreSQL, one after another; seconds."""
    database = Database(os.environ["DATABASE_URL"], pool_size=2)
    accept = NotificationActivities(database=database).accept
    took, used = [], []
    for number in range(count):
        request = _request(number, users, ["in_app"])
        began, cpu = time.perf_counter(), time.process_time()
        await accept(request)
        took.append(time.perf_counter() - began)
        used.append(time.process_time() - cpu)
    await database.close()
    return {"p50": statistics.median(took), "cpu": statistics.mean(used[count // 10 :])}


if __name__ == "__main__":
    driver = ProductDriver()
    answer({"closed": driver.closed, "transaction": transaction, "drain": drain, "emails_sent": emails_sent})
