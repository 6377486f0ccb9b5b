"""Several gateways for the same users, each its own process, as behind an edge; and the loss of what wakes them."""

import signal
from contextlib import AsyncExitStack

from own_gateway import OwnGateway, own_gateway
from sqlalchemy import text

from deploy.local.launch import LaunchedStack
from persistence.database import Database


class Gateways:
    def __init__(self, stack: LaunchedStack, resources: AsyncExitStack, **settings: str) -> None:
        self.up: list[OwnGateway] = []
        self._stack, self._resources = stack, resources
        self._settings = {"GATEWAY_DRAIN_SECONDS": "1"} | settings

    def addresses(self) -> list[str]:
        return [gateway.socket_url for gateway in self.up]

    async def start(self) -> None:
        self.up.append(await self._resources.enter_async_context(own_gateway(self._stack, **self._settings)))

    async def end_oldest(self, how: signal.Signals) -> None:
        # Clients do not know: they find out by being closed, or refused.
        await self.up[0].end(how)
        del self.up[0]


async def cut_listeners(database: Database) -> int:
    async with database.statements() as transaction:
        statement = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'LISTEN %'")
        return len((await transaction.connection.execute(statement)).all())
