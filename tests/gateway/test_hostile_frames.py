"""What no well-behaved client sends: each is answered as RFC 6455 and the protocol's table have it."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import psutil
import pytest
from own_gateway import OwnGateway, own_gateway
from raw_socket import BINARY, CLOSE, CONT, CUT_OFF, PING, PONG, TEXT, RawSocket, frame, raw

from deploy.local.launch import LaunchedStack

ASK = b'{"type": "ping"}'


@pytest.fixture(scope="module")
async def gateway(stack: LaunchedStack) -> AsyncIterator[OwnGateway]:
    async with own_gateway(stack) as running:
        yield running


@pytest.fixture
async def socket(stack: LaunchedStack, gateway: OwnGateway) -> AsyncIterator[RawSocket]:
    async with raw(gateway.host, gateway.port, stack.token(uuid4().hex)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(frame(BINARY, ASK), 4009, id="binary"),
        pytest.param(frame(TEXT, b'"' + b"x" * 16 * 1024 + b'"'), 1009, id="oversized"),
        pytest.param(frame(TEXT, b"x" * 70_000), 1009, id="far oversized"),
        pytest.param(
            frame(TEXT, b"x" * 9_000, final=False) + frame(CONT, b"x" * 9_000), 1009, id="oversized in fragments"
        ),
        pytest.param(frame(TEXT, b"\xff\xfe"), 1007, id="not UTF-8"),
        pytest.param(frame(TEXT, b"\xed\xa0\x80"), 1007, id="a surrogate"),
        pytest.param(frame(TEXT, b'"\xc3', final=False) + frame(CONT, b'("'), 1007, id="not UTF-8 over fragments"),
        pytest.param(frame(TEXT, ASK, masked=False), 1002, id="unmasked"),
        pytest.param(frame(TEXT, ASK, reserved=0x40), 1002, id="compressed, which was not agreed"),
        pytest.param(frame(0x3, ASK), 1002, id="an unknown opcode"),
        pytest.param(frame(CONT, ASK), 1002, id="a continuation of nothing"),
        pytest.param(frame(TEXT, b"a", final=False) + frame(TEXT, b"b"), 1002, id="a message within a message"),
        pytest.param(frame(PING, b"x" * 126), 1002, id="a long ping"),
        pytest.param(frame(PING, final=False), 1002, id="a ping in fragments"),
        pytest.param(frame(CLOSE, b"\x03"), 1002, id="a close with half a code"),
        pytest.param(frame(CLOSE, b"\x03\xed"), 1002, id="a close with a reserved code"),
        pytest.param(frame(CLOSE, b"\x03\xe8\xff"), 1007, id="a close whose reason is not UTF-8"),
        pytest.param(frame(TEXT, b"", final=False) + frame(CONT, final=False) * 129, 4029, id="endless fragments"),
        pytest.param(frame(PING) * 150, 4029, id="a flood of pings"),
        pytest.param(frame(PONG) * 150, 4029, id="a flood of pongs"),
    ],
)
async def test_a_bad_frame_is_closed_with_its_code(socket: RawSocket, sent: bytes, code: int) -> None:
    await socket.write(sent)
    assert await socket.close_code() == code
    await socket.write(frame(CLOSE, code.to_bytes(2, "big")))
    assert await socket.is_ended()


async def test_a_close_is_echoed(socket: RawSocket) -> None:
    await socket.write(frame(CLOSE, b"\x03\xe8"))
    assert await socket.close_code() == 1000


async def test_a_message_in_fragments_with_a_ping_between_them_is_understood(socket: RawSocket) -> None:
    first, *others = (ASK[index : index + 1] for index in range(len(ASK)))
    await socket.write(frame(TEXT, first, final=False))
    await socket.write(frame(PING, b"still there?"))
    for each in others:
        await socket.write(frame(CONT, each, final=False))
    await socket.write(frame(CONT))
    assert await socket.receive() == (PONG, b"still there?")
    assert b'"pong"' in await socket.text()


async def test_a_message_of_exactly_the_largest_size_is_understood(socket: RawSocket) -> None:
    padding = b" " * (16 * 1024 - len(ASK))
    await socket.write(frame(TEXT, ASK + padding))
    assert b'"pong"' in await socket.text()


async def test_compression_is_not_agreed_to(stack: LaunchedStack, gateway: OwnGateway) -> None:
    """The raw client offers it in every handshake; a compressed frame is then a bad one, as above."""
    async with raw(gateway.host, gateway.port, stack.token(uuid4().hex)) as socket:
        await socket.write(frame(TEXT, ASK))
        assert b'"pong"' in await socket.text()


async def test_floods_do_not_grow_the_process(stack: LaunchedStack, gateway: OwnGateway) -> None:
    """Clients that send pings, fragments and messages without end, and never read a thing."""
    sent = {"pings": frame(PING, b"x" * 125), "fragments": frame(CONT, final=False), "messages": frame(TEXT, ASK)}

    async def flood(data: bytes) -> int:
        async with raw(gateway.host, gateway.port, stack.token(uuid4().hex)) as socket:
            await socket.write(frame(TEXT, b"", final=False) if data == sent["fragments"] else b"")
            for _ in range(40):
                await socket.write(data * 2_000)
            return await socket.close_code()

    process = psutil.Process(gateway.process.pid)
    await asyncio.gather(*map(flood, sent.values()))
    before = process.memory_info().rss
    codes = [code for _ in range(5) for code in await asyncio.gather(*map(flood, sent.values()))]
    # A client that is still writing when it is thrown out may be reset before it reads why.
    assert set(codes) <= {4029, CUT_OFF}
    assert process.memory_info().rss - before < 8 * 2**20
    assert await gateway.status("/healthz") == 200
