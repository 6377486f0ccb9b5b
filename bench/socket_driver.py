"""A marketplace's browsers and its backend in one process, so that both ends of a push are on one clock."""

import asyncio
import json
import time
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from bench import loops
from bench.driver import answer
from bench.http_driver import Pool, body

_ARRIVAL_SECONDS = 60.0
_OPENING_AT_ONCE = 20
_CONNECTIONS = 16


class SocketDriver:
    def __init__(self) -> None:
        self._sockets: list[ClientConnection] = []
        self._arrived: dict[int, float] = {}
        self._arrival = asyncio.Event()
        self._listening: list[asyncio.Task[None]] = []

    async def open_sockets(self, url: str, tokens: list[str]) -> int:
        """A socket per token, open and greeted; how many there are now."""
        turn = asyncio.Semaphore(_OPENING_AT_ONCE)

        async def one(token: str) -> ClientConnection:
            async with turn:
                headers = {"Authorization": f"Bearer {token}"} if token else None
                # Its own keepalive would make work of what is to be idle.
                socket = await connect(
                    url, additional_headers=headers, compression=None, ping_interval=None, open_timeout=60
                )
                await socket.recv()
                return socket

        opened = await asyncio.gather(*map(one, tokens))
        self._sockets += opened
        self._listening += [asyncio.create_task(self._listen(socket)) for socket in opened]
        return len(self._sockets)

    async def post(self, url: str, token: str, rate: float, seconds: float) -> dict[str, Any]:
        """An open loop of POSTs; the latencies of the answers, and of the frames at the sockets (`pushed`)."""
        pool = Pool(url, token)
        await pool.fill(_CONNECTIONS)
        self._arrived.clear()
        due: list[float] = []

        async def one(number: int) -> None:
            await pool.post(body(number, ["in_app"], users=len(self._sockets)))

        result = await loops.open_(one, rate=rate, seconds=seconds, due=due)
        async with asyncio.timeout(_ARRIVAL_SECONDS):
            while len(self._arrived) < len(due):
                self._arrival.clear()
                await self._arrival.wait()
        pool.close()
        pushed = [self._arrived[number] - moment for number, moment in enumerate(due)]
        return result | {"pushed": pushed, "late": pool.late}

    async def _listen(self, socket: ClientConnection) -> None:
        async for frame in socket:
            arrived = time.perf_counter()
            message = json.loads(frame)
            if message.get("type") == "new_notification":
                self._arrived[message["notification"]["metadata"]["number"]] = arrived
                self._arrival.set()


if __name__ == "__main__":
    driver = SocketDriver()
    answer({"open_sockets": driver.open_sockets, "post": driver.post})
