"""After any sequence of what can happen to an inbox, counts and lists are what a plain model says."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from inbox_world import counted, counted_anew, put_one, somebody, told

from deploy.local.launch import LaunchedStack
from notifications.contracts.vocabulary import NotificationType
from persistence import events
from persistence.database import Database
from persistence.drawers import Folder, Moves, drawer
from persistence.filters import ListFilter
from persistence.inbox import InboxRepository
from persistence.listing import ListingRepository
from persistence.notifications import NotificationRepository
from persistence.reading import ReadingRepository
from persistence.treatment import TreatmentRepository
from policy.treatment import Wish

STEPS = 60
SOON = timedelta(milliseconds=30)


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=2)
    yield database
    await database.close()


@dataclass
class Entry:
    """What a person would remember of a notification."""

    kind: NotificationType
    is_read: bool = False
    folder: Folder = Folder.INBOX
    until: datetime | None = None


@dataclass
class Inbox:
    """Does the same to the repositories and to a model, a dictionary."""

    database: Database
    chance: random.Random
    user: str = field(default_factory=somebody)
    entries: dict[UUID, Entry] = field(default_factory=dict)

    async def live_on(self) -> None:
        acts = [
            *[self.receive] * 3,
            self.be_promised,
            self.have_published,
            *[self.mark_some] * 2,
            self.mark_all,
            self.mark_all_up_to_an_event,
            self.see,
            *[self.archive] * 2,
            *[self.snooze] * 2,
            self.wake,
            self.delete,
        ]
        act: Callable[[], Awaitable[None]] = self.chance.choice(acts)
        await act()

    async def receive(self) -> None:
        kind = self.chance.choice(list(NotificationType))
        self.entries[await put_one(self.database, self.user, notification_type=kind)] = Entry(kind)

    async def be_promised(self) -> None:
        kind = self.chance.choice(list(NotificationType))
        one = await put_one(self.database, self.user, notification_type=kind, published_at=None)
        self.entries[one] = Entry(kind, folder=Folder.OUTSIDE)

    async def have_published(self) -> None:
        for one in self._some(Folder.OUTSIDE):
            async with self.database.transaction() as transaction:
                await InboxRepository(transaction).lock(self.user)
                item = await NotificationRepository(transaction).publish(one)
                assert item is not None
                moves = Moves()
                moves.enter(Folder.INBOX, item["notification_type"], is_read=item["is_read"])
                await InboxRepository(transaction).append(self.user, [events.new_notification(item)], moves)
            self.entries[one].folder = Folder.INBOX

    async def mark_some(self) -> None:
        is_read, ids = self.chance.random() < 0.6, self._some()
        async with self.database.statements() as statements:
            change = await ReadingRepository(statements).mark_read(self.user, [*ids, uuid4()], is_read=is_read)
        assert (change.changed, change.found) == (
            sum(self.entries[one].is_read is not is_read for one in ids),
            frozenset(ids),
        )
        for one in ids:
            self.entries[one].is_read = is_read

    async def mark_all(self) -> None:
        is_read = self.chance.random() < 0.7
        async with self.database.transaction() as transaction:
            change = await ReadingRepository(transaction).mark_all(self.user, is_read=is_read)
        inbox = [entry for entry in self.entries.values() if entry.folder is Folder.INBOX]
        assert change.changed == sum(entry.is_read is not is_read for entry in inbox)
        for entry in inbox:
            entry.is_read = is_read

    async def mark_all_up_to_an_event(self) -> None:
        stream = await told(self.database, self.user)
        seq = self.chance.randint(0, len(stream))
        arrived_later = {
            UUID(event.message["notification"]["id"])
            for event in stream[seq:]
            if event.message["type"] == "new_notification"
        }
        async with self.database.transaction() as transaction:
            await ReadingRepository(transaction).mark_all(self.user, is_read=True, up_to_seq=seq)
        for one, entry in self.entries.items():
            entry.is_read |= entry.folder is Folder.INBOX and one not in arrived_later

    async def see(self) -> None:
        async with self.database.transaction() as transaction:
            await ReadingRepository(transaction).mark_seen(self.user, self.chance.choice([None, self._some()]))

    async def archive(self) -> None:
        for one in self._some(Folder.INBOX, Folder.ARCHIVE, Folder.SNOOZED):
            is_archived = self.chance.random() < 0.6
            await self._change(one, Wish(is_archived=is_archived))
            entry = self.entries[one]
            if is_archived or entry.folder is Folder.ARCHIVE:
                entry.folder, entry.until = (Folder.ARCHIVE if is_archived else Folder.INBOX), None

    async def snooze(self) -> None:
        for one in self._some(Folder.INBOX, Folder.ARCHIVE, Folder.SNOOZED):
            until = datetime.now(UTC) + SOON if self.chance.random() < 0.7 else None
            await self._change(one, Wish(is_snoozed=until is not None, snoozed_until=until))
            entry = self.entries[one]
            if until is not None or entry.folder is Folder.SNOOZED:
                entry.folder, entry.until = (Folder.SNOOZED if until else Folder.INBOX), until

    async def wake(self) -> None:
        for one in self._some(Folder.SNOOZED):
            entry = self.entries[one]
            assert entry.until is not None
            async with self.database.transaction() as transaction:
                is_time = await TreatmentRepository(transaction).wake(self.user, one, entry.until)
            if is_time:
                self.entries[one] = Entry(entry.kind)

    async def delete(self) -> None:
        ids = self._some()
        async with self.database.transaction() as transaction:
            assert await TreatmentRepository(transaction).delete(self.user, [*ids, uuid4()]) == len(ids)
        for one in ids:
            del self.entries[one]

    async def agrees(self) -> None:
        inbox = [entry for entry in self.entries.values() if entry.folder is Folder.INBOX]
        expected = Counter(drawer(entry.kind, is_read=entry.is_read) for entry in inbox)
        unread = sum(not entry.is_read for entry in inbox)
        assert await counted(self.database, self.user) == expected | {"unread": unread}
        assert await counted_anew(self.database, self.user) == expected | {"unread": unread}

    async def lists_agree(self) -> None:
        lists = {Folder.INBOX: ListFilter(), Folder.ARCHIVE: ListFilter(archived=True)}
        lists[Folder.SNOOZED] = ListFilter(snoozed=True)
        async with self.database.statements() as statements:
            listing = ListingRepository(statements, user_id=self.user)
            for folder, wanted in lists.items():
                shown = {row["id"]: row["is_read"] for row in await listing.page(wanted, offset=0, limit=1_000)}
                assert shown == {one: entry.is_read for one, entry in self.entries.items() if entry.folder is folder}
                assert await listing.count(wanted) == len(shown)

    async def _change(self, id: UUID, wish: Wish) -> None:
        async with self.database.transaction() as transaction:
            await TreatmentRepository(transaction).change(self.user, id, wish)

    def _some(self, *folders: Folder) -> list[UUID]:
        ids = [one for one, entry in self.entries.items() if entry.folder in (folders or tuple(Folder))]
        return self.chance.sample(ids, k=min(len(ids), self.chance.randint(1, 3)))


@pytest.mark.parametrize("seed", range(6))
async def test_counts_lists_and_stream_are_what_happened(database: Database, seed: int) -> None:
    inbox = Inbox(database, random.Random(seed))  # noqa: S311 - repeatable, not secret
    for _ in range(STEPS):
        await inbox.live_on()
        await inbox.agrees()
    await inbox.lists_agree()
    stream = await told(database, inbox.user)
    assert [event.seq for event in stream] == list(range(1, len(stream) + 1))
    last_count = next(event.unread_count for event in reversed(stream) if event.unread_count is not None)
    assert last_count == (await counted(database, inbox.user))["unread"]
