"""The gateway: `python -m ws_gateway.server`. One of the three mains that read settings and build objects."""

import asyncio
import logging
import signal
from contextlib import suppress

import structlog
import uvloop
from websockets.asyncio.server import serve
from websockets.typing import Origin

from identity.keys import KeySet
from identity.revocations import Revocations
from identity.tokens import TokenVerifier
from observability import configure_logging
from persistence.database import Database
from persistence.hints import HintSender
from persistence.revocations import revocations_in
from runtime import settle_memory
from settings import Settings
from ws_gateway.connections import ConnectionRegistry
from ws_gateway.feed import EventFeed
from ws_gateway.frames import CloseCode
from ws_gateway.handler import Gateway

# Commands are small. With the queue it bounds what one client can make this process hold.
_FRAME_BYTES = 16 * 1024
_RECEIVED_FRAMES = 8
_WRITE_BYTES = 32 * 1024

log = structlog.get_logger("gateway")


async def run(settings: Settings) -> None:
    """Serves sockets until SIGTERM or SIGINT, then sends everybody elsewhere with 1012."""
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    url = settings.database_url.get_secret_value()
    hints = HintSender(url)
    database = Database(url, pool_size=settings.database_pool_size, hints=hints)
    registry = ConnectionRegistry()
    feed = EventFeed(database=database, database_url=url, registry=registry)
    revoked = Revocations(revocations_in(database))
    tokens = TokenVerifier(
        secrets=settings.jwt_secrets,
        keys=KeySet(settings.jwt_jwks_url) if settings.jwt_jwks_url else None,
        revocations=revoked,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
    )
    gateway = Gateway(
        database=database,
        feed=feed,
        registry=registry,
        tokens=tokens,
        revocations=revoked,
        allowed_origins=frozenset(settings.allowed_origins),
    )
    background = [asyncio.create_task(feed.run()), asyncio.create_task(hints.run()), asyncio.create_task(tokens.run())]
    async with serve(
        gateway.converse,
        settings.gateway_host,
        settings.gateway_port,
        process_request=gateway.check_handshake,
        origins=[*map(Origin, settings.allowed_origins), None],
        # It would take most of a connection's memory, and let decompression bombs in.
        compression=None,
        max_size=_FRAME_BYTES,
        max_queue=_RECEIVED_FRAMES,
        write_limit=_WRITE_BYTES,
        server_header=None,
    ) as server:
        settle_memory()
        log.info("gateway ready")
        await _first(stop, background)
        log.info("gateway stopping", connections=len(registry))
        server.close(code=CloseCode.RESTART, reason="Restarting; reconnect and resume.")
        await server.wait_closed()
    for task in background:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await database.close()


async def _first(stop: asyncio.Event, background: list[asyncio.Task[None]]) -> None:
    """Until asked to stop, or until something that must never end has ended: then a restart is the cure."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([stopping, *background], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()


def main() -> None:
    settings = Settings()
    configure_logging(settings.log_level)
    # At its lower levels it logs request lines, and those may hold tokens.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    uvloop.run(run(settings))


if __name__ == "__main__":
    main()
