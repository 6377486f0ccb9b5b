"""A user's notifications as a list: filtered, ordered, counted, in pages.

Each read stops at the end of its page, however much there is in the inbox or in the table.
"""

from typing import Any

from sqlalchemy import Uuid, func, literal, select, tuple_

from persistence.database import Transaction
from persistence.entries import PLACE, among, conditions, drawers, entries, in_one_order
from persistence.filters import ListFilter
from persistence.inbox import InboxRepository
from persistence.models import Notification
from persistence.searching import Matches, SearchRepository
from persistence.slicing import Cursor, Slice

Row = dict[str, Any]


class ListingRepository:
    """One user's lists; every query is bound to the owner."""

    def __init__(self, transaction: Transaction, *, user_id: str) -> None:
        self._connection = transaction.connection
        self._inbox = InboxRepository(transaction)
        self._search = SearchRepository(transaction, user_id=user_id)
        self._user_id = user_id
        self._matches: dict[tuple[object, ...], Matches] = {}

    @property
    def is_worth_indexing(self) -> bool:
        """Whether what was searched here has become too large to be read through each time."""
        return any(matches.is_worth_indexing for matches in self._matches.values())

    async def count(self, filter: ListFilter) -> int:
        """How many entries the list has; whole drawers of the inbox are counted already."""
        if filter.is_of_drawers:
            return (await self._inbox.drawers(self._user_id)).count(filter.types, is_read=filter.is_read)
        matches = await self._matching(filter)
        if filter.search and filter.is_search_alone and matches.has_words:
            few = matches.ids
            return await self._search.count(filter.search, filter.folders) if few is None else len(few)
        wanted = [*conditions(filter, user_id=self._user_id), Notification.folder.in_(filter.folders)]
        counted = Notification.__table__.select().where(*wanted) if matches.ids is None else among(matches.ids, wanted)
        return await self._connection.scalar(select(func.count()).select_from(counted.subquery())) or 0

    async def page(self, filter: ListFilter, *, offset: int, limit: int) -> list[Row]:
        *earlier, last = filter.parts
        rows: list[Row] = []
        for part in earlier:
            rows = await self._rows(part, offset=offset, limit=limit)
            if len(rows) == limit:
                return rows
            offset = 0 if rows or not offset else max(0, offset - await self.count(part))
        return rows + await self._rows(last, offset=offset, limit=limit - len(rows))

    async def slice(self, filter: ListFilter, cursor: Cursor | None, *, limit: int) -> Slice:
        """Rows after (or before) a cursor, or from the beginning: as fast at any depth."""
        backwards = cursor is not None and cursor.backwards
        parts = filter.parts[::-1] if backwards else filter.parts
        if cursor is not None and len(parts) > 1 and parts[0].is_read != cursor.is_read:
            parts = parts[1:]
        found: list[Row] = []
        place = cursor
        for part in parts:
            found += await self._rows(part, place=place, backwards=backwards, limit=limit + 1 - len(found))
            if len(found) > limit:
                break
            place = None
        more, rows = len(found) > limit, found[:limit]
        if backwards:
            rows.reverse()
        first, last = (_cursor(rows[0], backwards=True), _cursor(rows[-1])) if rows else (None, None)
        at_beginning = cursor is None or (backwards and not more)
        at_end = not backwards and not more
        return Slice(rows, None if at_beginning else first, None if at_end else last)

    async def _rows(
        self, filter: ListFilter, *, limit: int, offset: int = 0, place: Cursor | None = None, backwards: bool = False
    ) -> list[Row]:
        """Some of one part of a list; backwards is from the place towards its beginning, nearest first."""
        matches = await self._matching(filter)
        if not filter.folders or matches.ids == []:
            return []
        wanted = conditions(filter, user_id=self._user_id)
        newest_first = filter.ordering.newest_first is not backwards
        if place is not None:
            there = tuple_(literal(place.listed_at, Notification.listed_at.type), literal(place.id, Uuid()))
            wanted.append(tuple_(*PLACE) < there if newest_first else tuple_(*PLACE) > there)
        if matches.ids is None:
            statement = entries(wanted, drawers(filter), newest_first=newest_first, offset=offset, limit=limit)
        else:
            known = among(matches.ids, [*wanted, Notification.folder.in_(filter.folders)])
            statement = in_one_order(known, newest_first=newest_first, offset=offset, limit=limit)
        return [dict(row) for row in (await self._connection.execute(statement)).mappings()]

    async def _matching(self, filter: ListFilter) -> Matches:
        """What the index of words knows of a search; asked once for a list and its count."""
        if not filter.search:
            return Matches(None, has_words=False, is_worth_indexing=False)
        key = (filter.search, filter.folders)
        if key not in self._matches:
            self._matches[key] = await self._search.matches(*key)
        return self._matches[key]


def _cursor(row: Row, *, backwards: bool = False) -> Cursor:
    return Cursor(row["listed_at"], row["id"], row["is_read"], backwards)
