"""The connection pool and the only place that commits."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import orjson
import psycopg
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from persistence.connection import CONNECT_SECONDS, LOCK_SECONDS, STATEMENT_SECONDS, BoundedConnection
from persistence.hints import HintSender

_POOL_SECONDS = 3
# Every query is about one person: a few rows that lie anywhere, on a disk without a head to move, never a matter
# for reading a whole table or for more than one core.
_PLANNING = "-c random_page_cost=1.1 -c max_parallel_workers_per_gather=0"


class DatabaseFault(Exception):
    """The database refused a statement, which is a bug here.

    PostgreSQL's own words quote the row at fault, so only the SQLSTATE leaves this module: not a log, a
    trace or a workflow's history may hold what a person was told.
    """


class DatabaseUnavailable(DatabaseFault):
    """The database is away, overloaded or shutting down: the same may succeed later."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One open transaction, and the users whom it concerns."""

    connection: AsyncConnection
    moved_inboxes: set[str] = field(default_factory=set)
    changed_minds: set[str] = field(default_factory=set)
    """Who wants something else now, or is reached elsewhere."""
    freed_slots: set[str] = field(default_factory=set)
    """Whose attention somebody may have given back."""
    windows: dict[UUID, str] = field(default_factory=dict)
    """Of people's own digests, and whose they are, for which somebody must be sure to wait."""


class Database:
    """Opens transactions. After a commit that moved an inbox, and only then, the gateways get their hint.

    `before_commit` may still write, and may raise to have nothing committed.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int,
        hints: HintSender | None = None,
        before_commit: Callable[[Transaction], Awaitable[None]] | None = None,
    ) -> None:
        self._hints = hints
        self._before_commit = before_commit
        self._engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=_POOL_SECONDS,
            pool_pre_ping=False,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            connect_args={
                "async_creator_fn": BoundedConnection.connect,
                "connect_timeout": CONNECT_SECONDS,
                "options": f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={LOCK_SECONDS}s"
                f" -c timezone=UTC {_PLANNING}",
            },
        )
        self._autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commits when the block ends, rolls back when it raises.

        Raises:
            DatabaseUnavailable, DatabaseFault: nothing was committed, as far as can be known.
        """
        with _faults():
            async with self._engine.begin() as connection:
                transaction = Transaction(connection)
                yield transaction
                if self._before_commit is not None:
                    await self._before_commit(transaction)
        self._hint(transaction)

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[Transaction]:
        """Each statement is a transaction of its own, which saves two round trips where there is but one.

        Raises:
            DatabaseUnavailable, DatabaseFault: as for `transaction`.
        """
        with _faults():
            async with self._autocommit.connect() as connection:
                transaction = Transaction(connection)
                yield transaction
        self._hint(transaction)

    def _hint(self, transaction: Transaction) -> None:
        if transaction.moved_inboxes and self._hints is not None:
            self._hints.send(transaction.moved_inboxes)

    async def ping(self) -> None:
        """Raises DatabaseUnavailable when the database does not answer."""
        async with self.statements() as transaction:
            await transaction.connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._engine.dispose()


@contextmanager
def _faults() -> Iterator[None]:
    """Turns the driver's errors into this module's, which quote nothing."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError, psycopg.OperationalError) as error:
        raise DatabaseUnavailable(_sqlstate(error)) from None
    except StatementError as error:
        # Not only the driver's errors: a value that cannot be sent at all is quoted with its whole row.
        raise DatabaseFault(_sqlstate(error)) from None


def _sqlstate(error: Exception) -> str:
    original = error.orig if isinstance(error, StatementError) else error
    return f"{type(original).__name__} {getattr(original, 'sqlstate', None) or ''}".rstrip()
