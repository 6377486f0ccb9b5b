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
    related_to: tuple[str, str] | None = None
    group_key: str | None = None
    search: str | None = None
    ordering: Sequence[str] = _NEWEST_FIRST


class ListingRepository:
    """One user's lists; every query is bound to the owner."""

    def __init__(self, transaction: Transaction, *, user_id: str) -> None:
        self._connection = transaction.connection
        self._user_id = user_id

    async def count(self, filter: ListFilter) -> int:
        statement = select(func.count()).select_from(Notification).where(*self._conditions(filter))
        return await self._connection.scalar(statement) or 0

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
            (filter.related_to is not None, lambda: tuple_(*_RELATED) == tuple_(*(filter.related_to or ()))),
            (filter.group_key is not None, lambda: Notification.group_key == filter.group_key),
            (bool(filter.search), lambda: or_(*(_contains(column, filter.search or "") for column in _SEARCHED))),
        ]
        return [Notification.user_id == self._user_id, *(condition() for given, condition in optional if given)]


def _contains(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    return column.icontains(text, autoescape=True)


_RELATED = (Notification.related_object_type, Notification.related_object_id)
_SEARCHED = (Notification.title, Notification.message)
