"""Digests: windows opened, filled, looked into and closed.

The rows of the deliveries say who is in: those that point to its window and wait for it. So whatever stops, moves
or reads an entry takes it out, and nothing has to remember to. Whoever fills or closes a window holds the owner's
inbox.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, and_, case, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from notifications.contracts import names
from notifications.contracts.digests import DigestChoice, DigestWindow, WindowKind
from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationType
from persistence import events
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

    @property
    def is_own(self) -> bool:
        """What its person wants to be told together, not what a sender does."""
        return self.window.kind is WindowKind.OWN


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

    async def held(self, digest_id: UUID, *, user_id: str | None = None) -> Window | None:
        """One digest, held with its owner's inbox until the transaction ends: nobody joins, leaves or closes it.

        With a `user_id`, also one that whoever holds the inbox is about to open.
        """
        if user_id is not None:
            await InboxRepository(self._transaction).lock(user_id)
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
        entries = select(Delivery.digest_id).where(Delivery.notification_id == notification_id, _WAITS_FOR_SENDERS)
        return await self._window(Digest.id.in_(entries), Digest.closed_at.is_(None))

    async def count(self, user_id: str | None) -> int:
        return await self._connection.scalar(select(func.count()).select_from(Digest).where(*_of(user_id))) or 0

    async def page(self, user_id: str | None, *, offset: int, limit: int) -> Sequence[Window]:
        """The newest first."""
        newest_first = (Digest.opened_at.desc(), Digest.id.desc())
        found = _WINDOWS.where(*_of(user_id)).order_by(*newest_first).offset(offset).limit(limit)
        return [_window(row) for row in (await self._connection.execute(found)).mappings()]

    async def entries(self, digest_id: UUID, *, limit: int, only_in: bool = False) -> Sequence[Entry]:
        """The newest, first; `only_in` leaves out those that have left."""
        is_in = _entered(digest_id, _IS_IN)
        wanted = is_in if only_in else _entered(digest_id)
        rows = await self._connection.execute(
            select(
                Notification.id,
                Notification.title,
                Notification.message,
                Notification.related_object_type,
                Notification.related_object_id,
                Notification.created_at,
                is_in.label("is_in"),
            )
            .where(wanted)
            .order_by(Notification.created_at.desc(), Notification.id.desc())
            .limit(limit)
        )
        return [Entry(**row) for row in rows.mappings()]

    async def channels(self, digest_id: UUID) -> tuple[Channel, ...]:
        """On which its entries were to go out, in the order of the channels."""
        found = await self._connection.scalars(
            select(Delivery.channel).join(Notification).where(Delivery.digest_id == digest_id, _IS_IN).distinct()
        )
        asked = set(found)
        return tuple(channel for channel in Channel if channel in asked)

    async def open(
        self,
        user_id: str,
        choice: DigestChoice,
        notification_type: NotificationType,
        *,
        now: datetime,
        closes_at: datetime | None = None,
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
                closes_at=closes_at or now,
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
            update(Delivery)
            .where(Delivery.notification_id == notification_id)
            .values(next_attempt_at=until, digest_id=digest.id)
        )
        await self._set(digest.id, last_entry_at=digest.last_entry_at, closes_at=digest.closes_at)

    async def open_own(self, user_id: str, channel: Channel, *, closes_at: datetime, now: datetime) -> UUID:
        """The open window of what a person gathers for themselves until then, opened if there is none.

        Somebody is sure to wait for it, once it is committed. The caller holds the inbox.
        """
        key = names.own_digest_key(channel, closes_at)
        found = await self.open_for(user_id, key, NotificationType.SYSTEM)
        if found is None:
            choice = DigestChoice(key=key, window=DigestWindow(kind=WindowKind.OWN))
            found = await self.open(user_id, choice, NotificationType.SYSTEM, now=now, closes_at=closes_at)
            self._transaction.windows[found.id] = user_id
        elif closes_at <= now:
            self._transaction.windows[found.id] = user_id  # it should have closed
        return found.id

    async def put(self, delivery_id: UUID, digest_id: UUID | None) -> None:
        """A delivery is in another window, or in none."""
        await self._connection.execute(
            update(Delivery).where(Delivery.id == delivery_id).values(digest_id=digest_id, updated_at=func.now())
        )

    async def move(self, digest_id: UUID, closes_at: datetime) -> None:
        """It closes at another time than was thought."""
        await self._set(digest_id, closes_at=closes_at)

    async def close(self, digest: Window, *, now: datetime) -> int:
        """Ends what waits in it, all at once; how many entries there are to be told.

        No socket hears of a sender's: its entries were never in the inbox, so nobody watches one.
        """
        ended = (await self._connection.execute(_END, {"id": digest.id, "now": now})).all()
        total = len({each.notification_id for each in ended if each.reason == Reason.DIGESTED})
        await self._set(digest.id, closed_at=now, closes_at=now, total=total)
        if digest.is_own and ended:
            changes = [events.delivery_changed(each) for each in ended]
            await InboxRepository(self._transaction).append(digest.user_id, changes)
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


_WAITS_FOR_SENDERS = and_(Delivery.reason == WaitReason.DIGEST, Delivery.status == DeliveryStatus.SCHEDULED)
# Of a delivery with its notification, in the window that it points to.
_IS_IN = or_(
    and_(
        Delivery.reason.in_([WaitReason.DIGEST, WaitReason.OWN_DIGEST]),
        Delivery.status == DeliveryStatus.SCHEDULED,
        Notification.read_at.is_(None),
        or_(Notification.expires_at.is_(None), Notification.expires_at > func.now()),
    ),
    Delivery.reason == Reason.DIGESTED,
)


def _entered(digest_id: UUID, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether any delivery of a notification points to a window."""
    return (
        exists()
        .where(Delivery.notification_id == Notification.id, Delivery.digest_id == digest_id, *conditions)
        .correlate(Notification)
    )


_IN_IT = (
    select(func.count(Delivery.notification_id.distinct()))
    .select_from(Delivery)
    .join(Notification)
    .where(Delivery.digest_id == Digest.id, _IS_IN)
    .correlate(Digest)
    .scalar_subquery()
)
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
        WHERE delivery.digest_id = :id AND delivery.notification_id = entry.id
            AND delivery.status = 'scheduled' AND delivery.reason IN ('digest', 'own_digest')
        RETURNING delivery.id, delivery.notification_id, delivery.channel, delivery.status, delivery.reason,
            delivery.attempts, delivery.next_attempt_at
    ), told AS (
        INSERT INTO timeline_entries (notification_id, channel, event, reason)
        SELECT notification_id, channel, status, reason FROM ended
    ), settled AS (
        UPDATE notifications SET status = 'sent', sent_at = coalesce(sent_at, now()), updated_at = now()
        WHERE id IN (SELECT notification_id FROM ended) AND NOT EXISTS (
            -- What else is to come of it, or failed, its own workflow knows.
            SELECT FROM deliveries AS other
            WHERE other.notification_id = notifications.id AND other.id NOT IN (SELECT id FROM ended)
                AND other.status NOT IN ('sent', 'delivered', 'skipped', 'cancelled')
        )
    )
    SELECT notification_id, channel, status, reason, attempts, next_attempt_at FROM ended
    """
)
