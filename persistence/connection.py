"""A connection that does not wait for ever.

PostgreSQL ends a statement after its time by itself. A server that is stopped, swapped out or cut off cannot,
and its kernel still acknowledges every packet, so no TCP timeout fires either: without a bound on this side,
each request would hang for as long as the server does.
"""

from typing import TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

STATEMENT_SECONDS = 5
"""What the server allows a statement. One that takes longer is a bug or an outage; a caller has given up by then."""
LOCK_SECONDS = 3
CONNECT_SECONDS = 3
SILENCE_SECONDS = STATEMENT_SECONDS + 1
"""How long an answer may take: a server that is well has by then answered, or said that it will not."""

Answer = TypeVar("Answer")


class BoundedConnection(psycopg.AsyncConnection[tuple[object, ...]]):
    """Closes itself when the server stays silent, and says so as for any lost connection."""

    async def wait(self, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None) -> Answer:  # noqa: ASYNC109 - psycopg's own signature
        try:
            return await super().wait(gen, interval, timeout or SILENCE_SECONDS)
        except psycopg.OperationalError:
            # Not what the server refused, but what it never answered: nobody may use this connection again.
            if timeout is None and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                await self.close()
            raise
