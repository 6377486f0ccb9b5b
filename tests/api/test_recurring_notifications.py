"""What comes again: scheduled, told, changed, paused and taken away."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from rest_door import Door, person, staff
from temporalio.client import Client

from deploy.local.launch import LaunchedStack
from notifications.contracts import names

MONDAYS = {"weekdays": ["monday"], "time": "09:00"}


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
def ada(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return person(stack, http)


def a_key() -> str:
    return f"plan-{uuid4().hex}"


def plan(user: str, /, **fields: Any) -> dict[str, Any]:
    return {
        "key": a_key(),
        "user": user,
        "schedule": MONDAYS,
        "time_zone": "Europe/Berlin",
        "title": "Your week",
        "message": "Have a look at what is booked.",
        "delivery_channels": ["in_app"],
        **fields,
    }


async def recur(boss: Door, user: str, /, **fields: Any) -> dict[str, Any]:
    response = await boss.call("POST", "recurring/", json=plan(user, **fields))
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def test_it_is_answered_with_its_next_times(boss: Door, ada: Door) -> None:
    body = plan(ada.user)
    response = await boss.call("POST", "recurring/", json=body)
    made = response.json()
    assert response.headers["Location"].endswith(f"/recurring/{body['key']}/")
    assert {name: made[name] for name in ("key", "users", "schedule", "time_zone", "paused", "title")} == {
        "key": body["key"],
        "users": [ada.user],
        "schedule": MONDAYS,
        "time_zone": "Europe/Berlin",
        "paused": False,
        "title": "Your week",
    }
    assert [moment["local"][10:] for moment in made["next"]] == ["T09:00:00"] * 5
    assert await boss.get(f"recurring/{body['key']}/") == made


async def test_the_same_call_again_changes_nothing_and_another_is_a_conflict(boss: Door, ada: Door) -> None:
    body = plan(ada.user)
    first = await boss.call("POST", "recurring/", json=body)
    again = await boss.call("POST", "recurring/", json=body)
    other = await boss.call("POST", "recurring/", json=body | {"title": "Another week"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert again.json() == first.json()


async def test_when_it_is_due_it_is_told_as_an_ordinary_notification(
    boss: Door, ada: Door, stack: LaunchedStack
) -> None:
    made = await recur(boss, ada.user, schedule={"cron": "0 9 1 1 *"}, time_zone="UTC")
    asked = datetime.now(UTC)
    while datetime.now(UTC) < asked + timedelta(seconds=1):  # Temporal's times are whole seconds
        await asyncio.sleep(0.05)
    await trigger(stack, made["key"])
    async with asyncio.timeout(20):
        while await ada.titles() != ["Your week"]:
            await asyncio.sleep(0.05)
    await boss.call("DELETE", f"recurring/{made['key']}/")
    assert await ada.titles() == ["Your week"]


async def test_it_can_be_changed_paused_and_gone_on_with(boss: Door, ada: Door) -> None:
    made = await recur(boss, ada.user)
    path = f"recurring/{made['key']}/"
    changed = await boss.call("PATCH", path, json={"title": "Your Monday", "schedule": {**MONDAYS, "time": "10:30"}})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["title"], changed.json()["schedule"]["time"]) == ("Your Monday", "10:30")
    assert changed.json()["message"] == made["message"]
    paused = await boss.call("PATCH", path, json={"paused": True})
    assert (paused.json()["paused"], paused.json()["next"]) == (True, [])
    going_on = await boss.call("PATCH", path, json={"paused": False})
    assert (going_on.json()["paused"], len(going_on.json()["next"])) == (False, 5)


async def test_what_is_deleted_is_gone_and_its_key_free(boss: Door, ada: Door) -> None:
    made = await recur(boss, ada.user)
    path = f"recurring/{made['key']}/"
    assert (await boss.call("DELETE", path)).status_code == 204
    for method, body in (("GET", None), ("PATCH", {"paused": True}), ("DELETE", None)):
        assert (await boss.call(method, path, json=body)).status_code == 404
    assert (await recur(boss, ada.user, key=made["key"], title="Anew"))["title"] == "Anew"


async def test_all_of_them_are_listed(boss: Door, ada: Door) -> None:
    made = await recur(boss, ada.user)
    async with asyncio.timeout(10):  # Temporal's index is a moment behind
        while made["key"] not in [each["key"] for each in (await boss.get("recurring/"))["results"]]:
            await asyncio.sleep(0.1)


async def test_each_recipients_own_clock_is_shown_as_such(boss: Door, ada: Door) -> None:
    made = await recur(boss, ada.user, time_zone="recipient")
    assert {moment["at"] for moment in made["next"]} == {None}


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"schedule": {"cron": "nonsense"}}, "schedule"),
        ({"schedule": {"cron": "61 9 * * *"}}, "schedule"),
        ({"schedule": {"weekdays": [], "time": "09:00"}}, "schedule"),
        ({"schedule": {"weekdays": ["monday"], "time": "25:00"}}, "schedule"),
        ({"schedule": {"weekdays": ["someday"], "time": "09:00"}}, "schedule"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"schedule": {"cron": "0 9 * * *"}, "time_zone": "recipient"}, "time_zone"),
        ({"user": None}, "users"),
        ({"key": "no spaces, please"}, "key"),
        ({"title": None}, "title"),
        ({"ends_at": "never"}, "ends_at"),
    ],
)
async def test_bad_input_is_refused_by_field_and_schedules_nothing(
    boss: Door, ada: Door, fields: dict[str, Any], at_fault: str
) -> None:
    body = plan(ada.user, **fields)
    response = await boss.call("POST", "recurring/", json=body)
    assert response.status_code == 400, response.text
    assert at_fault in response.json()
    assert (await boss.call("GET", f"recurring/{a_key() if ' ' in body['key'] else body['key']}/")).status_code == 404


async def trigger(stack: LaunchedStack, key: str) -> None:
    """Has it come at this moment, as Temporal's own tools can."""
    temporal = await Client.connect(stack.temporal_address)
    await temporal.get_schedule_handle(names.recurrence_schedule_id(key)).trigger()
