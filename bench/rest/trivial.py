"""The load's own ceiling: a server that does nothing but answer, `python -m bench.rest.trivial PORT`."""

import asyncio
import sys
from typing import cast

import uvloop

# As long as a page of twenty.
_BODY = b'{"results":[{' + b" " * 7_000
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)


class _Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, _: bytes) -> None:
        self._transport.write(_ANSWER)


async def run(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Answering, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1])))
