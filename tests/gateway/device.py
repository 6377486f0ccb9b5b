"""A device that keeps a copy of its user's inbox, as a well-written application does."""

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

import httpx
from socket_client import DEADLINE_SECONDS, Frame, Socket, joined, rest, resume_query
from websockets.exceptions import ConnectionClosed

from deploy.local.launch import LaunchedStack


class Device:
    """Connects, loads what it cannot resume, applies events in order, and notices a gap, a repeat, or a stranger's."""

    def __init__(self, stack: LaunchedStack, http: httpx.AsyncClient, user: str) -> None:
        self.read: dict[str, bool] = {}
        """What the inbox shows, and whether it was read."""
        self.seq = 0
        self.unread_count = 0
        self.faults: list[str] = []
        self._stack, self._http, self._user = stack, http, user
        self._position: Frame | None = None
        self._moved = asyncio.Condition()
        self._connected: AsyncExitStack | None = None
        self._socket: Socket | None = None
        self._reading: asyncio.Task[None] | None = None
        self._asked_from: dict[str, int] = {}
        """The positions it wants to go on from and has no answer for yet, by `op_id`."""

    @property
    def is_connected(self) -> bool:
        """As far as it knows; whether it was thrown out, it finds out by reading."""
        return self._reading is not None and not self._reading.done()

    async def connect(self, address: str = "") -> None:
        """To the stack's own gateway, or another's address."""
        await self.disconnect()
        connected = AsyncExitStack()
        query = resume_query({**self._position, "seq": self.seq}) if self._position else ""
        socket = await connected.enter_async_context(joined(self._stack, self._user, query=query, url=address))
        self._connected, self._socket = connected, socket
        await self._start_from(socket.established)
        self._reading = asyncio.create_task(self._read(socket))

    async def resume(self, back: int) -> None:
        """Asks on the open connection for what came after a position so far back."""
        if self._socket is None or self._position is None or not self.is_connected:
            return
        operation, seq = str(uuid4()), max(0, self.seq - back)
        self._asked_from[operation] = seq
        try:
            await self._socket.send(type="resume", op_id=operation, epoch=self._position["epoch"], seq=seq)
        except ConnectionClosed:
            return  # it was thrown out, and has yet to notice

    async def disconnect(self) -> None:
        if self._connected is not None and self._reading is not None:
            await self._connected.aclose()
            await self._reading
            self._connected = self._socket = self._reading = None

    def break_off(self) -> None:
        """As a phone in a tunnel does: no close frame, nobody told."""
        if self._socket is not None:
            self._socket.connection.transport.abort()

    async def reached(self, seq: int) -> None:
        """Returns when every event up to `seq`, and the count after it, has been applied."""
        async with asyncio.timeout(DEADLINE_SECONDS), self._moved:
            await self._moved.wait_for(lambda: self.seq >= seq and self._is_counted())

    def _is_counted(self) -> bool:
        return self.unread_count == sum(not is_read for is_read in self.read.values())

    async def _start_from(self, established: Frame) -> None:
        self._position = established
        self.unread_count = established["unread_count"]
        if not established["resumed"]:
            self.seq = established["seq"]
            page = await rest(self._stack, self._http, self._user, "GET", "?page_size=100")
            self.read = {item["id"]: item["is_read"] for item in page["results"]}

    async def _read(self, socket: Socket) -> None:
        while True:
            try:
                frame = await socket.received()
            except ConnectionClosed:
                return
            async with self._moved:
                if frame["type"] == "connection_established":
                    seq = self._asked_from.pop(frame["op_id"])
                    if frame["resumed"]:
                        self.seq = seq
                    await self._start_from(frame)
                else:
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
            self._show(frame["notification"])
        else:
            self._update(frame["update_type"], frame["data"])

    def _show(self, entry: Frame) -> None:
        if entry["message"] != f"For {self._user} alone.":
            self.faults.append(f"{entry['id']} is a stranger's")
        self.read[entry["id"]] = entry["is_read"]

    def _update(self, update_type: str, data: Frame) -> None:
        match update_type:
            case "all_read" | "all_unread":
                self.read = dict.fromkeys(self.read, bool(data["is_read"]))
            case "read" | "unread":
                if data["notification_id"] in self.read:  # it may be asleep
                    self.read[data["notification_id"]] = data["is_read"]
            case "deleted" | "snoozed" | "archived":
                self.read.pop(data["notification_id"], None)
                if entry := data.get("notification"):
                    self._show(entry)
