"""`simulate/`: what would be sent when, and why, told by the planner that decides for real."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from rest_door import Door, create, delivery, person, reachable, staff

from deploy.local.launch import LaunchedStack

# A Wednesday.
NOON = datetime(2031, 6, 11, 12, tzinfo=UTC)
STEP_KEYS = {"at", "step", "reason", "explanation", "until", "asks_first"}


def at(**later: float) -> str:
    return (NOON + timedelta(**later)).isoformat().replace("+00:00", "Z")


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
async def ada(stack: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> Door:
    return await reachable(boss, person(stack, http), phone_number="+15005550006", push_tokens=[uuid4().hex])


async def simulated(boss: Door, user: str, path: str = "simulate/", **fields: Any) -> dict[str, Any]:
    body = {"user": user, "notification_type": "booking", "at": at(), **fields}
    response = await boss.call("POST", path, json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def steps(answer: dict[str, Any], channel: str) -> list[tuple[str, str, str, str | None]]:
    return [(each["at"], each["step"], each["reason"], each["until"]) for each in answer["channels"][channel]]


async def wants(door: Door, **profile: object) -> None:
    response = await door.call("PATCH", "notification-settings/profile/", json=profile)
    assert response.status_code == 200, response.text


async def test_an_answer_has_these_keys(boss: Door, ada: Door) -> None:
    answer = await simulated(boss, ada.user, channels=["in_app", "email"], escalation={"email": 600})
    assert answer.keys() == {"user", "notification_type", "at", "read_at", "channels"}
    assert (answer["user"], answer["notification_type"], answer["at"]) == (ada.user, "booking", at())
    assert answer["channels"].keys() == {"in_app", "email"}
    assert all(each.keys() == STEP_KEYS for rungs in answer["channels"].values() for each in rungs)
    assert (
        answer["channels"]["email"][0]["explanation"] == "It is sent only if the notification is still unread by then."
    )
    assert answer["read_at"] is None


async def test_the_ladder_of_an_escalation_in_quiet_hours_of_ones_own_zone(boss: Door, ada: Door) -> None:
    await wants(ada, time_zone="Asia/Tokyo", quiet_hours={"wednesday": [{"start": "21:05", "end": "07:00"}]})
    never = await simulated(boss, ada.user, channels=["in_app", "sms", "email"], escalation={"sms": 120, "email": 600})
    assert steps(never, "in_app") == [(at(), "send", "type_default", None)]
    assert steps(never, "sms") == [
        (at(), "wait", "unless_read", at(minutes=2)),
        (at(minutes=2), "send", "type_default", None),
    ]
    # Noon is nine in the evening there.
    assert steps(never, "email") == [
        (at(), "wait", "unless_read", at(minutes=10)),
        (at(minutes=10), "wait", "quiet_hours", at(hours=10)),
        (at(hours=10), "send", "type_default", None),
    ]


async def test_reading_it_ends_the_ladder(boss: Door, ada: Door) -> None:
    chain: dict[str, Any] = {"channels": ["in_app", "sms", "email"], "escalation": {"sms": 120, "email": 600}}
    later = await simulated(boss, ada.user, **chain, read_after_seconds=300)
    assert later["read_at"] == at(minutes=5)
    assert [steps(later, name)[-1][1:3] for name in ("sms", "email")] == [
        ("send", "type_default"),
        ("skip", "already_read"),
    ]
    by_instant = await simulated(boss, ada.user, **chain, read_at=at(minutes=5))
    assert by_instant == later


async def test_a_time_and_an_expiry_are_kept(boss: Door, ada: Door) -> None:
    await wants(ada, quiet_hours={"wednesday": [{"start": "13:00", "end": "15:00"}]})
    answer = await simulated(
        boss, ada.user, channels=["email"], scheduled_for=at(hours=1), expires_at=at(hours=2), priority="low"
    )
    assert steps(answer, "email") == [
        (at(), "wait", "scheduled", at(hours=1)),
        (at(hours=1), "skip", "expired", None),
    ]


async def test_what_is_left_out_is_the_types(boss: Door, ada: Door) -> None:
    answer = await simulated(boss, ada.user, notification_type="message", channels=["in_app", "push", "email"])
    assert steps(answer, "push") == [(at(), "send", "type_default", None)]
    assert steps(answer, "email")[0] == (at(), "wait", "unless_read", at(minutes=10))
    assert (await simulated(boss, ada.user, notification_type="message"))["channels"].keys() == {"in_app", "push"}


async def test_somebody_unknown_is_reached_in_app_alone(boss: Door) -> None:
    answer = await simulated(boss, "never-heard-of", channels=["in_app", "email"])
    assert [steps(answer, name)[0][1:3] for name in ("in_app", "email")] == [
        ("send", "type_default"),
        ("skip", "no_address"),
    ]


async def test_now_is_when_nothing_else_is_said_and_what_it_says_happens(boss: Door, ada: Door) -> None:
    await wants(ada, daily_limit=1, opted_out_channels=["sms"])
    channels = ["in_app", "push", "sms", "email"]
    answer = await simulated(boss, ada.user, at=None, channels=channels)
    made = await create(boss, ada.user, notification_type="booking", delivery_channels=channels)
    outcomes = {name: steps(answer, name)[0][1:3] for name in channels}
    assert outcomes == {
        "in_app": ("send", "type_default"),
        "push": ("send", "type_default"),
        "sms": ("skip", "opted_out"),
        "email": ("wait", "attention_budget"),
    }
    assert delivery(made, "push")["reason"] is None
    assert (delivery(made, "sms")["status"], delivery(made, "sms")["reason"]) == ("skipped", "opted_out")
    assert (delivery(made, "email")["status"], delivery(made, "email")["reason"]) == ("scheduled", "attention_budget")
    told, kept = (
        datetime.fromisoformat(each)
        for each in (steps(answer, "email")[0][3] or "", delivery(made, "email")["next_attempt_at"])
    )
    assert abs(told - kept) < timedelta(seconds=30)


async def test_it_finds_the_attention_that_is_spent_and_those_in_line(boss: Door, ada: Door) -> None:
    await wants(ada, daily_limit=1)
    for _ in range(2):
        await create(boss, ada.user, notification_type="booking", delivery_channels=["email"])
    now = datetime.now(UTC)
    answer = await simulated(boss, ada.user, at=now.isoformat(), channels=["email"])
    (_, step, reason, until), last = steps(answer, "email")
    assert (step, reason, last[1]) == ("wait", "attention_budget", "send")
    assert until is not None
    assert abs(datetime.fromisoformat(until) - now - timedelta(days=2)) < timedelta(minutes=1)


async def test_nothing_is_written_and_nobody_is_told(boss: Door, ada: Door, http: httpx.AsyncClient) -> None:
    await simulated(boss, ada.user, channels=["in_app", "email"])
    assert (await ada.get("notifications/"))["results"] == []
    assert (await http.get("/courier-sandbox/messages", params={"user": ada.user})).json()["results"] == []


async def test_the_reminders_of_an_anchor(boss: Door, ada: Door) -> None:
    await wants(ada, daily_limit=1)
    answer = await simulated(
        boss,
        ada.user,
        "simulate/reminders/",
        notification_type="reminder",
        starts_at=at(hours=30),
        offsets=[-7200, 1800, 86400, 31 * 3600],
        channels=["email"],
        priority="normal",
    )
    assert answer.keys() == {"user", "notification_type", "at", "starts_at", "reminders"}
    assert all(each.keys() == {"offset", "fires_at", "status", "read_at", "channels"} for each in answer["reminders"])
    assert [(each["offset"], each["fires_at"], each["status"]) for each in answer["reminders"]] == [
        (31 * 3600, at(hours=-1), "skipped"),
        (86400, at(hours=6), "waiting"),
        (1800, at(hours=29.5), "waiting"),
        (-7200, at(hours=32), "waiting"),
    ]
    past, day_before, half_an_hour, follow_up = answer["reminders"]
    assert past["channels"] == {}
    assert steps(day_before, "email") == [(at(hours=6), "send", "type_default", None)]
    # The next slot comes at the start, when half an hour before it is of no use any more.
    assert steps(half_an_hour, "email") == [(at(hours=29.5), "skip", "expired", None)]
    assert steps(follow_up, "email") == [(at(hours=32), "send", "type_default", None)]


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"user": ""}, "user"),
        ({"user": "x" * 129}, "user"),
        ({"user": "two\nlines"}, "user"),
        ({"user": None}, "user"),
        ({"user": True}, "user"),
        ({"notification_type": "pigeon"}, "notification_type"),
        ({"at": "soon"}, "at"),
        ({"at": 5}, "at"),
        ({"at": "1999-12-31T23:59:59Z"}, "at"),
        ({"at": "9999-12-31T23:59:59Z"}, "at"),
        ({"scheduled_for": "9999-12-31T23:59:59-12:00"}, "scheduled_for"),
        ({"channels": []}, "channels"),
        ({"channels": ["pigeon"]}, "channels"),
        ({"channels": "email"}, "channels"),
        ({"priority": "highest"}, "priority"),
        ({"scheduled_for": at(hours=1), "expires_at": at(hours=1)}, "expires_at"),
        ({"escalation": {"in_app": 5}}, "escalation"),
        ({"escalation": {"email": -1}}, "escalation"),
        ({"escalation": {"email": 31 * 86400}}, "escalation"),
        ({"escalation": {"email": "soon"}}, "escalation"),
        ({"escalation": [5]}, "escalation"),
        ({"read_at": "soon"}, "read_at"),
        ({"read_after_seconds": -1}, "read_after_seconds"),
        ({"read_after_seconds": 1.5}, "read_after_seconds"),
        ({"read_at": at(), "read_after_seconds": 1}, "read_after_seconds"),
    ],
)
async def test_nonsense_is_refused_by_its_own_name(boss: Door, fields: dict[str, Any], at_fault: str) -> None:
    body = {"user": "ada", "notification_type": "booking", **fields}
    response = await boss.call("POST", "simulate/", json=body)
    assert (response.status_code, list(response.json())) == (400, [at_fault])


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"starts_at": None}, "starts_at"),
        ({"offsets": []}, "offsets"),
        ({"offsets": [1] * 21}, "offsets"),
        ({"offsets": [367 * 86400]}, "offsets"),
        ({"offsets": ["soon"]}, "offsets"),
        ({"offsets": [True]}, "offsets"),
        ({"scheduled_for": at()}, "scheduled_for"),
    ],
)
async def test_nonsense_about_reminders_is_refused(boss: Door, fields: dict[str, Any], at_fault: str) -> None:
    body = {"user": "ada", "starts_at": at(hours=1), "offsets": [60], **fields}
    response = await boss.call("POST", "simulate/reminders/", json=body)
    assert (response.status_code, list(response.json())) == (400, [at_fault])
