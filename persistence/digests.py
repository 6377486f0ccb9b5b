"""Digests: windows opened, filled, looked into and closed.

The rows of the deliveries say who is in: those that wait for their digest. So whatever stops, moves or reads an
entry takes it out, and nothing has to remember to. Whoever fills or closes a window holds the owner's inbox.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, and_, case, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from notifications.contracts.digests import DigestChoice, DigestWindow, WindowKind
from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationType
from persistence.database import Transaction
from persistence.inbox import InboxRepository
from persistence.models import Delivery, Digest, Notification
from policy.planning import WaitReason
from policy.retries import Reason

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A digest as it stands; `entries` are those that are in it now, or were told."""

    id: UUID
    user_id: str
    key: str
    notification_type: NotificationType
    window: DigestWindow
    opened_at: datetime
    last_entry_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One notification that was to be told in a digest."""

    id: UUID
    title: str
    message: str
    related_object_type: str | None
    related_object_id: str | None
    created_at: datetime
    is_in: bool
    """It waits for the digest, or was told in it; else it was read, stopped or moved before."""


class DigestRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def held(self, digest_id: UUID) -> Window | None:
        """One digest, held with its owner's inbox until the transaction ends: nobody joins, leaves or closes it."""
        owner = await self._connection.scalar(select(Digest.user_id).where(Digest.id == digest_id))
        if owner is None:
            return None
        await InboxRepository(self._transaction).lock(owner)
        return await self._window(Digest.id == digest_id, hold=True)

    async def open_for(self, user_id: str, key: str, notification_type: NotificationType) -> Window | None:
        """The window that takes in what comes, held as by `held`; the caller holds the inbox already."""
        wanted = (Digest.user_id == user_id, Digest.key == key, Digest.notification_type == notification_type)
        return await self._window(*wanted, Digest.closed_at.is_(None), hold=True)

    async def get(self, digest_id: UUID) -> Window | None:
        return await self._window(Digest.id == digest_id)

    async def open_of(self, notification_id: UUID) -> Window | None:
        """The open window that a notification waits in."""
        entry = select(Notification.digest_id).where(Notification.id == notification_id).scalar_subquery()
        return await self._window(Digest.id == entry, Digest.closed_at.is_(None))

    async def count(self, user_id: str | None) -> int:
        return await self._connection.scalar(select(func.count()).select_from(Digest).where(*_of(user_id))) or 0

    async def page(self, user_id: str | None, *, offset: int, limit: int) -> Sequence[Window]:
        """The newest first."""
        newest_first = (Digest.opened_at.desc(), Digest.id.desc())
        found = _WINDOWS.where(*_of(user_id)).order_by(*newest_first).offset(offset).limit(limit)
        return [_window(row) for row in (await self._connection.execute(found)).mappings()]

    async def entries(self, digest_id: UUID, *, limit: int, only_in: bool = False) -> Sequence[Entry]:
        """The newest, first; `only_in` leaves out those that have left."""
        wanted = [Notification.digest_id == digest_id, *([_is_in(Notification)] if only_in else [])]
        rows = await self._connection.execute(
            select(
                Notification.id,
                Notification.title,
                Notification.message,
                Notification.related_object_type,
                Notification.related_object_id,
                Notification.created_at,
                _is_in(Notification).label("is_in"),
            )
            .where(*wanted)
            .order_by(Notification.created_at.desc(), Notification.id.desc())
            .limit(limit)
        )
        return [Entry(**row) for row in rows.mappings()]

    async def channels(self, digest_id: UUID) -> tuple[Channel, ...]:
        """On which its entries were to go out, in the order of the channels."""
        found = await self._connection.scalars(
            select(func.unnest(Notification.channels))
            .where(Notification.digest_id == digest_id, _is_in(Notification))
            .distinct()
        )
        asked = set(found)
        return tuple(channel for channel in Channel if channel in asked)

    async def open(
        self, user_id: str, choice: DigestChoice, notification_type: NotificationType, *, now: datetime
    ) -> Window:
        """A new window, for which there is room: none of the same user, key and type is open."""
        digest_id = await self._connection.scalar(
            insert(Digest)
            .values(
                user_id=user_id,
                key=choice.key,
                notification_type=notification_type,
                window=asdict(choice.window),
                opened_at=now,
                last_entry_at=now,
                closes_at=now,
            )
            .returning(Digest.id)
        )
        opened = await self._window(Digest.id == digest_id)
        if opened is None:
            raise LookupError("a row that was just added is gone")
        return opened

    async def take_in(self, notification_id: UUID, digest: Window, *, until: datetime) -> None:
        """Makes a notification an entry, waiting until then, of a digest that stands as told."""
        await self._connection.execute(
            update(Notification).where(Notification.id == notification_id).values(digest_id=digest.id)
        )
        await self._connection.execute(
            update(Delivery).where(Delivery.notification_id == notification_id).values(next_attempt_at=until)
        )
        await self._set(digest.id, last_entry_at=digest.last_entry_at, closes_at=digest.closes_at)

    async def move(self, digest_id: UUID, closes_at: datetime) -> None:
        """It closes at another time than was thought."""
        await self._set(digest_id, closes_at=closes_at)

    async def close(self, digest_id: UUID, *, now: datetime) -> int:
        """Ends what waits in it, all at once; how many entries there are to be told.

        No socket hears of it: an entry was never in the inbox, so nobody watches one.
        """
        total = await self._connection.scalar(_END, {"id": digest_id, "now": now}) or 0
        await self._set(digest_id, closed_at=now, closes_at=now, total=total)
        return total

    async def _set(self, digest_id: UUID, **values: object) -> None:
        await self._connection.execute(
            update(Digest).where(Digest.id == digest_id).values(**values, updated_at=func.now())
        )

    async def _window(self, *conditions: ColumnElement[bool], hold: bool = False) -> Window | None:
        found = _WINDOWS.where(*conditions)
        rows = await self._connection.execute(found.with_for_update(of=Digest) if hold else found)
        row = rows.mappings().one_or_none()
        return None if row is None else _window(row)


