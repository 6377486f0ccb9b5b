"""A gateway that was told to stop: red first, then everybody is sent elsewhere, each at a moment of its own."""

import asyncio
import signal
import time
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest
from own_gateway import OwnGateway, own_gateway
from socket_client import Socket, joined
from websockets.exceptions import InvalidStatus

from deploy.local.launch import LaunchedStack
from ws_gateway.draining import Draining
from ws_gateway.session import Closed


async def until_status(gateway: OwnGateway, path: str, status: int) -> None:
    async with asyncio.timeout(8):
        while await gateway.status(path) != status:
            await asyncio.sleep(0.01)


async def test_a_gateway_that_is_up_is_ready(stack: LaunchedStack) -> None:
    async with own_gateway(stack) as gateway:
        assert await gateway.status("/readyz") == 200


async def test_readiness_is_red_and_nobody_is_let_in_while_the_last_leave(stack: LaunchedStack) -> None:
    async with own_gateway(stack, GATEWAY_DRAIN_SECONDS="20") as gateway, AsyncExitStack() as resources:
        for _ in range(20):
            await resources.enter_async_context(joined(stack, uuid4().hex, url=gateway.socket_url))
        gateway.process.send_signal(signal.SIGTERM)
        await until_status(gateway, "/readyz", 503)
        assert await gateway.status("/healthz") == 200
        with pytest.raises(InvalidStatus) as refused:
            async with joined(stack, uuid4().hex, url=gateway.socket_url):
                pass
        assert refused.value.response.status_code == 503


async def test_everybody_is_closed_with_1012_over_the_whole_time(stack: LaunchedStack) -> None:
    async with own_gateway(stack, GATEWAY_DRAIN_SECONDS="2") as gateway, AsyncExitStack() as resources:
        sockets = [
            await resources.enter_async_context(joined(stack, uuid4().hex, url=gateway.socket_url)) for _ in range(30)
        ]
        leaving = [asyncio.create_task(left(socket)) for socket in sockets]
        assert await gateway.end(signal.SIGTERM) == 0
        codes, moments = zip(*await asyncio.gather(*leaving), strict=True)
    assert set(codes) == {1012}
    # Thirty moments that are all in one half of the time: once in five hundred million runs.
    assert max(moments) - min(moments) > 1


async def test_without_connections_a_gateway_stops_at_once(stack: LaunchedStack) -> None:
    async with own_gateway(stack, GATEWAY_DRAIN_SECONDS="600") as gateway:
        assert await gateway.end(signal.SIGTERM) == 0


async def test_a_conversation_that_ends_by_itself_meanwhile_keeps_its_own_reason() -> None:
    staying, leaving = (asyncio.get_running_loop().create_future() for _ in range(2))
    leaving.set_result(None)
    await Draining().run([staying, leaving], seconds=0)
    assert isinstance(staying.exception(), Closed)
    assert leaving.result() is None


async def left(socket: Socket) -> tuple[int, float]:
    """The close code, and the moment."""
    async with asyncio.timeout(20):
        await socket.connection.wait_closed()
    return socket.connection.close_code or 0, time.monotonic()
