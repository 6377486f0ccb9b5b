"""Pages by position: as fast at any depth of a list, and steady while it grows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two rows of a list; `backwards` looks towards its beginning."""

    listed_at: datetime
    id: UUID
    is_read: bool = False
    """Of the row before it, in a list that is ordered by reading first."""
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows around a cursor, in the list's order, and whether there are more on either side."""

    rows: list[dict[str, Any]]
    previous: Cursor | None
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class Place:
    """The columns that order a list: an instant, and an id for what is of the same one. Both are selected."""

    listed_at: InstrumentedAttribute[datetime]
    id: InstrumentedAttribute[UUID]

    def cursor(self, row: dict[str, Any], *, backwards: bool = False) -> Cursor:
        return Cursor(row[self.listed_at.key], row[self.id.key], backwards=backwards)


async def slice_of(
    connection: AsyncConnection,
    statement: Select[Any],
    place: Place,
    cursor: Cursor | None,
    *,
    limit: int,
    descending: bool = True,
) -> Slice:
    """The rows after (or before) a cursor, or from the beginning."""
    backwards = cursor is not None and cursor.backwards
    downwards = descending is not backwards
    columns = (place.listed_at, place.id)
    if cursor is not None:
        there = tuple_(literal(cursor.listed_at, place.listed_at.type), literal(cursor.id, Uuid()))
        statement = statement.where(tuple_(*columns) < there if downwards else tuple_(*columns) > there)
    statement = statement.order_by(*(column.desc() if downwards else column.asc() for column in columns))
    found = [dict(row) for row in (await connection.execute(statement.limit(limit + 1))).mappings()]
    more, rows = len(found) > limit, found[:limit]
    if backwards:
        rows.reverse()
    first, last = (place.cursor(rows[0], backwards=True), place.cursor(rows[-1])) if rows else (None, None)
    at_beginning = cursor is None or (backwards and not more)
    at_end = not backwards and not more
    return Slice(rows, None if at_beginning else first, None if at_end else last)
