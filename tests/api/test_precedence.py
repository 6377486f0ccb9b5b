"""Which preference wins, from a user's word to what becomes of a delivery; and that the answer to why is true."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from rest_door import Door, create, delivery, person, settled, staff

from deploy.local.launch import LaunchedStack
from notifications.contracts.vocabulary import Channel, Weekday

PROFILE, SETTINGS = "notification-settings/profile/", "notification-settings/"
CHANNELS = [channel.value for channel in Channel]


@pytest.fixture
def by(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
async def mine(stack: LaunchedStack, http: httpx.AsyncClient, by: Door) -> Door:
    """Somebody who is reached by email and text, but has no phone with the app on it."""
    door = person(stack, http)
    addresses = {"email": f"{door.user}@example.org", "phone_number": "+4915123456789"}
    await by.call("PUT", f"recipients/{door.user}/", json=addresses)
    return door


async def say(mine: Door, method: str, path: str, **body: object) -> None:
    response = await mine.call(method, path, json=body)
    assert response.is_success, response.text


async def rules(mine: Door, kind: str) -> dict[str, str]:
    why = await mine.get(f"{SETTINGS}why/", notification_type=kind)
    return {channel: answer["rule"] for channel, answer in why["channels"].items()}


def quiet_now(zone: str = "UTC") -> tuple[dict[str, Any], datetime]:
    """Hours that began an hour ago, and their end in two."""
    start = datetime.now(ZoneInfo(zone)).replace(second=0, microsecond=0) - timedelta(hours=1)
    end = start + timedelta(hours=3)
    span = {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}
    return {list(Weekday)[start.weekday()].value: [span]}, end.astimezone(UTC)


def wire(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


async def test_why_has_exactly_its_keys(mine: Door, by: Door) -> None:
    why = await by.get(f"recipients/{mine.user}/why/", notification_type="booking")
    assert why.keys() == {"user", "notification_type", "now", "channels"}
    assert (why["user"], why["notification_type"], list(why["channels"])) == (mine.user, "booking", CHANNELS)
    for answer in why["channels"].values():
        assert answer.keys() == {"use", "rule", "explanation", "by_default", "deferred_until", "deferred_by"}


async def test_everybody_may_ask_why_about_themselves(mine: Door, by: Door) -> None:
    staffs = await by.get(f"recipients/{mine.user}/why/", notification_type="review")
    own = await mine.get(f"{SETTINGS}why/", notification_type="review")
    assert staffs | {"now": own["now"]} == own


async def test_somebody_unknown_is_reached_in_the_inbox_alone(by: Door) -> None:
    why = await by.get("recipients/nobody-has-described-me/why/", notification_type="booking")
    used = {channel: (answer["use"], answer["rule"]) for channel, answer in why["channels"].items()}
    no_address = (False, "no_address")
    assert used == {"in_app": (True, "type_default"), "email": no_address, "sms": no_address, "push": no_address}


@pytest.mark.parametrize("query", [{}, {"notification_type": "gossip"}, {"notification_type": ""}])
async def test_why_is_asked_about_a_type(mine: Door, by: Door, query: dict[str, str]) -> None:
    for response in (
        await by.call("GET", f"recipients/{mine.user}/why/", params=query),
        await mine.call("GET", f"{SETTINGS}why/", params=query),
    ):
        assert (response.status_code, list(response.json())) == (400, ["notification_type"])


async def test_each_word_of_a_user_outranks_the_one_before(mine: Door) -> None:
    assert (await rules(mine, "booking"))["email"] == "type_default"
    await say(mine, "PATCH", PROFILE, email_enabled=False)
    assert (await rules(mine, "booking"))["email"] == "global_preference_off"
    await say(mine, "POST", SETTINGS, notification_type="booking", email_enabled=True)
    assert (await rules(mine, "booking"))["email"] == "preference_on"
    await say(mine, "PATCH", PROFILE, opted_out_channels=["email"])
    assert (await rules(mine, "booking"))["email"] == "opted_out"


async def test_what_the_type_says_outranks_the_users_switches(mine: Door) -> None:
    everything = {f"{channel}_enabled": False for channel in CHANNELS}
    await say(mine, "PUT", PROFILE, **everything)
    await say(mine, "POST", SETTINGS, notification_type="system", **everything)
    assert (await rules(mine, "system"))["in_app"] == "required_by_type"
    await say(mine, "PUT", PROFILE, sms_enabled=True, opted_out_channels=["sms"])
    assert (await rules(mine, "review"))["sms"] == "forbidden_by_type"


async def test_a_switch_that_was_not_touched_leaves_the_word_to_the_one_for_all_types(mine: Door) -> None:
    await say(mine, "POST", SETTINGS, notification_type="booking", push_enabled=False)
    await say(mine, "PATCH", PROFILE, sms_enabled=False)
    found = await rules(mine, "booking")
    assert (found["push"], found["sms"]) == ("preference_off", "global_preference_off")


async def test_an_untouched_switch_is_shown_as_it_applies(mine: Door) -> None:
    await say(mine, "PATCH", PROFILE, email_enabled=False)
    response = await mine.call("POST", SETTINGS, json={"notification_type": "booking", "sms_enabled": False})
    stored = response.json()
    assert (stored["email_enabled"], stored["sms_enabled"], stored["push_enabled"]) == (False, False, True)
    await say(mine, "PATCH", PROFILE, email_enabled=None)
    assert (await mine.get(f"{SETTINGS}{stored['id']}/"))["email_enabled"] is True


async def test_effective_settings_know_the_switches_for_all_types_and_the_opt_outs(mine: Door) -> None:
    await say(mine, "PUT", PROFILE, email_enabled=False, push_enabled=True, opted_out_channels=["sms"])
    rows = {row["notification_type"]: row for row in (await mine.get(SETTINGS, effective=True))["results"]}
    assert rows["booking"]["reasons"] == {
        "in_app": "type_default",
        "email": "global_preference_off",
        "sms": "opted_out",
        "push": "global_preference_on",
    }
    assert (rows["booking"]["email_enabled"], rows["booking"]["sms_enabled"]) == (False, False)
    assert rows["review"]["reasons"]["sms"] == "forbidden_by_type"


async def test_resetting_the_types_leaves_the_switches_for_all_types(mine: Door) -> None:
    await say(mine, "POST", SETTINGS, notification_type="booking", email_enabled=True)
    await say(mine, "PUT", PROFILE, email_enabled=False)
    rows = (await mine.call("POST", f"{SETTINGS}reset_to_defaults/")).json()
    assert {row["reasons"]["email"] for row in rows} == {"global_preference_off"}


async def test_what_why_says_is_what_happens(mine: Door, by: Door) -> None:
    await say(mine, "PUT", PROFILE, in_app_enabled=False, opted_out_channels=["sms"])
    await say(mine, "POST", SETTINGS, notification_type="booking", in_app_enabled=True)
    why = await by.get(f"recipients/{mine.user}/why/", notification_type="booking")
    made = await create(by, mine.user, notification_type="booking", delivery_channels=CHANNELS)
    for channel, answer in why["channels"].items():
        happened = delivery(made, channel)
        assert (happened["status"] != "skipped") == answer["use"]
        assert happened["reason"] == (None if answer["use"] else answer["rule"])
    assert {name: answer["rule"] for name, answer in why["channels"].items()} == {
        "in_app": "preference_on",
        "email": "type_default",
        "sms": "opted_out",
        "push": "no_address",
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"email_enabled": False}, "global_preference_off"),
        ({"opted_out_channels": ["email"]}, "opted_out"),
    ],
)
async def test_a_change_reaches_what_is_already_waiting(
    mine: Door, by: Door, change: dict[str, Any], reason: str
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    made = await create(
        by, mine.user, notification_type="booking", delivery_channels=["email", "sms"], scheduled_for=soon.isoformat()
    )
    assert delivery(made, "email")["status"] == "scheduled"
    await say(mine, "PATCH", PROFILE, **change)
    detail = await settled(by, made["id"], lambda found: found["status"] == "sent")
    assert (delivery(detail, "email")["status"], delivery(detail, "email")["reason"]) == ("skipped", reason)
    assert delivery(detail, "sms")["status"] in ("sent", "delivered")


async def test_quiet_hours_defer_what_makes_a_sound_and_why_says_until_when(mine: Door, by: Door) -> None:
    hours, end = quiet_now()
    await say(mine, "PUT", PROFILE, quiet_hours=hours)
    why = await by.get(f"recipients/{mine.user}/why/", notification_type="booking")
    email, in_app = why["channels"]["email"], why["channels"]["in_app"]
    assert (email["use"], email["deferred_by"], email["deferred_until"]) == (True, "quiet_hours", wire(end))
    assert (in_app["deferred_by"], in_app["deferred_until"]) == (None, None)
    made = await create(by, mine.user, notification_type="booking", delivery_channels=["in_app", "email"])
    waiting = delivery(made, "email")
    assert (waiting["status"], waiting["reason"], waiting["next_attempt_at"]) == ("scheduled", "quiet_hours", wire(end))
    assert delivery(made, "in_app")["status"] == "delivered"


async def test_quiet_hours_let_through_what_is_urgent(mine: Door, by: Door) -> None:
    hours, _ = quiet_now()
    await say(mine, "PUT", PROFILE, quiet_hours=hours)
    made = await create(by, mine.user, notification_type="session", delivery_channels=["sms"])
    detail = await settled(by, made["id"], lambda found: found["status"] == "sent")
    assert delivery(detail, "sms")["reason"] is None


async def test_quiet_hours_are_those_of_the_users_own_zone(mine: Door) -> None:
    hours, end = quiet_now("Asia/Kathmandu")
    await say(mine, "PUT", PROFILE, quiet_hours=hours, time_zone="Asia/Kathmandu")
    why = await mine.get(f"{SETTINGS}why/", notification_type="booking")
    assert why["channels"]["email"]["deferred_until"] == wire(end)
    await say(mine, "PATCH", PROFILE, time_zone="UTC")
    why = await mine.get(f"{SETTINGS}why/", notification_type="booking")
    assert why["channels"]["email"]["deferred_until"] is None


async def test_a_channel_that_waits_to_be_read_says_so(mine: Door) -> None:
    why = await mine.get(f"{SETTINGS}why/", notification_type="message")
    email = why["channels"]["email"]
    assert (email["use"], email["by_default"], email["deferred_by"]) == (True, False, "unless_read")
    assert email["explanation"].count(".") == 2
