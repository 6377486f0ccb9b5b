"""Reminders hang on an anchor, fire at their offsets, and move with it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from rest_door import Door, person, staff

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient

DAY = timedelta(days=1)


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
def ada(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return person(stack, http)


def an_anchor() -> str:
    return f"booking:{uuid4().hex}"


def soon(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


async def remind(boss: Door, status: int = 201, /, **fields: Any) -> dict[str, Any]:
    words = {} if "template_key" in fields else {"title": "Soon", "message": "Your session starts soon."}
    body = {"delivery_channels": ["in_app"], "offsets": [86400, 1800], **words, **fields}
    if isinstance(body.get("starts_at"), datetime):
        body["starts_at"] = body["starts_at"].isoformat()
    response = await boss.call("POST", "reminders/", json=body)
    assert response.status_code == status, response.text
    answer: dict[str, Any] = response.json()
    return answer


def statuses(answer: dict[str, Any], user: str | None = None) -> dict[int, str]:
    return {each["offset"]: each["status"] for each in answer["reminders"] if user in (None, each["user"])}


async def told(owner: Door, *titles: str) -> list[str]:
    """The inbox, as soon as it holds so many."""
    async with asyncio.timeout(15):
        while len(found := await owner.titles()) < len(titles):
            await asyncio.sleep(0.02)
    return found


async def test_reminders_are_answered_with_their_times(boss: Door, ada: Door) -> None:
    anchor, starts_at = an_anchor(), (datetime.now(UTC) + 2 * DAY).replace(microsecond=0)
    response = await boss.call(
        "POST",
        "reminders/",
        json={
            "user": ada.user,
            "anchor": anchor,
            "starts_at": starts_at.isoformat(),
            "offsets": [86400, 1800],
            "title": "Soon",
            "message": "Bring a mat.",
        },
    )
    answer = response.json()
    assert answer.keys() == {"anchor", "starts_at", "reminders"}
    assert answer["starts_at"] == starts_at.isoformat().replace("+00:00", "Z")
    assert [set(each) for each in answer["reminders"]] == [
        {"user", "offset", "fires_at", "status", "notification_id"}
    ] * 2
    assert [(each["offset"], each["fires_at"], each["status"]) for each in answer["reminders"]] == [
        (offset, (starts_at - timedelta(seconds=offset)).isoformat().replace("+00:00", "Z"), "waiting")
        for offset in (86400, 1800)
    ]
    assert response.headers["Location"].endswith(f"/reminders/{anchor}/")
    assert await boss.get(f"reminders/{anchor}/") == answer


async def test_a_reminder_fires_by_itself_with_the_anchor_as_its_object(boss: Door, ada: Door) -> None:
    anchor = an_anchor()
    await remind(boss, user=ada.user, anchor=anchor, starts_at=soon(3), offsets=[2])
    assert await told(ada, "Soon") == ["Soon"]
    item = (await ada.get("notifications/"))["results"][0]
    assert (item["notification_type"], f"{item['related_object_type']}:{item['related_object_id']}") == (
        "reminder",
        anchor,
    )
    (fired,) = (await boss.get(f"reminders/{anchor}/"))["reminders"]
    assert (fired["status"], fired["notification_id"]) == ("fired", item["id"])
    assert datetime.fromisoformat(item["created_at"]) >= datetime.fromisoformat(fired["fires_at"])


async def test_everything_asked_for_is_in_what_a_reminder_fires(boss: Door, ada: Door) -> None:
    starts_at = soon(3).replace(microsecond=0)
    asked: dict[str, Any] = {
        "title": "Bräunung ☀",
        "message": "Two\nlines",
        "metadata": {"a": [1, 2.5, None, True, {"b": "ß"}]},
        "related_object_type": "course",
        "related_object_id": "7",
        "group_key": "course:7",
        "priority": "urgent",
        "expires_at": (starts_at + DAY).isoformat().replace("+00:00", "Z"),
        "delivery_channels": ["in_app", "email"],
    }
    await boss.call("PUT", f"recipients/{ada.user}/", json={"email": f"{ada.user}@example.org"})
    await remind(
        boss, user=ada.user, anchor=an_anchor(), starts_at=starts_at, offsets=[0], escalation={"email": 900}, **asked
    )
    assert await told(ada, "Bräunung ☀") == ["Bräunung ☀"]
    detail = await boss.get(f"notifications/{(await ada.get('notifications/'))['results'][0]['id']}/")
    assert {name: detail[name] for name in asked} == asked | {"metadata": detail["metadata"] | asked["metadata"]}
    assert {each["channel"]: each["reason"] for each in detail["deliveries"]}["email"] == "unless_read"


async def test_what_has_passed_already_is_skipped_and_not_fired_in_a_burst(boss: Door, ada: Door) -> None:
    answer = await remind(boss, user=ada.user, anchor=an_anchor(), starts_at=soon(3600), offsets=[86400, 1800, -7200])
    assert statuses(answer) == {86400: "skipped", 1800: "waiting", -7200: "waiting"}
    assert await ada.titles() == []


async def test_one_call_moves_every_reminder_of_everybody(boss: Door, ada: Door) -> None:
    anchor, starts_at = an_anchor(), datetime.now(UTC) + 10 * DAY
    users = [ada.user, *(f"other-{uuid4().hex}" for _ in range(29))]
    await remind(boss, users=users, anchor=anchor, starts_at=starts_at)
    later = starts_at + DAY
    response = await boss.call("PATCH", f"reminders/{anchor}/", json={"starts_at": later.isoformat()})
    answer = response.json()
    assert response.status_code == 200
    assert len(answer["reminders"]) == 60
    assert all(
        datetime.fromisoformat(each["fires_at"]) == later - timedelta(seconds=each["offset"])
        for each in answer["reminders"]
    )


async def test_a_moved_booking_reminds_at_the_new_hour_and_not_at_the_old_one(boss: Door, ada: Door) -> None:
    anchor = an_anchor()
    await remind(boss, user=ada.user, anchor=anchor, starts_at=soon(3), offsets=[1])
    await boss.call("PATCH", f"reminders/{anchor}/", json={"starts_at": (datetime.now(UTC) + DAY).isoformat()})
    other = an_anchor()
    await remind(boss, user=ada.user, anchor=other, starts_at=soon(4), offsets=[1], title="Other")
    assert await told(ada, "Other") == ["Other"]
    await boss.call("PATCH", f"reminders/{anchor}/", json={"starts_at": soon(2).isoformat()})
    assert await told(ada, "Soon", "Other") == ["Soon", "Other"]


async def test_what_fired_for_the_old_time_fires_again_for_the_new_one(boss: Door, ada: Door) -> None:
    anchor = an_anchor()
    await remind(boss, user=ada.user, anchor=anchor, starts_at=soon(2), offsets=[1])
    await told(ada, "Soon")
    response = await boss.call("PATCH", f"reminders/{anchor}/", json={"starts_at": soon(3).isoformat()})
    assert statuses(response.json()) == {1: "waiting"}
    assert await told(ada, "Soon", "Soon") == ["Soon", "Soon"]


async def test_cancelling_shows_what_had_fired(boss: Door, ada: Door) -> None:
    anchor = an_anchor()
    await remind(boss, user=ada.user, anchor=anchor, starts_at=soon(100), offsets=[99, 50])
    await told(ada, "Soon")
    response = await boss.call("DELETE", f"reminders/{anchor}/")
    assert (response.status_code, statuses(response.json())) == (200, {99: "fired", 50: "cancelled"})
    assert statuses(await boss.get(f"reminders/{anchor}/")) == {99: "fired", 50: "cancelled"}


async def test_one_participant_can_leave(boss: Door, ada: Door) -> None:
    anchor, other = an_anchor(), f"other-{uuid4().hex}"
    await remind(boss, users=[ada.user, other], anchor=anchor, starts_at=datetime.now(UTC) + 3 * DAY)
    response = await boss.call("DELETE", f"reminders/{anchor}/", params={"user": other})
    assert set(statuses(response.json(), ada.user).values()) == {"waiting"}
    assert set(statuses(response.json(), other).values()) == {"cancelled"}


async def test_asking_again_changes_nothing_and_a_new_time_moves_everybody(boss: Door, ada: Door) -> None:
    anchor, starts_at = an_anchor(), datetime.now(UTC) + 3 * DAY
    once = await remind(boss, user=ada.user, anchor=anchor, starts_at=starts_at)
    assert await remind(boss, user=ada.user, anchor=anchor, starts_at=starts_at) == once
    teacher = f"teacher-{uuid4().hex}"
    both = await remind(boss, user=teacher, anchor=anchor, starts_at=starts_at + DAY, title="Your class")
    assert {each["user"] for each in both["reminders"]} == {ada.user, teacher}
    assert len({each["fires_at"] for each in both["reminders"]}) == 2


async def test_a_workshop_reminds_its_teacher_once_with_the_count_at_that_moment(boss: Door, ada: Door) -> None:
    anchor, starts_at = an_anchor(), soon(4)
    key = f"reminder.{uuid4().hex}"
    text = {"subject_template": "{{ participants }} people", "body_template": "At {{ start_time }}, {{ room }}."}
    made = await boss.call(
        "POST",
        "notification-templates/",
        json={"key": key, "notification_type": "reminder", "delivery_channel": "in_app", **text},
    )
    assert made.status_code == 201, made.text
    for _ in range(3):
        await remind(boss, user=f"client-{uuid4().hex}", anchor=anchor, starts_at=starts_at, offsets=[1])
        await remind(
            boss,
            user=ada.user,
            anchor=anchor,
            starts_at=starts_at,
            offsets=[2],
            template_key=key,
            metadata={"room": "Room 1"},
        )
    assert await told(ada, "once") == ["4 people"]


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"anchor": "booking"}, "anchor"),
        ({"anchor": "booking: 1"}, "anchor"),
        ({"anchor": f"booking:{'1' * 100}"}, "anchor"),
        ({"starts_at": "soon"}, "starts_at"),
        ({"starts_at": None}, "starts_at"),
        ({"starts_at": "2200-01-01T00:00:00Z"}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at"),
        ({"offsets": []}, "offsets"),
        ({"offsets": "1800"}, "offsets"),
        ({"offsets": [0.5]}, "offsets"),
        ({"offsets": [367 * 86400]}, "offsets"),
        ({"offsets": list(range(21))}, "offsets"),
        ({"user": None}, "users"),
        ({"users": ["x"] * 501}, "users"),
        ({"title": None}, "title"),
        ({"notification_type": "nonsense"}, "notification_type"),
        ({"template_key": "no.such.template", "title": None, "message": None}, "template_key"),
        ({"delivery_channels": ["pigeon"]}, "delivery_channels"),
    ],
)
async def test_nonsense_is_refused_and_changes_nothing(
    boss: Door, ada: Door, fields: dict[str, Any], at_fault: str
) -> None:
    anchor = an_anchor()
    sound = {"user": ada.user, "anchor": anchor, "starts_at": datetime.now(UTC) + DAY, "title": "T", "message": "M"}
    answer = await remind(boss, 400, **{**sound, **fields})
    assert at_fault in answer
    assert (await boss.call("GET", f"reminders/{anchor}/")).status_code == 404


async def test_an_anchor_is_not_moved_to_where_nobody_can_count(boss: Door, ada: Door) -> None:
    anchor = an_anchor()
    before = await remind(boss, user=ada.user, anchor=anchor, starts_at=soon(3600), offsets=[60])
    response = await boss.call("PATCH", f"reminders/{anchor}/", json={"starts_at": "9999-12-31T23:59:59-14:00"})
    assert (response.status_code, list(response.json())) == (400, ["starts_at"])
    assert await boss.get(f"reminders/{anchor}/") == before


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_anchor_that_nobody_knows_is_404(boss: Door, method: str) -> None:
    body = {"starts_at": "2039-01-01T00:00:00Z"} if method == "PATCH" else None
    response = await boss.call(method, f"reminders/{an_anchor()}/", json=body)
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


async def test_a_service_reminds_moves_and_cancels_through_the_client(
    client: NotificationsClient, boss: Door, ada: Door
) -> None:
    anchor, starts_at = an_anchor(), datetime.now(UTC) + 3 * DAY
    words = {"title": "Soon", "message": "Bring a mat."}
    made = await client.remind(anchor=anchor, starts_at=starts_at, offsets=[1800], users=[ada.user], **words)  # type: ignore[arg-type]
    assert [(each.user, each.offset, each.status) for each in made.reminders] == [(ada.user, 1800, "waiting")]
    moved = await client.reschedule(anchor, starts_at + DAY)
    assert moved.starts_at == starts_at + DAY
    gone = await client.cancel_reminders(anchor)
    assert [each.status for each in gone.reminders] == ["cancelled"]
    assert statuses(await boss.get(f"reminders/{anchor}/")) == {1800: "cancelled"}
