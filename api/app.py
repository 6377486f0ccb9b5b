"""The REST API: `python -m api.app`. One of the three mains that read settings and build objects."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial

import httpx
import uvicorn
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api import errors, middleware
from api.middleware.forwarding import ForwardedMiddleware
from api.openapi.document import INTRODUCTION, describe, operation_id
from api.routes import (
    bulk,
    changes,
    console,
    deliveries,
    digests,
    grouped,
    health,
    maintenance,
    notifications,
    profile,
    recipients,
    recurring,
    related,
    reminders,
    revocations,
    simulation,
    templates,
    tickets,
    webhooks,
    why,
)
from api.routes import settings as settings_routes
from api.services import Services
from api.throttling import FailureThrottle, SharedBudgets, Throttle, Throttling
from identity.keys import KeySet
from identity.revocations import Revocations
from identity.tokens import TokenVerifier
from notifications.client import NotificationsClient
from notifications.connecting import connect
from notifications.digesting import watch_digest
from notifications.reconsidering import reconsider, wake
from observability import configure_logging
from persistence.database import Database
from persistence.hints import HintSender
from persistence.revocations import revocations_in
from persistence.searching import WordIndexer
from persistence.waiting import Waking
from runtime import settle_memory
from settings import Settings

BASE_PATH = "/api/v1/drf/notifications"
_RESOURCES = (
    grouped,
    bulk,
    notifications,
    changes,
    deliveries,
    profile,
    why,
    settings_routes,
    templates,
    recipients,
    related,
    reminders,
    recurring,
    digests,
    revocations,
    simulation,
    console,
    maintenance,
    tickets,
    webhooks,
)
"""Fixed addresses come before those with an id in their place."""
_DRAIN_SECONDS = 10


def create_app(settings: Settings) -> FastAPI:
    """The application, not yet connected to anything."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        url = settings.database_url.get_secret_value()
        hints = HintSender(settings.hints)
        # Lazy, so that reads are served while Temporal is away.
        temporal = await connect(settings.temporal_address, namespace=settings.temporal_namespace, lazy=True)
        waking = Waking(
            reconsider=partial(reconsider, temporal),
            wake=partial(wake, temporal),
            watch=partial(watch_digest, temporal, is_due=False),
        )
        database = Database(url, pool_size=settings.database_pool_size, hints=hints, before_commit=waking.before_commit)
        leases = Database(url, pool_size=1)
        revoked = Revocations(revocations_in(database))
        tokens = TokenVerifier(
            secrets=settings.jwt_secrets,
            keys=KeySet(settings.jwt_jwks_url) if settings.jwt_jwks_url else None,
            revocations=revoked,
            audience=settings.jwt_audience,
            issuer=settings.jwt_issuer,
        )
        background = [asyncio.create_task(hints.run()), asyncio.create_task(tokens.run())]
        async with httpx.AsyncClient() as http:

            async def ask_temporal() -> None:
                if not await temporal.service_client.check_health(timeout=timedelta(seconds=2)):
                    raise ConnectionError("not serving")

            async def ask_gateway() -> None:
                (await http.get(settings.gateway_health_url, timeout=2)).raise_for_status()

            webhook_secret = settings.courier_webhook_secret
            app.state.services = Services(
                database=database,
                client=NotificationsClient(temporal),
                tokens=tokens,
                revocations=revoked,
                throttling=_throttling(settings, SharedBudgets(leases)),
                allowed_origins=frozenset(settings.allowed_origins),
                courier_webhook_secret=webhook_secret.get_secret_value() if webhook_secret else None,
                words=WordIndexer(database),
                probes={"database": database.ping, "temporal": ask_temporal, "gateway": ask_gateway},
            )
            settle_memory()
            yield
        for task in background:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await leases.close()
        await database.close()

    app = FastAPIOffline(
        static_url="/docs/assets",
        favicon_url="/favicon.svg",
        redoc_url=None,
        swagger_ui_parameters={"validatorUrl": None},  # which is somebody else's
        title="Estuary Notifications",
        version="1.0.0",
        summary="Notifications for a marketplace: accepted once, never lost, live.",
        description=INTRODUCTION,
        generate_unique_id_function=operation_id,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    errors.install(app)
    for routes in _RESOURCES:
        app.include_router(routes.router, prefix=BASE_PATH)
    app.include_router(health.router)
    describe(app)
    middleware.install(
        app, base_path=BASE_PATH, cookie_origins=settings.allowed_origins, token_origins=settings.cors_origins
    )
    return app


def _throttling(settings: Settings, budgets: SharedBudgets) -> Throttling:
    return Throttling(
        users=Throttle(per_minute=settings.rate_limit_user_per_minute, take=budgets.take),
        staff=Throttle(per_minute=settings.rate_limit_staff_per_minute, take=budgets.take),
        failures=FailureThrottle(per_minute=settings.rate_limit_failed_logins_per_minute),
    )


def main() -> None:
    settings = Settings()
    configure_logging(settings.log_level)
    uvicorn.run(
        ForwardedMiddleware(create_app(settings), trusted=settings.forwarded_allow_ips),
        host=settings.api_host,
        port=settings.api_port,
        loop="uvloop",
        http="httptools",
        access_log=False,  # it would hold query strings
        log_level="warning",
        proxy_headers=False,  # ours does more
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )


if __name__ == "__main__":
    main()
