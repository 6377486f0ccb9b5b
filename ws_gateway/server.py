"""The gateway: `python -m ws_gateway.server`. One of the three mains that read settings and build objects."""

import asyncio
import logging
import signal
from contextlib import suppress

import structlog
import uvloop

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
from ws_gateway.draining import Draining
from ws_gateway.feed import EventFeed
from ws_gateway.frames import CloseCode
from ws_gateway.handler import Gateway
from ws_gateway.handshake import Handshakes
from ws_gateway.limits import Limits, Turns
from ws_gateway.listener import listener
from ws_gateway.metrics import Metrics

log = structlog.get_logger("gateway")


async def run(settings: Settings) -> None:
    """Serves sockets until SIGTERM or SIGINT, then sends everybody elsewhere with 1012."""
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    url = settings.database_url.get_secret_value()
    hints = HintSender(settings.hints)
    database = Database(url, pool_size=settings.database_pool_size, hints=hints)
    registry = ConnectionRegistry()
    feed = EventFeed(database=database, hints_url=settings.hints, registry=registry)
    revoked = Revocations(revocations_in(database))
    tokens = TokenVerifier(
        secrets=settings.jwt_secrets,
        keys=KeySet(settings.jwt_jwks_url) if settings.jwt_jwks_url else None,
        revocations=revoked,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
    )
    limits = Limits(
        connections=settings.gateway_connections,
        connections_per_user=settings.gateway_connections_per_user,
        handshakes=settings.gateway_handshakes,
        handshake_seconds=settings.gateway_handshake_seconds,
        messages_per_second=settings.gateway_messages_per_second,
    )
    metrics, draining = Metrics(connections=registry, feed=feed), Draining()
    # Half of the connections to the database stay with those who are here already.
    turns = Turns(max(1, settings.database_pool_size // 2), seconds=settings.gateway_handshake_seconds)
    handshakes = Handshakes(
        database=database,
        turns=turns,
        tokens=tokens,
        revocations=revoked,
        allowed_origins=frozenset(settings.allowed_origins),
        limits=limits,
        metrics=metrics,
        draining=draining,
    )
    gateway = Gateway(
        database=database,
        turns=turns,
        feed=feed,
        registry=registry,
        handshakes=handshakes,
        tokens=tokens,
        revocations=revoked,
        limits=limits,
        metrics=metrics,
    )
    background = [asyncio.create_task(feed.run()), asyncio.create_task(hints.run()), asyncio.create_task(tokens.run())]
    async with listener(
        gateway.converse,
        settings.gateway_host,
        settings.gateway_port,
        limits=limits,
        metrics=metrics,
        shares_port=settings.gateway_shares_port,
        check=handshakes.check,
        origins=settings.allowed_origins,
    ) as server:
        settle_memory()
        log.info("gateway ready")
        await _first(stop, background)
        log.info("gateway stopping", connections=len(registry))
        await draining.run(gateway.conversations(), seconds=settings.gateway_drain_seconds)
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
