"""Archived, snoozed, woken, deleted, seen: what changes, what the sockets are told, and what stays."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from inbox_world import counted, counted_anew, put_one, somebody, told
from sqlalchemy import select, text

from deploy.local.launch import LaunchedStack
from notifications.contracts.errors import InvalidNotification, NotificationNotFound, NotInInbox
from persistence import reading
from persistence.database import Database
from persistence.events import ITEM_FIELDS, utc
from persistence.inbox import InboxRepository
from persistence.models import Notification
from persistence.reading import ReadingRepository
from persistence.treatment import TreatmentRepository
from policy.treatment import Wish

ARCHIVE, UNARCHIVE, WAKE = Wish(is_archived=True), Wish(is_archived=False), Wish(is_snoozed=False)


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=4)
    yield database
    await database.close()


def until(moment: datetime) -> Wish:
    return Wish(is_snoozed=True, snoozed_until=moment)


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


async def change(database: Database, user: str, made: UUID, wish: Wish) -> None:
    async with database.transaction() as transaction:
        await TreatmentRepository(transaction).change(user, made, wish)


async def wake(database: Database, user: str, made: UUID, moment: datetime) -> bool:
    async with database.transaction() as transaction:
        return await TreatmentRepository(transaction).wake(user, made, moment)


async def last_event(database: Database, user: str) -> dict[str, Any]:
    return (await told(database, user))[-1].message


async def columns(database: Database, made: UUID) -> Any:
    async with database.transaction() as transaction:
        found = await transaction.connection.execute(select(Notification.__table__).where(Notification.id == made))
        return found.one()


async def overdue(database: Database, user: str) -> tuple[UUID, datetime]:
    """A notification that should have woken, of which nobody has noticed it."""
    made, moment = await put_one(database, user), soon()
    await change(database, user, made, until(moment))
    past = moment - timedelta(hours=2)
    async with database.transaction() as transaction:
        await transaction.connection.execute(
            text("UPDATE notifications SET snoozed_until = :past WHERE id = :id"), {"past": past, "id": made}
        )
    return made, past


async def test_archiving_tells_when(database: Database) -> None:
    user = somebody()
    made = await put_one(database, user)
    await change(database, user, made, ARCHIVE)
    archived_at = (await columns(database, made)).archived_at
    assert await last_event(database, user) == {
        "type": "notification_update",
        "update_type": "archived",
        "data": {"notification_id": str(made), "archived_at": utc(archived_at)},
    }


@pytest.mark.parametrize(
    ("there", "back", "name"), [("archive", UNARCHIVE, "archived_at"), ("bed", WAKE, "snoozed_until")]
)
async def test_coming_back_by_hand_tells_the_whole_entry(database: Database, there: str, back: Wish, name: str) -> None:
    user = somebody()
    made = await put_one(database, user, title="Back")
    await change(database, user, made, ARCHIVE if there == "archive" else until(soon()))
    await change(database, user, made, back)
    event = await last_event(database, user)
    assert event["data"].keys() == {"notification_id", name, "notification"}
    assert event["data"][name] is None
    assert event["data"]["notification"].keys() == set(ITEM_FIELDS)
    assert event["data"]["notification"]["title"] == "Back"


async def test_coming_back_by_hand_is_to_where_it_was(database: Database) -> None:
    user = somebody()
    made = await put_one(database, user)
    before = await columns(database, made)
    await change(database, user, made, until(soon()))
    await change(database, user, made, WAKE)
    after = await columns(database, made)
    assert (after.listed_at, after.read_at) == (before.listed_at, before.read_at)


async def test_snoozing_tells_until_when(database: Database) -> None:
    user, moment = somebody(), soon()
    made = await put_one(database, user)
    await change(database, user, made, until(moment))
    event = await last_event(database, user)
    assert (event["update_type"], event["data"]) == (
        "snoozed",
        {"notification_id": str(made), "snoozed_until": utc(moment)},
    )


async def test_each_kind_of_change_is_one_event_and_the_last_one_has_the_count(database: Database) -> None:
    user = somebody()
    made = await put_one(database, user)
    await change(database, user, made, Wish(is_read=True, is_seen=True, is_archived=True))
    stream = (await told(database, user))[1:]
    assert [event.message["update_type"] for event in stream] == ["read", "seen", "archived"]
    assert [event.unread_count for event in stream] == [None, None, 0]


async def test_what_is_so_already_is_told_to_nobody(database: Database) -> None:
    user = somebody()
    made = await put_one(database, user)
    wish = Wish(is_read=True, is_archived=True)
    await change(database, user, made, wish)
    before = await told(database, user), await columns(database, made)
    await change(database, user, made, wish)
    assert (await told(database, user), await columns(database, made)) == before


async def test_reading_in_the_archive_leaves_the_count_alone(database: Database) -> None:
    user = somebody()
    made = await put_one(database, user)
    await change(database, user, made, ARCHIVE)
    await change(database, user, made, Wish(is_read=True))
    assert (await told(database, user))[-1].unread_count is None
    assert await counted(database, user) == {"unread": 0}


async def test_archiving_from_sleep_is_one_event(database: Database) -> None:
    user = somebody()
    made = await put_one(database, user)
    await change(database, user, made, until(soon()))
    await change(database, user, made, ARCHIVE)
    assert [event.message.get("update_type") for event in await told(database, user)] == [None, "snoozed", "archived"]


@pytest.mark.parametrize("wish", [ARCHIVE, Wish(is_read=True)])
async def test_anothers_notification_is_as_if_there_were_none(database: Database, wish: Wish) -> None:
    theirs = await put_one(database, somebody())
    for notification in (theirs, uuid4()):
        with pytest.raises(NotificationNotFound):
            await change(database, somebody(), notification, wish)


async def test_what_waits_cannot_leave_the_inbox(database: Database) -> None:
    user = somebody()
    waiting = await put_one(database, user, published_at=None)
    with pytest.raises(NotInInbox):
        await change(database, user, waiting, ARCHIVE)


async def test_a_snooze_that_is_over_before_its_turn_has_come_is_refused(database: Database) -> None:
    user = somebody()
    made = await put_one(database, user)
    with pytest.raises(InvalidNotification):
        await change(database, user, made, until(datetime.now(UTC)))


async def test_what_wakes_is_new_again(database: Database) -> None:
    user = somebody()
    made, moment = await overdue(database, user)
    newer = await put_one(database, user)
    await change(database, user, made, Wish(is_read=True, is_seen=True))
    assert await wake(database, user, made, moment)
    row = await columns(database, made)
    assert (row.folder, row.is_read, row.seen_at, row.snoozed_until) == ("inbox", False, None, None)
    assert row.listed_at > (await columns(database, newer)).listed_at
    event = (await told(database, user))[-1]
    assert (event.message["type"], event.message["notification"]["id"]) == ("new_notification", str(made))
    assert event.unread_count == 2
    assert await counted(database, user) == await counted_anew(database, user)


async def test_nothing_wakes_before_its_time(database: Database) -> None:
    user, moment = somebody(), soon()
    made = await put_one(database, user)
    await change(database, user, made, until(moment))
    assert not await wake(database, user, made, moment)
    assert (await columns(database, made)).folder == "snoozed"


@pytest.mark.parametrize("meanwhile", [ARCHIVE, WAKE, "moved", "deleted"])
async def test_a_waker_that_is_not_needed_any_more_does_nothing(database: Database, meanwhile: Wish | str) -> None:
    user = somebody()
    made, moment = await overdue(database, user)
    if meanwhile == "deleted":
        async with database.transaction() as transaction:
            await TreatmentRepository(transaction).delete(user, [made])
    else:
        await change(database, user, made, meanwhile if isinstance(meanwhile, Wish) else until(soon()))
    before = await told(database, user)
    assert await wake(database, user, made, moment)
    assert await told(database, user) == before


async def test_what_wakes_twice_wakes_once(database: Database) -> None:
    user = somebody()
    made, moment = await overdue(database, user)
    for _ in range(2):
        assert await wake(database, user, made, moment)
    assert await counted(database, user) == {"system/unread": 1, "unread": 1}


async def test_marking_all_read_up_to_an_event_spares_what_has_woken_since(database: Database) -> None:
    user = somebody()
    made, moment = await overdue(database, user)
    seq = (await told(database, user))[-1].seq
    await wake(database, user, made, moment)
    async with database.transaction() as transaction:
        change = await ReadingRepository(transaction).mark_all(user, is_read=True, up_to_seq=seq)
    assert (change.changed, change.unread_count) == (0, 1)


async def test_several_seen_are_one_event(database: Database) -> None:
    user = somebody()
    made = [await put_one(database, user) for _ in range(3)]
    theirs = await put_one(database, somebody())
    async with database.transaction() as transaction:
        assert await ReadingRepository(transaction).mark_seen(user, [*made[:2], theirs, uuid4()]) == 2
    data = (await last_event(database, user))["data"]
    assert (sorted(data["notification_ids"]), data["is_seen"]) == (sorted(map(str, made[:2])), True)


async def test_seeing_nothing_new_is_told_to_nobody(database: Database) -> None:
    user = somebody()
    await put_one(database, user)
    for expected in (1, 0):
        async with database.transaction() as transaction:
            assert await ReadingRepository(transaction).mark_seen(user, None) == expected
    assert len(await told(database, user)) == 2


async def test_a_large_inbox_is_marked_in_steps_and_told_of_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reading._STEP, "most", 4)  # noqa: SLF001 - as it is, thousands of rows would be needed
    user, instant = somebody(), datetime.now(UTC)
    for number in range(21):
        kind, at = ("booking", "payment")[number % 2], instant + timedelta(seconds=number // 3)
        await put_one(database, user, notification_type=kind, listed_at=at)
    async with database.transaction() as transaction:
        assert (await ReadingRepository(transaction).mark_all(user, is_read=True)).changed == 21
        assert await ReadingRepository(transaction).mark_seen(user, None) == 21
    assert [event.message["update_type"] for event in (await told(database, user))[21:]] == ["all_read", "seen"]
    assert await counted(database, user) == {"booking/read": 11, "payment/read": 10, "unread": 0}
    assert await counted_anew(database, user) == await counted(database, user)


async def test_marking_needs_no_transaction_nor_an_inbox_that_was_told_of_anything(database: Database) -> None:
    user = somebody()
    waiting = await put_one(database, user, published_at=None)
    async with database.statements() as statements:
        change = await ReadingRepository(statements).mark_read(user, [waiting], is_read=True)
        assert (change.changed, change.unread_count) == (1, 0)
        assert (await InboxRepository(statements).state(user)).seq == 1
