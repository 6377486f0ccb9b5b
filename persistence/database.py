"""The connection pool and the only place that commits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from persistence.hints import HintSender

# A query that takes longer is a bug or an outage; a caller has given up by then.
_STATEMENT_TIMEOUT_MILLISECONDS = 5_000
_LOCK_TIMEOUT_MILLISECONDS = 3_000


@dataclass(frozen=True, slots=True)
class Transaction:
    """One open transaction, and the users whose inbox it moves."""

    connection: AsyncConnection
    moved_inboxes: set[str] = field(default_factory=set)


class Database:
    """Opens transactions. After a commit that moved an inbox, and only then, the gateways get their hint."""

    def __init__(self, url: str, *, pool_size: int, hints: HintSender | None = None) -> None:
        self._hints = hints
        self._engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=3,
            pool_pre_ping=False,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            connect_args={
                "connect_timeout": 3,
                "options": f"-c statement_timeout={_STATEMENT_TIMEOUT_MILLISECONDS}"
                f" -c lock_timeout={_LOCK_TIMEOUT_MILLISECONDS} -c timezone=UTC",
            },
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commits when the block ends, rolls back when it raises."""
        async with self._engine.begin() as connection:
            transaction = Transaction(connection)
            yield transaction
        if transaction.moved_inboxes and self._hints is not None:
            self._hints.send(transaction.moved_inboxes)

    async def ping(self) -> None:
        """Raises when the database does not answer."""
        async with self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._engine.dispose()
