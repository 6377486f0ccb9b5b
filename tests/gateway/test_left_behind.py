"""A connection leaves nothing behind: sockets come and go by the thousand, and the garbage collector seldom runs."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from own_gateway import OwnGateway, own_gateway
from socket_client import joined
from test_gateway_metrics import samples

from deploy.local.launch import LaunchedStack

CLIENTS = 50
# What an interpreter leaves behind by itself, whatever the number of connections.
A_FEW = CLIENTS


@pytest.fixture
async def counting(stack: LaunchedStack) -> AsyncIterator[OwnGateway]:
    program = (str(Path(__file__).with_name("counting_gateway.py")),)
    async with own_gateway(stack, program, asyncio.subprocess.PIPE, LOG_LEVEL="error") as gateway:
        yield gateway


@pytest.mark.parametrize("manner", ["closes", "breaks off", "says nonsense"])
async def test_a_connection_leaves_nothing_behind(stack: LaunchedStack, counting: OwnGateway, manner: str) -> None:
    await come_and_go(stack, counting, manner)  # what everybody needs once
    await collected(counting)
    for _ in range(CLIENTS):
        await come_and_go(stack, counting, manner)
    assert await collected(counting) < A_FEW


async def come_and_go(stack: LaunchedStack, gateway: OwnGateway, manner: str) -> None:
    async with joined(stack, "somebody", url=gateway.socket_url) as socket:
        if manner == "breaks off":
            socket.connection.transport.abort()
        if manner == "says nonsense":
            await socket.connection.send(b"bytes")
            await socket.connection.wait_closed()


async def collected(gateway: OwnGateway) -> int:
    """How many objects could not be freed before, once nobody is connected."""
    assert gateway.process.stdout is not None
    async with asyncio.timeout(30):
        while (await samples(gateway))["gateway_connections"]:
            await asyncio.sleep(0.02)
        gateway.process.send_signal(signal.SIGUSR1)
        return int(await gateway.process.stdout.readline())
