"""A user's notifications as a list: filtered, ordered, counted, in pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import InstrumentedAttribute

from notifications.contracts.vocabulary import Channel, NotificationStatus, NotificationType
from persistence.database import Transaction
from persistence.models import Notification
from persistence.notifications import ITEM_COLUMNS
from persistence.slicing import Cursor, Place, Slice, slice_of

_ORDERINGS: dict[str, ColumnElement[Any]] = {
    "created_at": Notification.listed_at.asc(),
    "-created_at": Notification.listed_at.desc(),
    "is_read": Notification.read_at.is_not(None).asc(),
    "-is_read": Notification.read_at.is_not(None).desc(),
}
ORDERINGS = tuple(_ORDERINGS)
_NEWEST_FIRST = ("-created_at",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """What a list shows; everything given must hold.

    Without `status` and `channel` a list is the inbox: what has arrived in-app. With either, it looks at
    all of the user's notifications, those still waiting or never meant for the inbox included.
    """

    types: Sequence[NotificationType] = ()
    is_read: bool | None = None
    status: NotificationStatus | None = None
    channel: Channel | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    """A period by the list's own time, from `since` on and before `until`."""
    related_to: tuple[str, str] | None = None
    group_key: str | None = None
    search: str | None = None
    ordering: Sequence[str] = _NEWEST_FIRST


@dataclass(frozen=True, slots=True)
class TypeCount:
    total: int
    unread: int


@dataclass(frozen=True, slots=True)
class Group:
    """The entries that one filter lets through: how many, and the newest, newest first."""

    count: int
    rows: list[dict[str, Any]]


class ListingRepository:
    """One user's lists; every query is bound to the owner."""

    def __init__(self, transaction: Transaction, *, user_id: str) -> None:
        self._connection = transaction.connection
        self._user_id = user_id

    async def count(self, filter: ListFilter) -> int:
        statement = select(func.count()).select_from(Notification).where(*self._conditions(filter))
        return await self._connection.scalar(statement) or 0

    async def by_type(self) -> dict[NotificationType, TypeCount]:
        """How many the inbox holds of each type, every type included."""
        rows = await self._connection.execute(
            select(
                Notification.notification_type,
                func.count().label("total"),
                func.count().filter(Notification.read_at.is_(None)).label("unread"),
            )
            .where(*self._conditions(ListFilter()))
            .group_by(Notification.notification_type)
        )
        counted = {row.notification_type: TypeCount(row.total, row.unread) for row in rows}
        return {kind: counted.get(kind, TypeCount(0, 0)) for kind in NotificationType}

    async def page(self, filter: ListFilter, *, offset: int, limit: int) -> list[dict[str, Any]]:
        statement: Select[Any] = (
            select(*ITEM_COLUMNS)
            .where(*self._conditions(filter))
            # The id makes the order total, so that no page repeats or skips a row of the same instant.
            .order_by(*(_ORDERINGS[name] for name in filter.ordering), Notification.id.desc())
            .offset(offset)
            .limit(limit)
        )
        return [dict(row) for row in (await self._connection.execute(statement)).mappings()]

    async def group(self, filter: ListFilter, *, limit: int) -> Group:
        """How many a filter lets through, and the newest few."""
        rows = await self.page(filter, offset=0, limit=limit)
        return Group(len(rows) if len(rows) < limit else await self.count(filter), rows)

    async def group_keys(self, *, limit: int) -> list[str]:
        """The inbox's group keys, the one with the newest entry first."""
        newest = func.max(Notification.listed_at)
        keys = await self._connection.scalars(
            select(Notification.group_key)
            .where(*self._conditions(ListFilter()), Notification.group_key.is_not(None))
            .group_by(Notification.group_key)
            .order_by(newest.desc())
            .limit(limit)
        )
        return [key for key in keys if key is not None]

    async def slice(self, filter: ListFilter, cursor: Cursor | None, *, limit: int) -> Slice:
        """Rows after (or before) a cursor, or from the beginning: as fast at any depth.

        Orders by creation alone; the filter's direction of it counts.
        """
        return await slice_of(
            self._connection,
            select(*ITEM_COLUMNS, Notification.listed_at).where(*self._conditions(filter)),
            _PLACE,
            cursor,
            limit=limit,
            descending=filter.ordering[0].startswith("-"),
        )

    def _conditions(self, filter: ListFilter) -> list[ColumnElement[bool]]:
        """The owner first, so that no combination of filters can reach anybody else's."""
        unread = Notification.read_at.is_(None)
        optional: list[tuple[bool, Callable[[], ColumnElement[bool]]]] = [
            (filter.status is None and filter.channel is None, lambda: Notification.published_at.is_not(None)),
            (bool(filter.types), lambda: Notification.notification_type.in_(filter.types)),
            (filter.is_read is not None, lambda: ~unread if filter.is_read else unread),
            (filter.status is not None, lambda: Notification.status == filter.status),
            (filter.channel is not None, lambda: Notification.channels.contains(array([filter.channel]))),
            (filter.created_after is not None, lambda: Notification.created_at >= filter.created_after),
            (filter.created_before is not None, lambda: Notification.created_at <= filter.created_before),
            (filter.since is not None, lambda: Notification.listed_at >= filter.since),
            (filter.until is not None, lambda: Notification.listed_at < filter.until),
            (filter.related_to is not None, lambda: tuple_(*_RELATED) == tuple_(*(filter.related_to or ()))),
            (filter.group_key is not None, lambda: Notification.group_key == filter.group_key),
            (bool(filter.search), lambda: or_(*(_contains(column, filter.search or "") for column in _SEARCHED))),
        ]
        return [Notification.user_id == self._user_id, *(condition() for given, condition in optional if given)]


_PLACE = Place(Notification.listed_at, Notification.id)


def _contains(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    return column.icontains(text, autoescape=True)


_RELATED = (Notification.related_object_type, Notification.related_object_id)
_SEARCHED = (Notification.title, Notification.message)
