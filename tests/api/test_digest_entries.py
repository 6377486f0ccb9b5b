"""What becomes of an entry of a digest, and which ones are refused."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from gathered import HOUR, digests, flush, gather, inbox, items, once
from rest_door import Door, delivery, person, reachable, refusal, staff, wanted

from deploy.local.launch import LaunchedStack


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
async def ada(stack: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> Door:
    return await reachable(boss, person(stack, http), name="Ada", time_zone="Europe/Berlin")


async def test_an_entry_ends_as_digested_and_names_what_told_of_it(boss: Door, ada: Door) -> None:
    entry = await gather(boss, ada, "One")
    assert entry["digested_in"] is None
    flushed = await flush(boss, ada)
    told = await boss.get(f"notifications/{entry['id']}/")
    assert {(each["channel"], each["status"], each["reason"]) for each in told["deliveries"]} == {
        ("in_app", "skipped", "digested"),
        ("email", "skipped", "digested"),
    }
    assert (told["status"], told["digested_in"]) == ("sent", flushed["notification_id"])
    story = (await boss.get(f"notifications/{entry['id']}/timeline/"))["entries"]
    explained = {moment["reason"]: moment["explanation"] for moment in story if moment["reason"]}
    assert explained["digested"] == "It was told in a digest, together with others."


async def test_an_entry_that_was_read_cancelled_or_deleted_leaves(boss: Door, ada: Door) -> None:
    stays, read, cancelled, deleted = [await gather(boss, ada, title) for title in ("Stays", "Read", "Off", "Gone")]
    assert (await ada.call("POST", f"notifications/{read['id']}/mark_as_read/")).status_code == 200
    response = await boss.call("POST", f"notifications/{cancelled['id']}/cancel/")
    assert {each["effect"] for each in response.json()["channels"]} == {"stopped"}
    assert (await ada.call("DELETE", f"notifications/{deleted['id']}/")).status_code == 204
    assert (await digests(boss, ada))[0]["total"] == 1
    flushed = await flush(boss, ada)
    assert {entry["title"]: entry["status"] for entry in flushed["entries"]} == {
        "Stays": "digested",
        "Read": "left",
        "Off": "left",
    }
    (item,) = await inbox(ada)
    assert (item["title"], [each["id"] for each in item["metadata"]["entries"]]) == ("Stays", [stays["id"]])
    assert delivery(await boss.get(f"notifications/{read['id']}/"), "email")["reason"] == "already_read"
    assert (await boss.get(f"notifications/{cancelled['id']}/"))["status"] == "cancelled"


async def test_a_cancelled_entry_cannot_be_put_back(boss: Door, ada: Door) -> None:
    entry = await gather(boss, ada, "One")
    assert (await boss.call("POST", f"notifications/{entry['id']}/cancel/")).status_code == 200

    async def is_too_late() -> bool:
        restored = await boss.call("POST", f"notifications/{entry['id']}/restore/")
        return bool(restored.status_code == 409)

    await once(is_too_late)


async def test_an_expired_entry_is_not_told(boss: Door, ada: Door) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    short = await gather(boss, ada, "Short", expires_at=soon)
    await gather(boss, ada, "Long")
    (digest,) = await digests(boss, ada)

    async def has_left() -> bool:
        return bool((await boss.get(f"digests/{digest['id']}/"))["total"] == 1)

    await once(has_left)
    await flush(boss, ada)
    assert [item["title"] for item in await inbox(ada)] == ["Long"]
    assert delivery(await boss.get(f"notifications/{short['id']}/"), "in_app")["reason"] == "expired"


async def test_a_rescheduled_entry_goes_by_itself(boss: Door, ada: Door) -> None:
    entry = await gather(boss, ada, "Alone", delivery_channels=["in_app"])
    await gather(boss, ada, "One")
    moved = await boss.call("POST", f"notifications/{entry['id']}/reschedule/", json={"scheduled_for": None})
    assert moved.status_code == 200
    assert [item["title"] for item in await inbox(ada)] == ["Alone"]
    assert {each["title"]: each["status"] for each in (await flush(boss, ada))["entries"]} == {
        "Alone": "left",
        "One": "digested",
    }


async def test_an_edited_entry_is_told_as_it_was_edited(boss: Door, ada: Door) -> None:
    entry = await gather(boss, ada, "Old")
    edited = await boss.call("PATCH", f"notifications/{entry['id']}/", json={"title": "New"})
    assert edited.status_code == 200
    await flush(boss, ada)
    assert [item["title"] for item in await inbox(ada)] == ["New"]


async def test_a_repeated_call_is_one_entry(boss: Door, ada: Door) -> None:
    key = uuid4().hex
    first = await gather(boss, ada, "One", notification_key=key)
    body = {
        "user": ada.user,
        "notification_type": "payment",
        "delivery_channels": ["in_app", "email"],
        "title": "One",
        "message": "One.",
        "notification_key": key,
        "digest": {"key": "workshop:7", "window": HOUR},
    }
    again = await boss.call("POST", "notifications/", json=body)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    other = await boss.call("POST", "notifications/", json=body | {"digest": None})
    assert other.status_code == 409
    assert (await digests(boss, ada))[0]["total"] == 1


async def test_entries_and_flushes_at_once_lose_and_double_nothing(boss: Door, ada: Door) -> None:
    count = 18  # fewer than a digest lists, and than a page does

    async def add(number: int) -> None:
        digest = {"key": "workshop:7", "window": HOUR}
        response = await boss.call("POST", "notifications/", json=wanted(ada.user, title=f"No {number}", digest=digest))
        assert response.status_code in (201, 202)  # on a slow machine it is seen a little later

    async def flush_whatever_is_open() -> None:
        for digest in await digests(boss, ada):
            response = await boss.call("POST", f"digests/{digest['id']}/flush/")
            assert response.status_code in (200, 409)

    async def all_are_in() -> bool:
        totals: list[int] = [each["total"] for each in await digests(boss, ada)]
        return sum(totals) >= count

    async def told() -> list[str]:
        every = [entry["title"] for item in await items(ada) for entry in item["metadata"]["entries"]]
        return every if len(every) >= count else []

    async def flush_now_and_then() -> None:
        while not await all_are_in():
            await flush_whatever_is_open()

    await asyncio.gather(*map(add, range(count)), flush_now_and_then(), flush_now_and_then())
    await flush_whatever_is_open()
    assert {each["status"] for each in await digests(boss, ada)} == {"closed"}
    assert sorted(await once(told)) == sorted(f"No {number}" for number in range(count))


@pytest.mark.parametrize(
    "digest",
    [
        [],
        "workshop:7",
        {},
        {"key": "k"},
        {"window": HOUR},
        {"key": "", "window": HOUR},
        {"key": "x" * 10_240, "window": HOUR},
        {"key": "a\nb", "window": HOUR},
        {"key": 7, "window": HOUR},
        {"key": "k", "window": HOUR, "widow": 1},
        {"key": "k", "window": "1h"},
        {"key": "k", "window": {"kind": "hourly"}},
        {"key": "k", "window": {"kind": "duration"}},
        {"key": "k", "window": {"kind": "duration", "seconds": 0}},
        {"key": "k", "window": {"kind": "duration", "seconds": True}},
        {"key": "k", "window": {"kind": "duration", "seconds": 1.5}},
        {"key": "k", "window": {"kind": "duration", "seconds": 32 * 86400}},
        {"key": "k", "window": {"kind": "duration", "seconds": 60, "count": 3}},
        {"key": "k", "window": {"kind": "quiet", "seconds": 60}},
        {"key": "k", "window": {"kind": "quiet", "seconds": 60, "at_most_seconds": 59}},
        {"key": "k", "window": {"kind": "count", "count": 1, "at_most_seconds": 60}},
        {"key": "k", "window": {"kind": "count", "count": 1001, "at_most_seconds": 60}},
        {"key": "k", "window": {"kind": "count", "count": 3}},
        {"key": "k", "window": {"kind": "daily", "at": "24:00"}},
        {"key": "k", "window": {"kind": "daily", "at": "6 pm"}},
        {"key": "k", "window": {"kind": "daily", "at": 18}},
    ],
    ids=lambda digest: str(digest)[:60],
)
async def test_nonsense_is_refused(boss: Door, digest: object) -> None:
    assert (await refusal(boss, digest=digest)).keys() == {"digest"}


@pytest.mark.parametrize(("field", "value"), [("scheduled_for", "2039-05-01T10:00:00Z"), ("escalation", {"email": 60})])
async def test_an_entry_has_no_time_of_its_own(boss: Door, field: str, value: object) -> None:
    assert (await refusal(boss, digest={"key": "k", "window": HOUR}, **{field: value})).keys() == {field}
