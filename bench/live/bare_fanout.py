"""The floor of an announcement: the bare library writes one frame to each of its sockets when it is told to."""

import asyncio
import signal
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, serve

_FRAME = b'{"type":"notification_update","update_type":"all_read","data":{"is_read":true},"seq":1}'


async def run(port: int) -> None:
    sockets: set[ServerConnection] = set()

    async def converse(socket: ServerConnection) -> None:
        await socket.send('{"type":"connection_established","epoch":"bare","seq":0,"resumed":false}')
        sockets.add(socket)
        await socket.wait_closed()
        sockets.discard(socket)

    async def announce() -> None:
        for socket in list(sockets):
            await socket.send(_FRAME, text=True)

    announcing: set[asyncio.Task[None]] = set()

    def told() -> None:
        announcing.add(asyncio.create_task(announce()))

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, told)
    async with serve(
        converse,
        "127.0.0.1",
        port,
        compression=None,
        max_size=16 * 1024,
        max_queue=8,
        write_limit=32 * 1024,
        server_header=None,
        ping_interval=None,
    ):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1])))
