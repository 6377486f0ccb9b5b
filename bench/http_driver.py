"""The service's HTTP client: keep-alive connections with as little of its own on the clock as can be."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from bench import loops
from bench.driver import answer

NOTIFICATIONS = "/api/v1/drf/notifications/notifications/"
RECIPIENTS = "/api/v1/drf/notifications/recipients/"
CREATED = 201
ACCEPTED_SOON = 202


def request(method: str, url: str, *, token: str, content: dict[str, Any] | None = None) -> bytes:
    """A whole request as it goes over the wire."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    body = b"" if content is None else json.dumps(content).encode()
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n{length}\r\n"
    return head.encode() + body


class Connection:
    """One keep-alive connection; one request at a time. Opened anew when the server has closed it."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url, self._token = url, token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @classmethod
    async def to(cls, url: str, token: str) -> "Connection":
        connection = cls(url, token)
        await connection.open()
        return connection

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self._url)
        self._streams = await asyncio.open_connection(parts.hostname, parts.port)
        return self._streams

    async def send(self, method: str, path: str, content: dict[str, Any]) -> int:
        status, _ = await self.exchange(request(method, self._url + path, token=self._token, content=content))
        return status

    async def exchange(self, request: bytes) -> tuple[int, bytes]:
        """A request's status and body."""
        if self._streams is None or self._streams[0].at_eof():
            self._streams = await self.open()
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].partition(b"\r")[0]
        body = await reader.readexactly(int(length))
        if b"\r\nconnection: close" in head:
            self.close()
        return int(head[9:12]), body

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Pool:
    """Connections handed out one call each; opened when all are busy, so that an open loop never waits for one."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token
        self._idle: list[Connection] = []
        self.late = 0
        """Answered with 202: taken in, but not readable within two seconds."""

    async def post(self, content: dict[str, Any]) -> None:
        connection = self._idle.pop() if self._idle else await Connection.to(self._url, self._token)
        status = await connection.send("POST", NOTIFICATIONS, content)
        if status not in (CREATED, ACCEPTED_SOON):
            raise RuntimeError(f"POST answered {status}")
        self.late += status == ACCEPTED_SOON
        self._idle.append(connection)

    async def fill(self, size: int) -> None:
        while len(self._idle) < size:
            self._idle.append(await Connection.to(self._url, self._token))

    def close(self) -> None:
        for connection in self._idle:
            connection.close()


def body(number: int, channels: Sequence[str], *, users: int, prefix: str = "bench") -> dict[str, Any]:
    """A notification like the marketplace's own."""
    return {
        "user": f"{prefix}-{number % users}",
        "notification_type": "booking",
        "title": "Booking confirmed",
        "message": "Your yoga session with Jane Doe on Tuesday at 18:00 is confirmed.",
        "delivery_channels": list(channels),
        "metadata": {"booking_id": 4711, "number": number},
        "related_object_type": "booking",
        "related_object_id": "4711",
    }


async def introduce(url: str, token: str, users: int) -> None:
    """Gives every user of the benchmark an address."""
    connection = await Connection.to(url, token)
    for number in range(users):
        person = {"name": f"Person {number}", "email": f"person-{number}@example.com"}
        status = await connection.send("PUT", f"{RECIPIENTS}bench-{number}/", person)
        if status not in (200, CREATED):
            raise RuntimeError(f"PUT answered {status}")
    connection.close()


async def closed(*, url: str, token: str, channels: list[str], count: int, at_once: int, users: int) -> dict[str, Any]:
    pool = Pool(url, token)
    await pool.fill(at_once)
    try:
        result = await loops.closed(
            lambda number: pool.post(body(number, channels, users=users)), count=count, at_once=at_once
        )
        return result | {"late": pool.late}
    finally:
        pool.close()


if __name__ == "__main__":
    answer({"introduce": introduce, "closed": closed})
