"""Who wants to be told once in a while is: what may wait is gathered, and the inbox has it at once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from gathered import digests, emails, flush, gather, inbox, once
from rest_door import Door, create, delivery, person, reachable, settled, staff

from deploy.local.launch import LaunchedStack

PROFILE = "notification-settings/profile/"
BERLIN = ZoneInfo("Europe/Berlin")
NO_MORE = {"digest": "off"}


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
async def ada(stack: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> Door:
    """Told once a day, half a day from the start of her test."""
    ada = await reachable(boss, person(stack, http), phone_number="+15005550006", time_zone="Europe/Berlin")
    await say(ada, digest="daily", digest_time=clock(hours=12))
    return ada


def clock(**later: float) -> str:
    return f"{(datetime.now(BERLIN) + timedelta(**later)):%H:%M}"


def instant(clock: str) -> str:
    """When Berlin's clocks show it next, on the wire."""
    now = datetime.now(BERLIN)
    hour, minute = map(int, clock.split(":"))
    days = (now.replace(hour=hour, minute=minute, second=0, microsecond=0, day=now.day) + timedelta(n) for n in (0, 1))
    return next(day for day in days if day > now).astimezone(UTC).isoformat().replace("+00:00", "Z")


async def say(ada: Door, **profile: object) -> None:
    response = await ada.call("PATCH", PROFILE, json=profile)
    assert response.status_code == 200, response.text


async def tell(boss: Door, ada: Door, title: str, **fields: Any) -> dict[str, Any]:
    given = {"notification_type": "payment", "delivery_channels": ["in_app", "email"], **fields}
    return await create(boss, ada.user, title=title, message=f"{title}.", **given)


def waits(detail: dict[str, Any], channel: str = "email") -> tuple[Any, Any, Any]:
    found = delivery(detail, channel)
    return found["status"], found["reason"], found["next_attempt_at"]


async def ended(boss: Door, made: dict[str, Any], status: str, reason: str | None, channel: str = "email") -> None:
    def has_ended(detail: dict[str, Any]) -> bool:
        found = delivery(detail, channel)
        return (found["status"], found["reason"]) == (status, reason)

    await settled(boss, made["id"], has_ended)


async def went(boss: Door, made: dict[str, Any]) -> None:
    """By e-mail, whether or not the provider has reported its delivery since."""
    await settled(boss, made["id"], lambda detail: delivery(detail, "email")["sent_at"] is not None)


async def test_the_inbox_has_it_at_once_and_one_email_tells_of_all(
    http: httpx.AsyncClient, boss: Door, ada: Door
) -> None:
    at = (await ada.get(PROFILE))["digest_time"]
    made = [await tell(boss, ada, "One"), await tell(boss, ada, "Two", notification_type="review")]
    assert [waits(each) for each in made] == [("scheduled", "own_digest", instant(at))] * 2
    assert await ada.titles() == ["Two", "One"]
    story = (await boss.get(f"notifications/{made[0]['id']}/timeline/"))["entries"]
    (waiting,) = [each for each in story if each["event"] == "waiting"]
    assert waiting["until"] == instant(at)
    assert waiting["explanation"].endswith("in the digest that the person has chosen.")
    flushed = await flush(boss, ada)
    assert (flushed["total"], flushed["window"], flushed["notification_type"]) == (2, {"kind": "own"}, "system")
    (email,) = await once(lambda: emails(http, ada))
    assert (email["title"], email["body"]) == ("2 new notifications", "• Two: Two.\n• One: One.")
    assert await ada.titles() == ["Two", "One"]
    assert await ada.get("notifications/unread_count/") == {"unread_count": 2}
    for each in made:
        told = await settled(boss, each["id"], lambda detail: bool(detail["status"] == "sent"))
        assert told["digested_in"] == flushed["notification_id"]
        assert waits(told) == ("skipped", "digested", None)
        assert delivery(told, "in_app")["status"] == "delivered"


async def test_what_is_urgent_what_expires_before_and_what_is_asked_about_goes_by_itself(boss: Door, ada: Door) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    urgent = await tell(boss, ada, "Now", priority="urgent")
    short = await tell(boss, ada, "Short", expires_at=soon)
    asked = await tell(boss, ada, "Asked", precondition={"url": "https://shop.example/still-true/"})
    for made in (urgent, short):
        await went(boss, made)
    assert delivery(asked, "email")["reason"] != "own_digest"
    assert await digests(boss, ada) == []


async def test_each_channel_tells_what_was_meant_for_it(boss: Door, ada: Door) -> None:
    await tell(boss, ada, "Mailed")
    await tell(boss, ada, "Texted", delivery_channels=["sms"])
    found = {each["key"].split(":")[1]: each for each in await digests(boss, ada)}
    assert {channel: each["total"] for channel, each in found.items()} == {"email": 1, "sms": 1}
    response = await boss.call("POST", f"digests/{found['sms']['id']}/flush/")
    told = await settled(
        boss, response.json()["notification_id"], lambda detail: delivery(detail, "sms")["sent_at"] is not None
    )
    assert (told["title"], told["delivery_channels"]) == ("Texted", ["sms"])