def _of(user_id: str | None) -> list[ColumnElement[bool]]:
    return [] if user_id is None else [Digest.user_id == user_id]


def _is_in(entry: type[Notification]) -> ColumnElement[bool]:
    waits = and_(
        Delivery.reason == WaitReason.DIGEST,
        Delivery.status == DeliveryStatus.SCHEDULED,
        entry.read_at.is_(None),
        or_(entry.expires_at.is_(None), entry.expires_at > func.now()),
    )
    return exists().where(Delivery.notification_id == entry.id, or_(waits, Delivery.reason == Reason.DIGESTED))


_ENTRY = aliased(Notification)
_IN_IT = select(func.count()).where(_ENTRY.digest_id == Digest.id, _is_in(_ENTRY)).correlate(Digest).scalar_subquery()
_WINDOWS = select(
    Digest.id,
    Digest.user_id,
    Digest.key,
    Digest.notification_type,
    Digest.window,
    Digest.opened_at,
    Digest.last_entry_at,
    Digest.closes_at,
    Digest.closed_at,
    case((Digest.closed_at.is_(None), _IN_IT), else_=Digest.total).label("entries"),
)


def _window(row: RowMapping) -> Window:
    window = row["window"]
    return Window(
        **{
            **row,
            "notification_type": NotificationType(row["notification_type"]),
            "window": DigestWindow(**{**window, "kind": WindowKind(window["kind"])}),
        }
    )


_END = text(
    """
    WITH ended AS (
        UPDATE deliveries AS delivery SET status = 'skipped', next_attempt_at = NULL, updated_at = now(),
            reason = CASE
                WHEN entry.read_at IS NOT NULL THEN 'already_read'
                WHEN entry.expires_at <= :now THEN 'expired'
                ELSE 'digested'
            END
        FROM notifications AS entry
        WHERE entry.digest_id = :id AND delivery.notification_id = entry.id
            AND delivery.status = 'scheduled' AND delivery.reason = 'digest'
        RETURNING delivery.notification_id, delivery.channel, delivery.status, delivery.reason
    ), told AS (
        INSERT INTO timeline_entries (notification_id, channel, event, reason)
        SELECT notification_id, channel, status, reason FROM ended
    ), settled AS (
        UPDATE notifications SET status = 'sent', sent_at = now(), updated_at = now()
        WHERE id IN (SELECT notification_id FROM ended)
    )
    SELECT count(DISTINCT notification_id) FROM ended WHERE reason = 'digested'
    """
)
