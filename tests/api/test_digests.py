"""What is gathered in a digest is told in one, when its window closes."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from gathered import HOUR, digests, emails, flush, gather, inbox, items, once
from rest_door import Door, create, delivery, person, reachable, settled, staff

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
    return await reachable(boss, person(stack, http), name="Ada", time_zone="Europe/Berlin")


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


async def test_an_empty_digest_tells_nothing(boss: Door, ada: Door) -> None:
    entry = await gather(boss, ada, "One")
    assert (await boss.call("POST", f"notifications/{entry['id']}/cancel/")).status_code == 200
    flushed = await flush(boss, ada)
    assert (flushed["status"], flushed["total"], flushed["notification_id"]) == ("closed", 0, None)
    await create(boss, ada.user, title="Later")
    assert await ada.titles() == ["Later"]


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
