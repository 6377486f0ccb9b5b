"""A device that keeps a copy of its user's inbox, as a well-written application does."""

import asyncio
from contextlib import AsyncExitStack

import httpx
from socket_client import DEADLINE_SECONDS, Frame, Socket, joined, rest, resume_query
from websockets.exceptions import ConnectionClosed

from deploy.local.launch import LaunchedStack


class Device:
    """Connects, loads what it cannot resume, applies events in order, and notices a gap or a repeat."""

    def __init__(self, stack: LaunchedStack, http: httpx.AsyncClient, user: str) -> None:
        self.read: dict[str, bool] = {}
        self.seq = 0
        self.unread_count = 0
        self.faults: list[str] = []
        self._stack, self._http, self._user = stack, http, user
        self._position: Frame | None = None
        self._moved = asyncio.Condition()
        self._connected: AsyncExitStack | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def is_connected(self) -> bool:
        return self._connected is not None

    async def connect(self) -> None:
        self._connected = AsyncExitStack()
        query = resume_query({**self._position, "seq": self.seq}) if self._position else ""
        socket = await self._connected.enter_async_context(joined(self._stack, self._user, query=query))
        self._position = socket.established
        if not socket.established["resumed"]:
            self.seq = socket.established["seq"]
            page = await rest(self._stack, self._http, self._user, "GET", "?page_size=100")
            self.read = {item["id"]: item["is_read"] for item in page["results"]}
        self.unread_count = socket.established["unread_count"]
        self._reading = asyncio.create_task(self._read(socket))

    async def disconnect(self) -> None:
        if self._connected is not None and self._reading is not None:
            await self._connected.aclose()
            await self._reading
            self._connected = self._reading = None

    async def reached(self, seq: int) -> None:
        """Returns when every event up to `seq`, and the count after it, has been applied."""
        async with asyncio.timeout(DEADLINE_SECONDS), self._moved:
            await self._moved.wait_for(lambda: self.seq >= seq and self._is_counted())

    def _is_counted(self) -> bool:
        return self.unread_count == sum(not is_read for is_read in self.read.values())

    async def _read(self, socket: Socket) -> None:
        while True:
            try:
                frame = await socket.received()
            except ConnectionClosed:
                return
            async with self._moved:
                self._apply(frame)
                self._moved.notify_all()

    def _apply(self, frame: Frame) -> None:
        if frame["type"] == "unread_count":
            self.unread_count = frame["count"]
            return
        if frame["seq"] != self.seq + 1:
            self.faults.append(f"event {frame['seq']} after {self.seq}")
        self.seq = frame["seq"]
        if frame["type"] == "new_notification":
            self.read[frame["notification"]["id"]] = frame["notification"]["is_read"]
        elif frame["update_type"] in ("all_read", "all_unread"):
            self.read = dict.fromkeys(self.read, frame["data"]["is_read"])
        else:
            self.read[frame["data"]["notification_id"]] = frame["data"]["is_read"]
