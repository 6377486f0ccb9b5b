"""The months of `inbox_events`: made ahead of their time, dropped when they are over.

Both need the table for themselves for a moment. Who would have to wait longer for it gives up instead: behind
a waiting lock stands everybody who comes later.
"""

import re
from collections.abc import Sequence

from sqlalchemy import bindparam, text

from persistence.database import Transaction
from policy.retention import Month

_NAME = re.compile(r"inbox_events_(\d{4})_(\d{2})")
_BRIEFLY = text("SET LOCAL lock_timeout = '500ms'")


class EventMonths:
    """Each call in a transaction of its own.

    Raises, from `make` and `drop`:
        DatabaseUnavailable: the table was in use; nothing was done.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def all(self) -> Sequence[Month]:
        found = await self._connection.scalars(_CHILDREN)
        named = (_NAME.fullmatch(name) for name in found)
        return sorted((Month(int(match[1]), int(match[2])) for match in named if match), key=lambda month: month.start)

    async def make(self, month: Month) -> None:
        """Unless some of its events lie among the others already; then they stay there."""
        if await self._connection.scalar(_HAS_OTHERS, {"start": month.start, "end": month.end}):
            return
        await self._connection.execute(_BRIEFLY)
        await self._connection.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS {_table(month)} PARTITION OF inbox_events"
                f" FOR VALUES FROM ('{month.start.isoformat()}') TO ('{month.end.isoformat()}')"
            )
        )

    async def drop(self, month: Month) -> None:
        await self._connection.execute(_BRIEFLY)
        await self._connection.execute(text(f"DROP TABLE IF EXISTS {_table(month)}"))


def _table(month: Month) -> str:
    return f"inbox_events_{month.year:04}_{month.month:02}"


_CHILDREN = text(
    "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
    " WHERE inhparent = CAST('inbox_events' AS regclass)"
)
_HAS_OTHERS = text(
    "SELECT EXISTS (SELECT FROM inbox_events_other WHERE created_at >= :start AND created_at < :end)"
).bindparams(bindparam("start"), bindparam("end"))
