"""The inbox in groups: the newest few of each, and how many there are."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any

from sqlalchemy import Select, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from notifications.contracts.vocabulary import NotificationType
from persistence.database import Transaction
from persistence.drawers import Folder
from persistence.entries import DRAWER, conditions, entries, heads_of, newest
from persistence.filters import ListFilter
from persistence.inbox import InboxRepository
from persistence.models import Notification

# Groups by key are those of so many newest entries that have one.
_LOOKED_THROUGH = 2_000
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Group:
    """A group's key is a day's name, a type, or a group key; `rows` are its newest, newest first."""

    key: str
    count: int
    rows: list[Row]


class GroupingRepository:
    """One user's inbox; every query is bound to the owner."""

    def __init__(self, transaction: Transaction, *, user_id: str, entries_per_group: int) -> None:
        self._connection = transaction.connection
        self._inbox = InboxRepository(transaction)
        self._user_id = user_id
        self._most = entries_per_group

    async def day(self, key: str, *, since: datetime, until: datetime | None) -> Group:
        """The entries of one day."""
        wanted = conditions(ListFilter(since=since, until=until), user_id=self._user_id)
        found = await self._connection.execute(entries(wanted, [(Folder.INBOX,)], limit=self._most))
        rows = [dict(row) for row in found.mappings()]
        count = len(rows) if len(rows) < self._most else (await self._counts(since, until)).total()
        return Group(key, count, rows)

    async def older(self, *, than: datetime) -> list[Group]:
        """By type, what came before an instant: what the inbox holds, less what came since."""
        wanted = conditions(ListFilter(until=than), user_id=self._user_id)
        looked_into = list(product([Folder.INBOX], NotificationType, (True, False)))
        heads = heads_of(newest(wanted), by=DRAWER, values=looked_into, limit=self._most)
        rows = await self._rows_by("notification_type", heads)
        drawers = await self._inbox.drawers(self._user_id)
        recent = await self._counts(than, None)
        return [Group(kind, drawers.count([kind]) - recent[kind], rows[kind]) for kind in NotificationType]

    async def by_key(self, *, most: int) -> list[Group]:
        """By group key, the one with the newest entry first."""
        keys = (await self._connection.scalars(_KEYS, {"user_id": self._user_id, "most": most})).all()
        counted = await self._connection.execute(_COUNT_BY_KEY, {"user_id": self._user_id, "keys": keys})
        counts = {row.group_key: row.entries for row in counted}
        wanted = conditions(ListFilter(), user_id=self._user_id)
        by, values = (Notification.folder, Notification.group_key), [(Folder.INBOX, key) for key in keys]
        rows = await self._rows_by("group_key", heads_of(newest(wanted), by=by, values=values, limit=self._most))
        return [Group(key, counts.get(key, 0), rows[key]) for key in keys]

    async def _rows_by(self, name: str, heads: Select[Any]) -> defaultdict[str, list[Row]]:
        """The newest few by the value of a column, newest first."""
        found = [dict(row) for row in (await self._connection.execute(heads)).mappings()]
        rows: defaultdict[str, list[Row]] = defaultdict(list)
        for row in sorted(found, key=lambda row: (row["listed_at"], row["id"]), reverse=True):
            if len(rows[row[name]]) < self._most:
                rows[row[name]].append(row)
        return rows

    async def _counts(self, since: datetime, until: datetime | None) -> Counter[str]:
        """How many entries of each type lie in a span."""
        counted = await self._connection.execute(
            _COUNT_BY_TYPE,
            {
                "user_id": self._user_id,
                "types": list(NotificationType),
                "since": since,
                "until": until or datetime.max.replace(tzinfo=UTC),
            },
        )
        return Counter({row.notification_type: row.entries for row in counted})


_KEYS = text(
    """
    SELECT group_key FROM (
        SELECT group_key, listed_at FROM notifications
        WHERE user_id = :user_id AND folder = 'inbox' AND group_key IS NOT NULL
        ORDER BY listed_at DESC, id DESC
        LIMIT :looked_through
    ) AS newest
    GROUP BY group_key
    ORDER BY max(listed_at) DESC
    LIMIT :most
    """
).bindparams(looked_through=_LOOKED_THROUGH)

_COUNT_BY_KEY = text(
    """
    SELECT key AS group_key, entries FROM unnest(:keys) AS key, LATERAL (
        SELECT count(*) AS entries FROM notifications
        WHERE user_id = :user_id AND folder = 'inbox' AND group_key = key
    ) AS grouped
    """
).bindparams(bindparam("keys", type_=ARRAY(TEXT)))

# Drawer by drawer, because the index of drawers alone can tell: no entry is fetched to be counted.
_COUNT_BY_TYPE = text(
    """
    SELECT kind AS notification_type, cast(sum(entries) AS int) AS entries
    FROM unnest(:types) AS kind, unnest(ARRAY[true, false]) AS reading, LATERAL (
        SELECT count(*) AS entries FROM notifications
        WHERE user_id = :user_id AND folder = 'inbox' AND notification_type = kind AND is_read = reading
            AND listed_at >= :since AND listed_at < :until
    ) AS drawer
    GROUP BY kind
    """
).bindparams(bindparam("types", type_=ARRAY(TEXT)))
