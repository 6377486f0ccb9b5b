"""The real Caddy in front of stand-ins for the processes behind it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
import websockets
from supervising import Recording, supervised, until, whole_table
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from deploy.local.layout import PORTS, Layout


class StandIns:
    """Each tells in JSON who it is and what it was asked; its WebSocket echoes. The demo is never there."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._servers: dict[str, Server] = {}

    async def start(self, name: str) -> None:
        def tell(connection: ServerConnection, request: Request) -> Response | None:
            if "Upgrade" in request.headers:
                return None
            told = {"name": name, "path": request.path, "headers": dict(request.headers.raw_items())}
            return connection.respond(HTTPStatus.OK, json.dumps(told))

        async def echo(connection: ServerConnection) -> None:
            async for message in connection:
                await connection.send(message)

        self._servers[name] = await serve(echo, "127.0.0.1", self._layout.ports[name], process_request=tell)

    async def stop(self, name: str) -> None:
        server = self._servers.pop(name)
        server.close()
        await server.wait_closed()

    async def stop_all(self) -> None:
        for name in list(self._servers):
            await self.stop(name)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    names = ("edge", *PORTS)
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {name: probe.getsockname()[1] for name, probe in zip(names, sockets, strict=True)}
    for probe in sockets:
        probe.close()
    return Layout(root=tmp_path, ports=ports)


@pytest.fixture
async def behind(layout: Layout) -> AsyncIterator[StandIns]:
    stand_ins = StandIns(layout)
    for name in ("api", "gateway", "courier"):
        await stand_ins.start(name)
    yield stand_ins
    await stand_ins.stop_all()


@pytest.fixture
def recording() -> Recording:
    return Recording()


@pytest.fixture
async def edge(layout: Layout, behind: StandIns, recording: Recording) -> AsyncIterator[Layout]:  # noqa: ARG001 - it is ready only with them
    caddy = whole_table(layout)["edge"]
    async with supervised(replace(caddy, needs=()), recording=recording):
        yield layout


@pytest.fixture
async def browser(edge: Layout) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=edge.url("edge"), trust_env=False, timeout=15) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/v1/drf/notifications/notifications/?page=2", "api"),
        ("/openapi.json", "api"),
        ("/docs", "api"),
        ("/healthz", "api"),
        ("/readyz", "api"),
        ("/ws/notifications/", "gateway"),
    ],
)
async def test_a_path_reaches_its_process_unchanged(browser: httpx.AsyncClient, path: str, name: str) -> None:
    told = (await browser.get(path)).json()
    assert (told["name"], told["path"]) == (name, path)
    assert told["headers"]["X-Forwarded-Proto"] == "http"


async def test_the_sandbox_gets_its_path_without_the_prefix(browser: httpx.AsyncClient) -> None:
    told = (await browser.get("/courier-sandbox/messages?user=7")).json()
    assert (told["name"], told["path"]) == ("courier", "/messages?user=7")
    assert told["headers"]["X-Forwarded-Prefix"] == "/courier-sandbox"


async def test_everything_else_is_a_page_with_its_security_headers(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert "Server" not in page.headers
    assert (await browser.get("/no-such-page")).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("path", ["/metrics", "/ws/../metrics", "/ws/%2e%2e/metrics", "/ws//../metrics", "//metrics"])
async def test_what_the_gateway_tells_its_operators_is_told_to_nobody_else(edge: Layout, path: str) -> None:
    """Asked by hand, because a client would tidy the path; only the very path `/metrics` is answered by the gateway."""
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.ports["edge"])
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {edge.address('edge')}\r\nConnection: close\r\n\r\n".encode())
    async with asyncio.timeout(15):
        answer = (await reader.read()).decode()
    writer.close()
    assert answer.startswith("HTTP/1.1 ")
    assert '"path": "/metrics"' not in answer


async def test_a_process_that_is_not_there_is_a_bad_gateway(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/demo/people/")).status_code == HTTPStatus.BAD_GATEWAY


async def test_a_websocket_passes_through(edge: Layout) -> None:
    async with websockets.connect(f"ws://{edge.address('edge')}/ws/notifications/?token=t") as socket:
        await socket.send("ping")
        assert await socket.recv() == "ping"


async def test_a_restart_behind_the_edge_is_a_pause(edge: Layout, browser: httpx.AsyncClient, behind: StandIns) -> None:
    async def create(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    await behind.stop("api")
    asked = asyncio.create_task(browser.post("/api/v1/drf/notifications/notifications/", json={}))
    refused = asyncio.create_task(browser.get("/demo/"))  # by now the other one has been refused, too
    await until(refused.done)
    assert not asked.done()
    async with await asyncio.start_server(create, "127.0.0.1", edge.ports["api"]):
        assert (await asked).status_code == HTTPStatus.CREATED


async def test_tokens_in_a_query_are_not_logged(browser: httpx.AsyncClient, recording: Recording) -> None:
    await browser.get("/ws/notifications/?token=very-secret")
    await browser.get("/demo/?token=very-secret")
    assert recording.printed("connection refused")
    assert not recording.printed("very-secret")
