"""Other words, channels and times, until they go."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from rest_door import DETAIL_KEYS, UNKNOWN, Door, create, delivery, person, reachable, settled, staff

from deploy.local.launch import LaunchedStack


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
async def ada(stack: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> Door:
    return await reachable(boss, person(stack, http), name="Ada", phone_number="+15005550006")


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0).isoformat().replace("+00:00", "Z")


async def waiting(boss: Door, owner: Door, **fields: Any) -> str:
    fields = {"delivery_channels": ["in_app", "email"], "scheduled_for": in_days(30), **fields}
    return str((await create(boss, owner.user, **fields))["id"])


async def edit(boss: Door, notification: str, status: int = 200, /, **fields: Any) -> dict[str, Any]:
    response = await boss.call("PATCH", f"notifications/{notification}/", json=fields)
    assert response.status_code == status, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def mails_of(http: httpx.AsyncClient, owner: Door) -> list[dict[str, Any]]:
    response = await http.get("/courier-sandbox/messages", params={"user": owner.user})
    found: list[dict[str, Any]] = response.json()["results"]
    return found


async def sent_now(boss: Door, http: httpx.AsyncClient, owner: Door, notification: str) -> list[dict[str, Any]]:
    """Lets it go, and returns what the vendor got."""
    await boss.call("POST", f"notifications/{notification}/reschedule/", json={"scheduled_for": None})
    await settled(boss, notification, lambda found: found["status"] != "pending")
    return await mails_of(http, owner)


async def test_other_words_are_what_goes_out(boss: Door, ada: Door, http: httpx.AsyncClient) -> None:
    notification = await waiting(boss, ada)
    detail = await edit(boss, notification, title="Moved", message="To room 2.", metadata={"room": 2})
    assert detail.keys() == DETAIL_KEYS
    assert (detail["title"], detail["message"], detail["metadata"]) == ("Moved", "To room 2.", {"room": 2})
    (mail,) = await sent_now(boss, http, ada, notification)
    assert (mail["title"], mail["body"]) == ("Moved", "To room 2.")
    assert await ada.titles() == ["Moved"]


async def test_a_templates_words_follow_other_variables(boss: Door, ada: Door, http: httpx.AsyncClient) -> None:
    key = f"booking.{uuid4().hex}"
    made = {"key": key, "notification_type": "booking", "delivery_channel": "in_app"}
    text = {"subject_template": "At {{ time }}", "body_template": "{{ recipient_name }}, be there."}
    assert (await boss.call("POST", "notification-templates/", json=made | text)).status_code == 201
    notification = await waiting(boss, ada, template_key=key, metadata={"time": "10:00"})
    assert (await edit(boss, notification, metadata={"time": "11:30"}))["title"] == "At 11:30"
    (mail,) = await sent_now(boss, http, ada, notification)
    assert (mail["title"], mail["body"]) == ("At 11:30", "Ada, be there.")
    missing = await waiting(boss, ada, template_key=key, metadata={"time": "10:00"})
    assert "time" in (await edit(boss, missing, 400, metadata={}))["metadata"][0]
    assert (await boss.get(f"notifications/{missing}/"))["title"] == "At 10:00"


async def test_channels_come_and_go(boss: Door, ada: Door, http: httpx.AsyncClient) -> None:
    notification = await waiting(boss, ada)
    detail = await edit(boss, notification, delivery_channels=["in_app", "sms"])
    assert detail["delivery_channels"] == ["in_app", "sms"]
    assert {each["channel"]: each["status"] for each in detail["deliveries"]}["email"] == "cancelled"
    (text,) = await sent_now(boss, http, ada, notification)
    assert text["channel"] == "sms"


async def test_times_can_be_edited_as_well(boss: Door, ada: Door) -> None:
    notification, later, last = await waiting(boss, ada), in_days(60), in_days(90)
    detail = await edit(boss, notification, scheduled_for=later, expires_at=last)
    assert (detail["scheduled_for"], detail["expires_at"]) == (later, last)
    assert delivery(detail, "email")["next_attempt_at"] == later
    assert (await edit(boss, notification, expires_at=None))["expires_at"] is None


async def test_what_has_gone_stays_and_the_rest_is_edited(boss: Door, ada: Door, http: httpx.AsyncClient) -> None:
    created = await create(boss, ada.user, delivery_channels=["in_app", "email"], escalation={"email": 4}, title="Old")
    detail = await edit(boss, created["id"], title="New")
    assert detail["title"] == "Old", "in-app was read as it was"
    await settled(boss, created["id"], lambda found: found["status"] != "pending")
    (mail,) = await mails_of(http, ada)
    assert mail["title"] == "New"


async def test_too_late_is_a_conflict_that_says_what_had_gone(boss: Door, ada: Door) -> None:
    created = await create(boss, ada.user)
    answer = await edit(boss, created["id"], 409, title="New")
    assert answer.keys() == {"detail", "channels"}
    assert [(told["channel"], told["effect"]) for told in answer["channels"]] == [("in_app", "already_sent")]
    assert (await boss.get(f"notifications/{created['id']}/"))["title"] == "Terms"


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"title": "x" * 201}, "title"),
        ({"title": ""}, "title"),
        ({"message": "a\x00b"}, "message"),
        ({"metadata": []}, "metadata"),
        ({"delivery_channels": []}, "delivery_channels"),
        ({"delivery_channels": ["pigeon"]}, "delivery_channels"),
        ({"scheduled_for": "2020-01-01T00:00:00Z"}, "scheduled_for"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"scheduled_for": in_days(9), "expires_at": in_days(8)}, "expires_at"),
    ],
)
async def test_nonsense_is_refused_and_changes_nothing(
    boss: Door, ada: Door, fields: dict[str, Any], at_fault: str
) -> None:
    notification = await waiting(boss, ada)
    before = await boss.get(f"notifications/{notification}/")
    assert (await edit(boss, notification, 400, **fields)).keys() == {at_fault}
    after = await boss.get(f"notifications/{notification}/")
    assert {**after, "time_since": ""} == {**before, "time_since": ""}


async def test_what_nobody_knows_is_404(boss: Door) -> None:
    assert await edit(boss, UNKNOWN, 404, title="New") == {"detail": "Not found."}
