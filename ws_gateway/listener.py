"""Where strangers connect: what is bounded before anybody is known, and what never comes as a message.

`websockets` bounds a message's size and the frames that wait to be read. It answers pings by itself and collects
fragments without counting them, so those are counted here: else a client that pings and never reads its pongs, or
sends an endless message of empty fragments, would fill this process's memory.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import Event, State
from websockets.typing import Origin

from ws_gateway.frames import CloseCode
from ws_gateway.limits import Allowance, Limits
from ws_gateway.metrics import Metrics

# Commands are small. With the queue it bounds what one client can make this process hold.
FRAME_BYTES = 16 * 1024
_RECEIVED_FRAMES = 8
_WRITE_BYTES = 32 * 1024
_FRAGMENTS = 128
_FRAMES_PER_SECOND = 20.0
"""Pings, pongs and continuations; browsers send a pong every 20 s and fragment nothing this small."""
_ACCEPTING = 4_096
"""Connections that the kernel holds for this process: when a gateway dies, its clients come at once."""
_CLOSE_SECONDS = 5.0
_ABORT_SECONDS = 2.0


def listener(
    converse: Callable[[ServerConnection], Awaitable[None]],
    host: str,
    port: int,
    *,
    limits: Limits,
    metrics: Metrics,
    shares_port: bool = False,
    check: Callable[[ServerConnection, Request], Awaitable[Response | None]] | None = None,
    origins: Sequence[str] = (),
) -> Server:
    """The server, to be entered; `check` may answer a handshake itself, `converse` has those that it let through."""
    return serve(
        converse,
        host,
        port,
        process_request=check,
        # Programs have no origin.
        origins=[*map(Origin, origins), None],
        open_timeout=limits.handshake_seconds,
        close_timeout=_CLOSE_SECONDS,
        # It would take most of a connection's memory, and let decompression bombs in.
        compression=None,
        max_size=FRAME_BYTES,
        max_queue=_RECEIVED_FRAMES,
        write_limit=_WRITE_BYTES,
        server_header=None,
        create_connection=_guarded(limits, metrics),
        backlog=_ACCEPTING,
        reuse_port=shares_port or None,
    )


def _guarded(limits: Limits, counted: Metrics) -> type[ServerConnection]:
    class Guarded(GuardedConnection):
        most_handshakes = limits.handshakes
        metrics = counted

    return Guarded


class GuardedConnection(ServerConnection):
    """Counts handshakes under way, and the frames of one client that its handler never sees."""

    most_handshakes: int
    metrics: Metrics

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._unseen = Allowance(_FRAMES_PER_SECOND)
        self._fragments = 0
        under_way = len(self.server.handler_tasks) - len(self.server.all_connections)
        if under_way > self.most_handshakes:
            self.metrics.refused("handshakes")
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        # The parser waits for more and holds the protocol that holds it; what went wrong names the frames that do, too.
        # To those who have been here for long the garbage collector hardly ever comes.
        self.protocol.parser.close()
        if self.protocol.parser_exc is not None:
            self.protocol.parser_exc.__traceback__ = None

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.opcode not in (Opcode.TEXT, Opcode.BINARY):
            self._fragments = self._fragments + 1 if event.opcode is Opcode.CONT else self._fragments
            if self._unseen.spend() < 0 or self._fragments > _FRAGMENTS:
                self._throw_out()
                return
        elif isinstance(event, Frame):
            self._fragments = 0
        super().process_event(event)

    def _throw_out(self) -> None:
        """Ends the connection without reading on: what a flood still sends is dropped unread."""
        if self.protocol.state is not State.OPEN:
            return
        self.metrics.evicted("frames")
        self.protocol.fail(CloseCode.TOO_MANY, "Too many frames.")
        self.send_data()
        # It is told why, and has no say in when it is over.
        self.loop.call_later(_ABORT_SECONDS, self.transport.abort)
