"""Everybody's notifications, newest first, as staff watch them come in.

There is no index over everybody's words, so a page reads a bounded piece of the list; see `MOST_READ`.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Uuid, func, literal, select, tuple_, union_all

from notifications.contracts.vocabulary import NotificationStatus, NotificationType
from persistence.database import Transaction
from persistence.drawers import Folder
from persistence.models import Notification
from persistence.slicing import Cursor, Slice

MOST_READ = 2_000
"""Notifications that one page looks at, a few milliseconds' worth. One that found too few says where to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentFilter:
    """What a list shows; everything given must hold."""

    user: str | None = None
    notification_type: NotificationType | None = None
    status: NotificationStatus | None = None
    search: str | None = None


class RecentRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def slice(self, filter: RecentFilter, cursor: Cursor | None, *, limit: int) -> Slice:
        """The rows after a cursor, or from the newest on. It may have none, and a `next` all the same."""
        piece = _piece(filter.user, cursor).subquery()
        order = (piece.c.listed_at.desc(), piece.c.id.desc())
        statement = select(piece).where(*_conditions(filter, piece.c)).order_by(*order).limit(limit + 1)
        found = [dict(row) for row in (await self._connection.execute(statement)).mappings()]
        if len(found) > limit:
            last = found[limit - 1]
            return Slice(found[:limit], None, Cursor(last["listed_at"], last["id"]))
        end = select(piece.c.listed_at, piece.c.id).order_by(*order).offset(MOST_READ - 1).limit(1)
        place = (await self._connection.execute(end)).one_or_none()
        return Slice(found, None, None if place is None else Cursor(place.listed_at, place.id))


_COLUMNS = tuple(Notification.__table__.c)


def _piece(user: str | None, cursor: Cursor | None) -> Select[Any]:
    """The next so many, in the order of an index: of everybody, or of each of one user's folders."""
    wanted: list[ColumnElement[bool]] = []
    if cursor is not None:
        there = tuple_(literal(cursor.listed_at, Notification.listed_at.type), literal(cursor.id, Uuid()))
        wanted.append(tuple_(Notification.listed_at, Notification.id) < there)
    if user is None:
        return _newest(*wanted)
    wanted.append(Notification.user_id == user)
    folders = union_all(*(_newest(*wanted, Notification.folder == folder).subquery().select() for folder in Folder))
    together = folders.subquery()
    return select(together).order_by(together.c.listed_at.desc(), together.c.id.desc()).limit(MOST_READ)


def _newest(*wanted: ColumnElement[bool]) -> Select[Any]:
    order = (Notification.listed_at.desc(), Notification.id.desc())
    return select(*_COLUMNS).where(*wanted).order_by(*order).limit(MOST_READ)


def _conditions(filter: RecentFilter, columns: Any) -> list[ColumnElement[bool]]:
    wanted = []
    if filter.notification_type is not None:
        wanted.append(columns.notification_type == filter.notification_type)
    if filter.status is not None:
        wanted.append(columns.status == filter.status)
    if filter.search:
        words = func.lower(columns.title + "\x1f" + columns.message)
        wanted.append(func.strpos(words, func.lower(filter.search)) > 0)
    return wanted