async def test_what_was_read_cancelled_or_is_not_wanted_any_more_leaves_and_nothing_left_is_nothing_sent(
    http: httpx.AsyncClient, boss: Door, ada: Door
) -> None:
    read, cancelled, unwanted = [
        await tell(boss, ada, title, notification_type=kind)
        for title, kind in (("Read", "payment"), ("Off", "booking"), ("Unwanted", "review"))
    ]
    assert (await ada.call("POST", f"notifications/{read['id']}/mark_as_read/")).status_code == 200
    assert (await boss.call("POST", f"notifications/{cancelled['id']}/cancel/")).status_code == 200
    off = {"notification_type": "review", "email_enabled": False}
    assert (await ada.call("POST", "notification-settings/", json=off)).status_code == 201
    flushed = await flush(boss, ada)
    assert (flushed["status"], flushed["total"], flushed["notification_id"]) == ("closed", 0, None)
    await ended(boss, read, "skipped", "already_read")
    await ended(boss, cancelled, "cancelled", "cancelled")
    await ended(boss, unwanted, "skipped", "preference_off")
    assert await emails(http, ada) == []


async def test_who_wants_it_no_more_is_told_what_waits_each_by_itself(
    http: httpx.AsyncClient, boss: Door, ada: Door
) -> None:
    made = [await tell(boss, ada, title) for title in ("One", "Two")]
    await say(ada, **NO_MORE)
    for each in made:
        await went(boss, each)
    assert sorted(each["title"] for each in await emails(http, ada)) == ["One", "Two"]
    assert (await flush(boss, ada))["notification_id"] is None
    assert len(await emails(http, ada)) == 2


async def test_another_time_and_another_zone_move_what_waits(boss: Door, ada: Door) -> None:
    made = await tell(boss, ada, "One")
    later = clock(hours=6)
    await say(ada, digest_time=later)
    await settled(boss, made["id"], lambda detail: waits(detail) == ("scheduled", "own_digest", instant(later)))
    await say(ada, time_zone="UTC")

    def is_moved(detail: dict[str, Any]) -> bool:
        until = datetime.fromisoformat(waits(detail)[2])
        return f"{until.astimezone(UTC):%H:%M}" == later

    await settled(boss, made["id"], is_moved)
    assert {each["total"] for each in await digests(boss, ada)} == {0, 1}


async def test_an_hourly_one_comes_with_the_full_hour(boss: Door, ada: Door) -> None:
    await say(ada, digest="hourly")
    before = datetime.now(UTC)
    until = datetime.fromisoformat(waits(await tell(boss, ada, "One"))[2])
    assert (until.minute, until.second, until.microsecond) == (0, 0, 0)
    assert before < until <= datetime.now(UTC) + timedelta(hours=1)


async def test_why_and_simulate_say_what_is_done(boss: Door, ada: Door) -> None:
    why = await boss.get(f"recipients/{ada.user}/why/", notification_type="payment")
    body = {"user": ada.user, "notification_type": "payment", "channels": ["in_app", "email"]}
    told = (await boss.call("POST", "simulate/", json=body)).json()["channels"]
    until = waits(await tell(boss, ada, "One"))[2]
    email = why["channels"]["email"]
    assert (email["use"], email["deferred_until"], email["deferred_by"]) == (True, until, "own_digest")
    assert [(each["step"], each["reason"], each["until"]) for each in told["email"]] == [
        ("wait", "own_digest", until),
        ("send", "type_default", None),
    ]
    assert [each["step"] for each in told["in_app"]] == ["send"]
    assert why["channels"]["in_app"]["deferred_until"] is None


async def test_what_a_sender_has_gathered_is_gathered_once_more_when_it_is_told(boss: Door, ada: Door) -> None:
    await gather(boss, ada, "One")
    flushed = await flush(boss, ada)
    assert [each["title"] for each in await inbox(ada)] == ["One"]
    told = await boss.get(f"notifications/{flushed['notification_id']}/")
    assert waits(told)[:2] == ("scheduled", "own_digest")


async def test_a_message_to_many_is_gathered_too(stack: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> None:
    ada = await reachable(boss, person(stack, http))
    await say(ada, digest="daily", digest_time=f"{datetime.now(UTC) + timedelta(hours=12):%H:%M}")
    body = {
        "users": [ada.user],
        "notification_type": "payment",
        "title": "All",
        "message": "All.",
        "delivery_channels": ["in_app", "email"],
    }
    assert (await boss.call("POST", "notifications/bulk/", json=body)).status_code in (201, 202)

    async def is_gathered() -> bool:
        return [each["total"] for each in await digests(boss, ada)] == [1]

    await once(is_gathered)
    assert await ada.titles() == ["All"]


async def test_no_sender_gathers_what_people_gather_for_themselves(boss: Door) -> None:
    def body(key: str, kind: str) -> dict[str, Any]:
        window = {"kind": kind, "seconds": 60} if kind == "duration" else {"kind": kind}
        words = {"title": "One", "message": "One.", "notification_type": "system"}
        return {"user": uuid4().hex, **words, "digest": {"key": key, "window": window}}

    for key, kind in (("own:email:2030-01-01T00:00:00+00:00", "duration"), ("mine", "own")):
        response = await boss.call("POST", "notifications/", json=body(key, kind))
        assert response.status_code == 400, response.text
        assert response.json().keys() == {"digest"}
