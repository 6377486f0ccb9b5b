"""The gateway's floor: the bare library, with the gateway's options, greeting and then waiting."""

import asyncio
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, serve


async def _converse(socket: ServerConnection) -> None:
    await socket.send("{}")
    await socket.wait_closed()


async def run(port: int) -> None:
    async with serve(
        _converse,
        "127.0.0.1",
        port,
        compression=None,
        max_size=16 * 1024,
        max_queue=8,
        write_limit=32 * 1024,
        server_header=None,
    ):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1])))
