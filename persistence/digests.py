"""Digests: windows opened, filled and closed.

Whoever fills or closes a window holds the owner's inbox.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, case, func, select, update
from sqlalchemy.dialects.postgresql import insert

from notifications.contracts import names
from notifications.contracts.digests import DigestChoice, DigestWindow, WindowKind
from notifications.contracts.vocabulary import Channel, NotificationType
from persistence import events
from persistence.database import Transaction
from persistence.digest_entries import HOW_MANY, DigestEntryRepository, awaited_by
from persistence.inbox import InboxRepository
from persistence.models import Digest
from policy.retries import Reason


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
        return await self._window(Digest.id.in_(awaited_by(notification_id)), Digest.closed_at.is_(None))

    async def count(self, user_id: str | None) -> int:
        return await self._connection.scalar(select(func.count()).select_from(Digest).where(*_of(user_id))) or 0

    async def page(self, user_id: str | None, *, offset: int, limit: int) -> Sequence[Window]:
        """The newest first."""
        newest_first = (Digest.opened_at.desc(), Digest.id.desc())
        found = _WINDOWS.where(*_of(user_id)).order_by(*newest_first).offset(offset).limit(limit)
        return [_window(row) for row in (await self._connection.execute(found)).mappings()]

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
        await DigestEntryRepository(self._transaction).add(notification_id, digest.id, until=until)
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

    async def move(self, digest_id: UUID, closes_at: datetime) -> None:
        """It closes at another time than was thought."""
        await self._set(digest_id, closes_at=closes_at)

    async def close(self, digest: Window, *, now: datetime) -> int:
        """Ends what waits in it, all at once; how many entries there are to be told.

        No socket hears of a sender's: its entries were never in the inbox, so nobody watches one.
        """
        ended = await DigestEntryRepository(self._transaction).end(digest.id, now=now)
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
    case((Digest.closed_at.is_(None), HOW_MANY), else_=Digest.total).label("entries"),
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
