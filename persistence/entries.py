"""Statements that read entries of one user in the order of an index, and stop where they are told to.

A list is a folder, or drawers of folders by type and reading. Where it is several, the head of each is read in
order and the heads are put in one order, so that no more is sorted than is asked for.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Text,
    bindparam,
    column,
    func,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from notifications.contracts.vocabulary import NotificationType
from persistence.filters import ListFilter
from persistence.models import Notification
from persistence.notifications import ITEM_COLUMNS

COLUMNS = (*ITEM_COLUMNS, Notification.listed_at)
PLACE = (Notification.listed_at, Notification.id)
WORDS = func.lower(Notification.title + func.chr(31) + Notification.message)
"""What is searched; nobody's search holds the sign in between."""
DRAWER = (Notification.folder, Notification.notification_type, Notification.is_read)
Drawer = tuple[str, ...] | tuple[str, str, bool]
"""A folder, or a folder with a type and a reading."""


def in_order(place: Iterable[SQLColumnExpression[Any]], *, newest_first: bool) -> list[ColumnElement[Any]]:
    return [part.desc() if newest_first else part.asc() for part in place]


def newest(conditions: Iterable[ColumnElement[bool]]) -> Select[Any]:
    return select(*COLUMNS).where(*conditions).order_by(*in_order(PLACE, newest_first=True))


def oldest(conditions: Iterable[ColumnElement[bool]]) -> Select[Any]:
    return select(*COLUMNS).where(*conditions).order_by(*in_order(PLACE, newest_first=False))


def drawers(filter: ListFilter) -> Sequence[Drawer]:
    """Where to look. What has an index of its own is not looked for drawer by drawer."""
    if filter.group_key or filter.related_to or not (filter.types or filter.is_read is not None):
        return [(folder,) for folder in filter.folders]
    readings = (True, False) if filter.is_read is None else (filter.is_read,)
    return list(product(filter.folders, filter.types or NotificationType, readings))


def entries(
    conditions: Sequence[ColumnElement[bool]],
    looked_into: Sequence[Drawer],
    *,
    newest_first: bool = True,
    offset: int = 0,
    limit: int,
) -> Select[Any]:
    """The entries of these drawers for which the conditions hold, in one order."""
    entry = newest(conditions) if newest_first else oldest(conditions)
    if len(looked_into) == 1:
        (only,) = looked_into
        there = (where == what for where, what in zip(DRAWER, only, strict=False))
        return entry.where(*there).offset(offset or None).limit(limit)
    heads = heads_of(entry, by=DRAWER[: len(looked_into[0])], values=looked_into, limit=offset + limit)
    return in_one_order(heads, newest_first=newest_first, offset=offset, limit=limit)


def heads_of(
    entry: Select[Any], *, by: Sequence[InstrumentedAttribute[Any]], values: Sequence[tuple[Any, ...]], limit: int
) -> Select[Any]:
    """The first few of `entry` for each of several values of some columns, value by value."""
    arrays = (
        bindparam(None, [value[place] for value in values], ARRAY(type(name.type))) for place, name in enumerate(by)
    )
    columns = (column(name.key, name.type) for name in by)
    wanted = func.unnest(*arrays).table_valued(*columns).render_derived(name="wanted")
    head = entry.where(*(name == wanted.c[name.key] for name in by)).limit(limit).lateral("entry")
    return select(*head.c).select_from(wanted.join(head, true()))


def in_one_order(heads: Select[Any], *, newest_first: bool, offset: int, limit: int) -> Select[Any]:
    """What `heads_of` found, put in order."""
    place = (heads.selected_columns.listed_at, heads.selected_columns.id)
    return heads.order_by(*in_order(place, newest_first=newest_first)).offset(offset or None).limit(limit)


def among(ids: Sequence[UUID], conditions: Iterable[ColumnElement[bool]]) -> Select[Any]:
    """A few that are known by their ids: each is looked up by itself, however many the planner expects."""
    return heads_of(select(*COLUMNS).where(*conditions), by=(Notification.id,), values=[(one,) for one in ids], limit=1)


def conditions(filter: ListFilter, *, user_id: str) -> list[ColumnElement[bool]]:
    """The owner first, so that no combination of filters can reach anybody else's."""
    optional: list[tuple[bool, Callable[[], ColumnElement[bool]]]] = [
        (bool(filter.types), lambda: Notification.notification_type.in_(filter.types)),
        (filter.is_read is not None, lambda: Notification.is_read == filter.is_read),
        (filter.status is not None, lambda: Notification.status == _written_out(filter.status)),
        (filter.channel is not None, lambda: func.array_position(Notification.channels, filter.channel).is_not(None)),
        (filter.created_after is not None, lambda: Notification.created_at >= filter.created_after),
        # Nothing is listed before it was created: this ends the reading, the line above only sorts out.
        (filter.created_after is not None, lambda: Notification.listed_at >= filter.created_after),
        (filter.created_before is not None, lambda: Notification.created_at <= filter.created_before),
        (filter.since is not None, lambda: Notification.listed_at >= filter.since),
        (filter.until is not None, lambda: Notification.listed_at < filter.until),
        (filter.related_to is not None, lambda: tuple_(*_RELATED) == tuple_(*(filter.related_to or ()))),
        (filter.group_key is not None, lambda: Notification.group_key == filter.group_key),
        (bool(filter.search), lambda: func.strpos(WORDS, func.lower(filter.search)) > 0),
    ]
    return [Notification.user_id == user_id, *(condition() for given, condition in optional if given)]


def _written_out(value: str | None) -> BindParameter[str | None]:
    """A word of ours in the statement itself: how many there are of it decides the plan."""
    return bindparam(None, value, Text, literal_execute=True)


_RELATED = (Notification.related_object_type, Notification.related_object_id)
