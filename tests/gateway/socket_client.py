"""A client of the gateway as an application would write it: one socket, frames in, frames out.

Every frame that any test receives through it is held against the protocol's schema.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import jwt
from protocol_checks import check_frame
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient

Frame = dict[str, Any]
DEADLINE_SECONDS = 8


class Socket:
    """One open connection. `established` is its first frame."""

    def __init__(self, connection: ClientConnection, established: Frame) -> None:
        self.connection = connection
        self.established = established

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def next(self) -> Frame:
        """The next frame, whatever it is."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await self.received()

    async def received(self) -> Frame:
        """The next frame, however long it takes."""
        return checked(await self.connection.recv())

    async def until(self, holds: Callable[[Frame], bool]) -> list[Frame]:
        """All frames up to the first for which the condition holds, that one included."""
        frames = [await self.next()]
        while not holds(frames[-1]):
            frames.append(await self.next())
        return frames

    async def first(self, type: str, **fields: Any) -> Frame:
        """The next frame of a type with these fields; others are passed over."""
        wanted = {"type": type, **fields}
        return (await self.until(lambda frame: wanted.items() <= frame.items()))[-1]

    async def ask(self, **message: Any) -> Frame:
        """The answer to a message, recognised by its `op_id`."""
        op_id = message.setdefault("op_id", f"op-{time.monotonic_ns()}")
        await self.send(**message)
        return (await self.until(lambda frame: frame.get("op_id") == op_id))[-1]

    async def everything_until_now(self) -> list[Frame]:
        """What had been sent before this question was answered."""
        await self.send(type="ping", op_id="until-now")
        return (await self.until(lambda frame: frame.get("op_id") == "until-now"))[:-1]

    async def everything(self) -> tuple[list[Frame], int]:
        """All frames until the gateway closes the connection, and its code."""
        frames: list[Frame] = []
        try:
            while True:
                frames.append(await self.next())
        except ConnectionClosed as closed:
            return frames, closed.rcvd.code if closed.rcvd else 1006

    async def closing(self) -> tuple[int, str]:
        """The code and reason with which the gateway closes the connection."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while True:
                    await self.connection.recv()
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")


@asynccontextmanager
async def opened(url: str, *, query: str = "", **options: Any) -> AsyncIterator[ClientConnection]:
    """A handshake that succeeded; what comes next is the gateway's to say."""
    async with connect(url + query, proxy=None, compression=None, **options) as connection:
        yield connection


@asynccontextmanager
async def joined(
    stack: LaunchedStack, user: str, *, token: str = "", query: str = "", url: str = ""
) -> AsyncIterator[Socket]:
    """A connection of the user, past its first frame; `url` is another gateway's."""
    headers = bearer(token or stack.token(user))
    async with opened(url or stack.websocket_url, query=query, additional_headers=headers) as connection:
        async with asyncio.timeout(DEADLINE_SECONDS):
            established = checked(await connection.recv())
        assert established["type"] == "connection_established", established
        yield Socket(connection, established)


def checked(text: str | bytes) -> Frame:
    """What a text frame says, which must be what the protocol's schema has it say."""
    assert isinstance(text, str)
    frame: Frame = json.loads(text)
    check_frame(frame)
    return frame


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def resume_query(position: Frame) -> str:
    """The query with which a client comes back from where `position`'s epoch and seq say it was."""
    return f"?epoch={position['epoch']}&seq={position['seq']}"


def token_that_expires(stack: LaunchedStack, user: str, *, at: float) -> str:
    claims = {"user_id": user, "exp": int(at)}
    return jwt.encode(claims, stack.environment["JWT_SECRET"], algorithm="HS256")


async def notify(client: NotificationsClient, user: str, title: str = "Hello", **options: Any) -> str:
    """The id of a new notification for the user's inbox."""
    options = {"notification_type": "system", "message": "Words.", "delivery_channels": ["in_app"], **options}
    return str((await client.notify(user=user, title=title, **options)).id)


async def rest(stack: LaunchedStack, http: httpx.AsyncClient, user: str, method: str, path: str) -> Any:
    """The answer to the user's call below `notifications/`, which must succeed."""
    response = await http.request(
        method,
        f"/api/v1/drf/notifications/notifications/{path}",
        headers={"Authorization": f"Bearer {stack.token(user)}"},
    )
    assert response.status_code == 200, response.text
    return response.json()


def seqs(frames: list[Frame]) -> list[int]:
    """Those of the events; counts and answers are none."""
    return [frame["seq"] for frame in frames if frame["type"] in ("new_notification", "notification_update")]
