"""The whole product while years pass: its API, workflows and activities on a server that skips time, and its database.

There is one clock, Temporal's: before every request and every activity Python's and PostgreSQL's are set to it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import psycopg
import temporalio.client
import time_machine
from own_database import own_database
from skipping_server import skipping_server
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

import worker
from api.app import BASE_PATH, create_app
from deploy.local.launch import LaunchedStack
from settings import Settings

Result = TypeVar("Result")

_POSTGRES_CLOCK = """
    CREATE SCHEMA clock;
    CREATE TABLE clock.ahead (by interval NOT NULL);
    INSERT INTO clock.ahead VALUES ('0');
    CREATE FUNCTION clock.now() RETURNS timestamptz STABLE LANGUAGE sql
        AS $$ SELECT pg_catalog.now() + by FROM clock.ahead $$;
    ALTER DATABASE {database} SET search_path = clock, public, pg_catalog; -- what is not named comes first
"""


class Clock:
    """Temporal's, and by it the others."""

    def __init__(
        self, server: WorkflowEnvironment, python: time_machine.Traveller, postgres: psycopg.AsyncConnection
    ) -> None:
        self._server, self._python, self._postgres = server, python, postgres
        self._turn = asyncio.Lock()

    async def set(self) -> datetime:
        """Sets the others to it."""
        async with self._turn:
            now = await self._server.get_current_time()
            self._python.move_to(now)
            await self._postgres.execute("UPDATE clock.ahead SET by = %s - pg_catalog.now()", (now,))
            return now

    async def skip_to(self, moment: datetime) -> None:
        """Whatever is due until then has its turn at its own time."""
        await self._server.sleep(moment - await self.set())
        await self.set()

    async def run(self, workflow: str, task_queue: str, result_type: type[Result]) -> Result:
        """What comes of a workflow that waits for nothing."""
        with self._server.auto_time_skipping_disabled():
            result: Result = await self._server.client.execute_workflow(
                workflow, id=f"by-hand-{uuid4()}", task_queue=task_queue, result_type=result_type
            )
            return result


class _OnTime(temporalio.client.Interceptor, Interceptor):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _OnTimeActivity(next, self._clock)


class _OnTimeActivity(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, clock: Clock) -> None:
        super().__init__(next)
        self._clock = clock

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        await self._clock.set()
        return await super().execute_activity(input)


class _OnTimeRequest(httpx.AsyncBaseTransport):
    def __init__(self, transport: httpx.AsyncBaseTransport, clock: Clock) -> None:
        self._transport, self._clock = transport, clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._clock.set()
        return await self._transport.handle_async_request(request)


@asynccontextmanager
async def skipping(stack: LaunchedStack) -> AsyncGenerator[tuple[Clock, httpx.AsyncClient]]:
    """The API, to be called at its base path. The provider is the stack's sandbox, in our own time."""
    async with AsyncExitStack() as resources:
        own = own_database(stack, before=_POSTGRES_CLOCK)
        database_url = await asyncio.to_thread(resources.enter_context, own)
        server = await resources.enter_async_context(await skipping_server())
        python = resources.enter_context(time_machine.travel(datetime.now(UTC), tick=True))
        clock = Clock(server, python, await resources.enter_async_context(_connected(database_url)))
        environment = {**stack.environment, "DATABASE_URL": database_url, "DATABASE_POOL_SIZE": "4"}
        environment["TEMPORAL_ADDRESS"] = server.client.service_client.config.target_host
        settings = Settings.model_validate({name.lower(): value for name, value in environment.items()})
        config = server.client.config()
        config["interceptors"] = [_OnTime(clock)]
        await resources.enter_async_context(worker.serving(Client(**config), settings, worker.ROLES))
        api = create_app(settings)
        await resources.enter_async_context(api.router.lifespan_context(api))
        transport = _OnTimeRequest(httpx.ASGITransport(api), clock)
        http = httpx.AsyncClient(transport=transport, base_url=f"http://skipping{BASE_PATH}/", timeout=30)
        yield clock, await resources.enter_async_context(http)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[psycopg.AsyncConnection]:
    dsn = url.replace("postgresql+psycopg://", "postgresql://", 1)
    connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True)
    try:
        yield connection
    finally:
        await connection.close()
