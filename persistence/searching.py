"""Searching a large inbox by an index over its own words; small ones are read faster than that.

Which inboxes are large is noticed when somebody searches in them; see `Matches.is_worth_indexing`.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog
from sqlalchemy import TextClause, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, TIMESTAMP

from persistence.database import Database, DatabaseFault, Transaction
from persistence.drawers import Folder
from persistence.inbox import InboxRepository
from persistence.models.inbox import WordIndex

LARGE = 2_000
"""Events after which an inbox gets its words indexed. Each notification is one at least, so no more than these
are ever read through, which takes a few milliseconds."""
FEW = 1_000
"""Matches that are fetched one by one. More are met often enough by reading the list in its own order."""
_ROWS_PER_STEP = 1_000
_THE_END = datetime.max.replace(tzinfo=UTC)

log = structlog.get_logger("search")


@dataclass(frozen=True, slots=True)
class Matches:
    """`ids` is None when there are too many, or no index to tell; then the list itself has to be read."""

    ids: Sequence[UUID] | None
    has_words: bool
    is_worth_indexing: bool


@dataclass(frozen=True, slots=True)
class Place:
    """In a folder, between two entries."""

    listed_at: datetime
    id: UUID


class SearchRepository:
    """One user's words; every query is bound to the owner."""

    def __init__(self, transaction: Transaction, *, user_id: str) -> None:
        self._connection = transaction.connection
        self._inbox = InboxRepository(transaction)
        self._user_id = user_id

    async def matches(self, search: str, folders: Sequence[Folder]) -> Matches:
        """The few notifications that hold a text, whatever its case."""
        found = await self._connection.execute(_FEW[_has_trigram(search)], self._parameters(search, folders))
        row = found.one_or_none()
        if row is None:
            return Matches(None, has_words=False, is_worth_indexing=False)
        ids = row.ids if row.ids is not None and len(row.ids) <= FEW and Folder.OUTSIDE not in folders else None
        return Matches(ids, row.has_words, is_worth_indexing=not row.has_words and row.last_seq >= LARGE)

    async def count(self, search: str, folders: Sequence[Folder]) -> int:
        """How many hold a text; only for a user who has words."""
        statement = _COUNT[_has_trigram(search)]
        return await self._connection.scalar(statement, self._parameters(search, folders)) or 0

    def _parameters(self, search: str, folders: Sequence[Folder]) -> dict[str, object]:
        escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return {"user_id": self._user_id, "folders": list(folders), "search": search, "pattern": f"%{escaped}%"}

    async def begin_index(self) -> None:
        """From now on a trigger takes in whatever enters, or changes. What was there before is to be added."""
        await self._inbox.lock(self._user_id)
        await self._connection.execute(_SET, {"user_id": self._user_id, "words": WordIndex.GROWING})

    async def add_to_index(self, folder: Folder, place: Place) -> Place | None:
        """Adds some of what was there before, after a place in a folder; how far it has come, None at the end."""
        await self._inbox.lock(self._user_id)
        parameters = {"user_id": self._user_id, "folder": folder, "most": _ROWS_PER_STEP, **asdict(place)}
        step = (await self._connection.execute(_ADD, parameters)).one()
        return Place(step.listed_at, step.id) if step.visited == _ROWS_PER_STEP else None

    async def complete_index(self) -> None:
        await self._inbox.lock(self._user_id)
        await self._connection.execute(_SET, {"user_id": self._user_id, "words": WordIndex.COMPLETE})


class WordIndexer:
    """Indexes the words of those who search in a large inbox, after they have been answered.

    Cut off, it is begun anew by the next search.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._under_way: set[str] = set()

    async def index(self, user_id: str) -> None:
        if user_id in self._under_way:
            return
        self._under_way.add(user_id)
        try:
            await self._index(user_id)
        except DatabaseFault as error:
            log.warning("words not indexed", error=str(error))
        finally:
            self._under_way.discard(user_id)

    async def _index(self, user_id: str) -> None:
        """In short steps: the user's other requests take their turns in between."""
        async with self._searching(user_id) as search:
            await search.begin_index()
        for folder in (Folder.INBOX, Folder.ARCHIVE, Folder.SNOOZED):
            place: Place | None = Place(_THE_END, UUID(int=2**128 - 1))
            while place is not None:
                async with self._searching(user_id) as search:
                    place = await search.add_to_index(folder, place)
        async with self._searching(user_id) as search:
            await search.complete_index()

    @asynccontextmanager
    async def _searching(self, user_id: str) -> AsyncIterator[SearchRepository]:
        async with self._database.transaction() as transaction:
            yield SearchRepository(transaction, user_id=user_id)


def _has_trigram(search: str) -> bool:
    """Whether the index has anything to look up; without, it would be read from end to end."""
    return _TRIGRAM.search(search) is not None


def _for_each(statement: str) -> Mapping[bool, TextClause]:
    """A statement for searches that have a trigram, and for those that have none."""
    by_index = {True: "words LIKE lower(:pattern)", False: "strpos(words, lower(:search)) > 0"}
    return {
        has_trigram: text(statement.format(holds=holds)).bindparams(bindparam("folders", type_=ARRAY(TEXT)))
        for has_trigram, holds in by_index.items()
    }


_TRIGRAM = re.compile(r"[^\W_]{3}")
_FEW = _for_each(
    f"""
    SELECT words = 'complete' AS has_words, last_seq, CASE WHEN words = 'complete' THEN ARRAY(
        SELECT notification_id FROM notification_words AS kept
        WHERE kept.user_id = :user_id AND folder = ANY(:folders) AND {{holds}}
        LIMIT {FEW + 1}
    ) END AS ids
    FROM inboxes WHERE user_id = :user_id
    """  # noqa: S608 - words and a number of ours
)
_COUNT = _for_each(
    """
    SELECT count(*) FROM notification_words WHERE user_id = :user_id AND folder = ANY(:folders) AND {holds}
    """
)

# What has entered, or was changed, since the index began is there already, and newer.
_ADD = text(
    """
    WITH step AS (
        SELECT id, user_id, folder, listed_at, title, message FROM notifications
        WHERE user_id = :user_id AND folder = :folder AND (listed_at, id) < (:listed_at, :id)
        ORDER BY listed_at DESC, id DESC
        LIMIT :most
    ), added AS (
        INSERT INTO notification_words (notification_id, user_id, folder, words)
        SELECT id, user_id, folder, lower(title || chr(31) || message) FROM step
        ON CONFLICT DO NOTHING
    )
    SELECT (SELECT count(*) FROM step) AS visited, last.listed_at, last.id
    FROM (SELECT) AS always LEFT JOIN (SELECT * FROM step ORDER BY listed_at, id LIMIT 1) AS last ON true
    """
).bindparams(bindparam("listed_at", type_=TIMESTAMP(timezone=True)), bindparam("id", type_=Uuid))
_SET = text("UPDATE inboxes SET words = :words WHERE user_id = :user_id")
