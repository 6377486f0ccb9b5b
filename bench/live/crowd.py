"""Many clients in one process: what reaches each of them and when, and how they come back when thrown out."""

import asyncio
import random
import time
from typing import Any
from urllib.parse import urlencode

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from bench.driver import answer

_OPENING_AT_ONCE = 50
_OPEN_SECONDS = 60
_POLL_SECONDS = 0.2
# As docs/protocol.md asks of clients: full jitter, twice as long each time.
_FIRST_BACKOFF_SECONDS, _LONGEST_BACKOFF_SECONDS = 0.5, 5.0


class Client:
    def __init__(self, user: str, url: str, token: str) -> None:
        self.user = user
        self.url, self._token = url, token
        self.arrived: dict[int, float] = {}
        """When each event came, by `seq`."""
        self.repeated = 0
        self.established: dict[str, Any] | None = None
        self.returned_at = 0.0
        self.reloads = 0
        self.socket: ClientConnection | None = None

    async def stay(self, turn: asyncio.Semaphore, joined: asyncio.Event) -> None:
        """Comes back whenever it is thrown out, and resumes."""
        backoff = _FIRST_BACKOFF_SECONDS
        while True:
            try:
                async with turn if self.established is None else asyncio.Semaphore():
                    self.socket = await self._open()
                joined.set()
                backoff = _FIRST_BACKOFF_SECONDS
                async for frame in self.socket:
                    self._take(orjson.loads(frame))
            except (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError):
                pass
            await asyncio.sleep(random.uniform(0, backoff))  # noqa: S311 - spreads load
            backoff = min(2 * backoff, _LONGEST_BACKOFF_SECONDS)

    async def _open(self) -> ClientConnection:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else None
        query = "?" + urlencode({"epoch": self.established["epoch"], "seq": self.seq}) if self.established else ""
        socket = await connect(
            self.url + query,
            additional_headers=headers,
            compression=None,
            ping_interval=None,
            open_timeout=_OPEN_SECONDS,
            proxy=None,
        )
        established = orjson.loads(await socket.recv())
        if self.established is not None:
            self.returned_at = time.time()
            self.reloads += not established["resumed"]
        self.established = self.established or established
        return socket

    @property
    def seq(self) -> int:
        return max(self.arrived, default=(self.established or {}).get("seq", 0))

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] in ("new_notification", "notification_update"):
            self.repeated += frame["seq"] in self.arrived
            self.arrived.setdefault(frame["seq"], time.time())


class Crowd:
    def __init__(self) -> None:
        self._clients: list[Client] = []
        self._staying: list[asyncio.Task[None]] = []

    async def join(self, url: str, tokens: dict[str, str]) -> int:
        """A socket for each user, greeted."""
        turn = asyncio.Semaphore(_OPENING_AT_ONCE)
        waiting = []
        for user, token in tokens.items():
            client, joined = Client(user, url, token), asyncio.Event()
            self._clients.append(client)
            self._staying.append(asyncio.create_task(client.stay(turn, joined)))
            waiting.append(joined.wait())
        await asyncio.gather(*waiting)
        return len(self._clients)

    async def arrived(self, events: int, seconds: float) -> dict[str, Any]:
        """When each event came to whom, once so many have come to each, or so long has passed."""
        deadline = time.monotonic() + seconds
        while any(len(client.arrived) < events for client in self._clients) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        return {client.user: {str(seq): at for seq, at in client.arrived.items()} for client in self._clients}

    async def forget(self) -> int:
        for client in self._clients:
            client.established = (client.established or {}) | {"seq": client.seq}
            client.arrived.clear()
        return len(self._clients)

    async def drop(self, count: int) -> int:
        """Breaks off so many sockets, without a word; their clients come back."""
        for client in random.sample(self._clients, count):
            if client.socket is not None:
                client.socket.transport.abort()
        return count

    async def returned(self, since: float, seconds: float) -> dict[str, Any]:
        """When everybody had come back after `since`, and how."""
        deadline = time.monotonic() + seconds
        while any(client.returned_at < since for client in self._clients) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        return {
            "at": [client.returned_at for client in self._clients if client.returned_at >= since],
            "reloads": sum(client.reloads for client in self._clients),
            "repeated": sum(client.repeated for client in self._clients),
        }


if __name__ == "__main__":
    crowd = Crowd()
    answer(
        {
            operation.__name__: operation
            for operation in (crowd.join, crowd.arrived, crowd.forget, crowd.drop, crowd.returned)
        }
    )
