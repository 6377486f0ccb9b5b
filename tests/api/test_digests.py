"""What is gathered in a digest is told in one, when its window closes."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from gathered import HOUR, digests, emails, flush, gather, inbox, items, once
from rest_door import Door, create, delivery, person, refusal, settled, staff, wanted

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient

DIGEST_KEYS = {
    "id",
    "user",
    "key",
    "notification_type",
    "window",
    "status",
    "opened_at",
    "closes_at",
    "closed_at",
    "total",
    "notification_id",
}
ENTRY_KEYS = {
    "id",
    "title",
    "message",
    "related_object_type",
    "related_object_id",
    "created_at",
    "status",
}


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
async def ada(stack: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> Door:
    ada = person(stack, http)
    profile = {"name": "Ada", "email": f"{ada.user}@example.org", "time_zone": "Europe/Berlin"}
    assert (await boss.call("PUT", f"recipients/{ada.user}/", json=profile)).status_code in (200, 201)
    return ada


async def test_entries_are_told_in_one_inbox_item_and_one_email(http: httpx.AsyncClient, boss: Door, ada: Door) -> None:
    entries = [await gather(boss, ada, title, {"kind": "duration", "seconds": 2}) for title in ("One", "Two", "Three")]
    assert {(each["status"], each["reason"]) for entry in entries for each in entry["deliveries"]} == {
        ("scheduled", "digest")
    }
    assert await items(ada) == []
    (item,) = await inbox(ada)
    assert (item["title"], item["message"]) == ("3 new notifications", "• Three: Three.\n• Two: Two.\n• One: One.")
    assert (item["notification_type"], item["group_key"]) == ("payment", "workshop:7")
    assert item["metadata"]["total"] == 3
    assert [entry["title"] for entry in item["metadata"]["entries"]] == ["Three", "Two", "One"]
    (email,) = await once(lambda: emails(http, ada))
    assert (email["title"], email["body"]) == (item["title"], item["message"])
    assert await ada.get("notifications/unread_count/") == {"unread_count": 1}


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


async def test_staff_look_inside(boss: Door, ada: Door) -> None:
    first = await gather(boss, ada, "One", related_object_type="booking", related_object_id="7")
    second = await gather(boss, ada, "Two")
    (digest,) = await digests(boss, ada)
    assert digest.keys() == DIGEST_KEYS
    assert (digest["user"], digest["key"], digest["window"]) == (ada.user, "workshop:7", HOUR)
    assert (digest["status"], digest["total"], digest["notification_id"], digest["closed_at"]) == (
        "open",
        2,
        None,
        None,
    )
    opened_at, closes_at = (datetime.fromisoformat(digest[name]) for name in ("opened_at", "closes_at"))
    assert closes_at - opened_at == timedelta(hours=1)
    inside = await boss.get(f"digests/{digest['id']}/")
    assert inside.keys() == DIGEST_KEYS | {"entries"}
    assert [entry.keys() for entry in inside["entries"]] == [ENTRY_KEYS] * 2
    assert [(entry["id"], entry["status"]) for entry in inside["entries"]] == [
        (second["id"], "waiting"),
        (first["id"], "waiting"),
    ]
    assert (inside["entries"][1]["related_object_type"], inside["entries"][1]["related_object_id"]) == ("booking", "7")


async def test_flushing_tells_now_and_a_second_time_is_409(boss: Door, ada: Door) -> None:
    await gather(boss, ada, "One")
    await gather(boss, ada, "Two")
    flushed = await flush(boss, ada)
    assert (flushed["status"], flushed["total"]) == ("closed", 2)
    assert {entry["status"] for entry in flushed["entries"]} == {"digested"}
    (item,) = await inbox(ada)
    assert (item["id"], item["title"]) == (flushed["notification_id"], "2 new notifications")
    again = await boss.call("POST", f"digests/{flushed['id']}/flush/")
    assert (again.status_code, again.json()) == (409, {"detail": "The digest is closed already."})
    assert len(await items(ada)) == 1


async def test_what_comes_after_closing_opens_the_next_window(boss: Door, ada: Door) -> None:
    await gather(boss, ada, "One")
    first = await flush(boss, ada)
    await gather(boss, ada, "Two")
    newest, older = await digests(boss, ada)
    assert (older["id"], newest["status"], newest["total"]) == (first["id"], "open", 1)


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


async def test_an_empty_digest_tells_nothing(boss: Door, ada: Door) -> None:
    entry = await gather(boss, ada, "One")
    assert (await boss.call("POST", f"notifications/{entry['id']}/cancel/")).status_code == 200
    flushed = await flush(boss, ada)
    assert (flushed["status"], flushed["total"], flushed["notification_id"]) == ("closed", 0, None)
    await create(boss, ada.user, title="Later")
    assert await ada.titles() == ["Later"]


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


async def test_so_many_entries_close_a_window_at_once(boss: Door, ada: Door) -> None:
    window: dict[str, object] = {"kind": "count", "count": 3, "at_most_seconds": 3600}
    read = await gather(boss, ada, "Read", window)
    await ada.call("POST", f"notifications/{read['id']}/mark_as_read/")
    for title in ("One", "Two"):
        await gather(boss, ada, title, window)
    assert (await digests(boss, ada))[0]["status"] == "open"
    await gather(boss, ada, "Three", window)
    assert [item["title"] for item in await inbox(ada)] == ["3 new notifications"]


async def test_another_entry_puts_off_the_end_of_a_quiet_window(boss: Door, ada: Door) -> None:
    window: dict[str, object] = {"kind": "quiet", "seconds": 2, "at_most_seconds": 60}
    await gather(boss, ada, "One", window)
    (before,) = await digests(boss, ada)
    await gather(boss, ada, "Two", window)
    (after,) = await digests(boss, ada)
    put_off = datetime.fromisoformat(after["closes_at"]) - datetime.fromisoformat(before["closes_at"])
    assert put_off > timedelta(0)
    assert [item["title"] for item in await inbox(ada)] == ["2 new notifications"]
    (closed,) = await digests(boss, ada)
    assert datetime.fromisoformat(closed["closed_at"]) >= datetime.fromisoformat(after["closes_at"])


async def test_a_time_of_day_is_the_persons_own(boss: Door, ada: Door) -> None:
    await gather(boss, ada, "One", {"kind": "daily", "at": "18:00"})
    (digest,) = await digests(boss, ada)
    closes_at = datetime.fromisoformat(digest["closes_at"])
    assert closes_at.minute == 0
    assert closes_at.hour in (16, 17)  # 18:00 in Berlin
    assert timedelta(0) < closes_at - datetime.now(UTC) <= timedelta(hours=25)


async def test_users_keys_and_types_have_windows_of_their_own(
    stack: LaunchedStack, http: httpx.AsyncClient, boss: Door, ada: Door
) -> None:
    bob = person(stack, http)
    await gather(boss, ada, "One")
    await gather(boss, ada, "Two", key="workshop:8")
    await gather(boss, ada, "Three", notification_type="review")
    await gather(boss, bob, "Four")
    assert {(each["key"], each["notification_type"], each["total"]) for each in await digests(boss, ada)} == {
        ("workshop:7", "payment", 1),
        ("workshop:8", "payment", 1),
        ("workshop:7", "review", 1),
    }
    assert [each["total"] for each in await digests(boss, bob)] == [1]


async def test_preferences_are_asked_when_the_digest_goes_out(http: httpx.AsyncClient, boss: Door, ada: Door) -> None:
    await gather(boss, ada, "One")
    off = {"notification_type": "payment", "email_enabled": False}
    assert (await ada.call("POST", "notification-settings/", json=off)).status_code == 201
    flushed = await flush(boss, ada)
    told = await settled(boss, flushed["notification_id"], lambda detail: bool(detail["status"] == "sent"))
    assert delivery(told, "email")["reason"] == "preference_off"
    assert await emails(http, ada) == []


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


@pytest.mark.parametrize(("method", "path"), [("GET", "digests/{id}/"), ("POST", "digests/{id}/flush/")])
@pytest.mark.parametrize("unknown", ["00000000-0000-4000-8000-000000000000", "nonsense"])
async def test_a_digest_that_nobody_knows_is_404(boss: Door, method: str, path: str, unknown: str) -> None:
    response = await boss.call(method, path.format(id=unknown))
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


async def test_a_service_gathers_and_flushes_through_the_client(
    client: NotificationsClient, boss: Door, ada: Door
) -> None:
    for title in ("One", "Two"):
        await client.notify(
            user=ada.user,
            notification_type="payment",
            title=title,
            message="Words.",
            delivery_channels=["in_app"],
            digest={"key": "workshop:7", "window": HOUR},
        )
    (digest,) = await digests(boss, ada)
    await client.flush_digest(digest["id"])
    await client.flush_digest(digest["id"])
    assert [item["title"] for item in await inbox(ada)] == ["2 new notifications"]
