"""A client that writes bytes: frames that no well-behaved library would make."""

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from socket_client import DEADLINE_SECONDS

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
CUT_OFF = 1006


def frame(opcode: int, data: bytes = b"", *, final: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """One frame as RFC 6455 §5.2 lays it out, with whatever is wrong about it."""
    head = bytes([(0x80 if final else 0) | reserved | opcode])
    mask_bit = 0x80 if masked else 0
    if len(data) < 126:
        head += bytes([mask_bit | len(data)])
    elif len(data) < 65_536:
        head += bytes([mask_bit | 126]) + struct.pack("!H", len(data))
    else:
        head += bytes([mask_bit | 127]) + struct.pack("!Q", len(data))
    if not masked:
        return head + data
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))


@dataclass(frozen=True, slots=True)
class RawSocket:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def write(self, data: bytes) -> None:
        """Writes as much as the other side takes; a side that has gone takes nothing."""
        try:
            self.writer.write(data)
            async with asyncio.timeout(DEADLINE_SECONDS):
                await self.writer.drain()
        except OSError:  # a TimeoutError is one
            return

    async def receive(self) -> tuple[int, bytes]:
        """Opcode and content of the next frame."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            first, length = await self.reader.readexactly(2)
            if length == 126:
                (length,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
            return first & 0x0F, await self.reader.readexactly(length)

    async def text(self) -> bytes:
        """The next text frame."""
        while True:
            opcode, data = await self.receive()
            if opcode == TEXT:
                return data

    async def close_code(self) -> int:
        """The code in the close frame that comes."""
        try:
            while True:
                opcode, data = await self.receive()
                if opcode == CLOSE:
                    return int(struct.unpack("!H", data[:2])[0])
        except (asyncio.IncompleteReadError, ConnectionError):
            return CUT_OFF

    async def is_ended(self) -> bool:
        """Whether the other side ends the connection, whatever it still says."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while await self.reader.read(65_536):
                    pass
        except ConnectionError:
            return True
        return True


@asynccontextmanager
async def connected(host: str, port: int) -> AsyncIterator[RawSocket]:
    """A TCP connection, and nothing said yet."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield RawSocket(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def raw(host: str, port: int, token: str) -> AsyncIterator[RawSocket]:
    """An open WebSocket, past its first frame."""
    async with connected(host, port) as socket:
        await socket.write(handshake(host, port, token))
        async with asyncio.timeout(DEADLINE_SECONDS):
            answer = await socket.reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in answer.split(b"\r\n")[0], answer
        assert b"connection_established" in await socket.text()
        yield socket


def handshake(host: str, port: int, token: str) -> bytes:
    lines = [
        "GET /ws/notifications/ HTTP/1.1",
        f"Host: {host}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Extensions: permessage-deflate",
        f"Authorization: Bearer {token}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
