"""The sandbox on a real port, the real client in front of it and a webhook receiver behind it."""

import asyncio
import json
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import httpx
import uvicorn
from courier import AsyncCourier
from uvicorn.server import ServerState

from courier_sandbox.app import create_app
from courier_sandbox.connection import DroppableConnection
from courier_sandbox.settings import Settings

TOKEN = "a-token-for-tests"
WEBHOOK_SECRET = "a-webhook-secret"
T = TypeVar("T")
# Never used, and shared because each client would read all root certificates for one of its own.
_TLS = ssl.create_default_context()


@dataclass
class Sandbox:
    url: str
    courier: AsyncCourier
    tool: httpx.AsyncClient

    async def send(self, key: str | None = None, **overrides: Any) -> str:
        """The id of the message that the call answers with."""
        headers = {"Idempotency-Key": key} if key else None
        response = await self.courier.send.message(message=message(**overrides), extra_headers=headers)
        return response.request_id

    async def script(self, *entries: Any, channel: str | None = None) -> None:
        response = await self.tool.put("/faults", json={"channel": channel, "script": list(entries)})
        assert response.status_code == 200, response.text

    async def results(self, path: str, **query: Any) -> list[dict[str, Any]]:
        response = await self.tool.get(path, params=query)
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()["results"]
        return found

    async def status_of(self, message_id: str) -> str:
        return (await self.courier.messages.retrieve(message_id)).status


@dataclass
class Receiver:
    """Takes webhooks; `answers` are the statuses of its next answers, 200 when there are none."""

    url: str = ""
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: deque[int] = field(default_factory=deque)
    connections: int = 0

    def statuses(self) -> list[str]:
        return [json.loads(body)["data"]["status"] for _, body in self.received]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
                headers = dict(line.split(": ", 1) for line in head[1:] if line)
                body = await reader.readexactly(int(headers["content-length"]))
                status = self.answers.popleft() if self.answers else 200
                if status == 200:
                    self.received.append((headers, body))
                writer.write(f"HTTP/1.1 {status} Whatever\r\ncontent-length: 2\r\n\r\nok".encode())
        except asyncio.IncompleteReadError:
            writer.close()


def message(channel: str = "email", **overrides: Any) -> Any:
    """A valid message; an override replaces a part of it."""
    return {
        "to": {"user_id": "42", "email": "ada@example.org", "phone_number": "+15550100", "firebaseToken": "token-1"},
        "content": {"title": "Booking confirmed", "body": "See you on Friday."},
        "routing": {"method": "single", "channels": [channel]},
        "metadata": {"trace_id": "trace-1", "tags": ["booking"]},
        **overrides,
    }


@asynccontextmanager
async def running_sandbox(**settings: Any) -> AsyncIterator[Sandbox]:
    quick: dict[str, Any] = {
        "auth_token": TOKEN,
        "sent_after_ms": 20,
        "delivered_after_ms": 40,
        "webhook_secret": WEBHOOK_SECRET,
    }
    app = create_app(Settings.model_validate(quick | settings))
    config = uvicorn.Config(app, log_level="warning")
    config.load()
    # uvicorn's connections without its server, which needs 0.1 s and more to stop.
    connection = partial(DroppableConnection, config=config, server_state=ServerState(), app_state={})
    async with app.router.lifespan_context(app):
        server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0)
        async with server, connected(_url(server)) as sandbox:
            yield sandbox


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Sandbox]:
    async with (
        AsyncCourier(
            api_key=TOKEN, base_url=url, max_retries=0, timeout=5, http_client=httpx.AsyncClient(verify=_TLS)
        ) as courier,
        httpx.AsyncClient(base_url=url, verify=_TLS) as tool,
    ):
        yield Sandbox(url=url, courier=courier, tool=tool)


@asynccontextmanager
async def running_receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    async with server:
        receiver.url = f"{_url(server)}/hook?from=courier"
        yield receiver


def _url(server: asyncio.Server) -> str:
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def eventually(question: Callable[[], Awaitable[T] | T], expected: T, *, deadline_seconds: float = 5) -> None:
    """Waits until the question has the expected answer, and fails with the last other one."""
    answer: Any = None
    try:
        async with asyncio.timeout(deadline_seconds):
            while True:
                asked = question()
                answer = await asked if isinstance(asked, Awaitable) else asked
                if answer == expected:
                    return
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"still {answer!r}, expected {expected!r}") from None
