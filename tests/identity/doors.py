"""The two doors of a running stack, as somebody with a token meets them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

BASE = "/api/v1/drf/notifications"
DEADLINE_SECONDS = 8


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class Doors:
    def __init__(self, http: httpx.AsyncClient, socket_url: str, *, origin: str, staff: str) -> None:
        self.http = http
        self.staff = staff
        self.socket_url = socket_url
        self.origin = origin

    async def read(self, token: str) -> httpx.Response:
        return await self.http.get(f"{BASE}/notifications/unread_count/", headers=bearer(token))

    async def revoke(self, **what: Any) -> None:
        answer = await self.http.post(f"{BASE}/token-revocations/", json=what, headers=bearer(self.staff))
        assert answer.status_code == 201, answer.text

    async def ticket(self, token: str) -> str:
        answer = await self.http.post(f"{BASE}/ws-ticket/", headers=bearer(token))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["ticket"])

    @asynccontextmanager
    async def socket(self, token: str = "", *, url: str = "", ticket: str = "") -> AsyncIterator[ClientConnection]:
        """An open socket, past its first frame."""
        address = (url or self.socket_url) + (f"?ticket={ticket}" if ticket else "")
        headers = bearer(token) if token else {}
        async with connect(address, additional_headers=headers, proxy=None, compression=None) as socket:
            async with asyncio.timeout(DEADLINE_SECONDS):
                first = json.loads(await socket.recv())
            assert first["type"] == "connection_established"
            yield socket

    async def refusal(self, token: str = "", *, ticket: str = "") -> tuple[int, str]:
        """The status and the words with which a program's handshake is refused."""
        try:
            async with self.socket(token, ticket=ticket):
                return 101, ""
        except InvalidStatus as refused:
            return refused.response.status_code, (refused.response.body or b"").decode()

    async def code_for_a_page(self, token: str) -> tuple[int, str]:
        """The code and reason with which a browser's socket is closed."""
        options: dict[str, Any] = {"origin": self.origin, "additional_headers": bearer(token), "proxy": None}
        async with connect(self.socket_url, **options) as socket:
            return await closing(socket)


async def closing(socket: ClientConnection, *, within_seconds: float = DEADLINE_SECONDS) -> tuple[int, str]:
    """The code and reason with which an open socket is closed."""
    try:
        async with asyncio.timeout(within_seconds):
            while True:
                await socket.recv()
    except ConnectionClosed as closed:
        return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
