"""`notification-settings/profile/`: what a user wants whatever the type."""

import json
from typing import Any

import httpx
import pytest
from rest_door import Door, person, staff

from deploy.local.launch import LaunchedStack

PATH = "notification-settings/profile/"
UNTOUCHED: dict[str, Any] = {
    "time_zone": "UTC",
    "quiet_hours": {},
    "email_enabled": None,
    "sms_enabled": None,
    "in_app_enabled": None,
    "push_enabled": None,
    "opted_out_channels": [],
    "digest": "off",
    "digest_time": "09:00",
    "daily_limit": None,
    "weekly_summary": False,
}
CHOSEN: dict[str, Any] = {
    "time_zone": "Europe/Berlin",
    "quiet_hours": {
        "monday": [{"start": "22:00", "end": "07:00"}],
        "sunday": [{"start": "00:00", "end": "12:00"}, {"start": "12:00", "end": "00:00"}],
    },
    "email_enabled": False,
    "sms_enabled": True,
    "in_app_enabled": None,
    "push_enabled": False,
    "opted_out_channels": ["email", "sms"],
    "digest": "daily",
    "digest_time": "18:30",
    "daily_limit": 5,
    "weekly_summary": True,
}


@pytest.fixture
def mine(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return person(stack, http)


@pytest.fixture
def by(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


async def write(mine: Door, method: str = "PUT", **body: object) -> dict[str, Any]:
    response = await mine.call(method, PATH, json=body)
    assert response.status_code == 200, response.text
    written: dict[str, Any] = response.json()
    return written


async def test_who_has_said_nothing_has_a_profile_that_says_nothing(mine: Door) -> None:
    assert await mine.get(PATH) == UNTOUCHED


async def test_reading_an_untouched_profile_makes_nobody_known(mine: Door, by: Door) -> None:
    await mine.get(PATH)
    assert (await by.call("GET", f"recipients/{mine.user}/")).status_code == 404


async def test_what_was_written_is_answered_and_read(mine: Door) -> None:
    assert await write(mine, **CHOSEN) == CHOSEN
    assert await mine.get(PATH) == CHOSEN


async def test_patch_keeps_what_it_does_not_name(mine: Door) -> None:
    await write(mine, **CHOSEN)
    assert await write(mine, "PATCH", daily_limit=None, sms_enabled=None) == CHOSEN | {
        "daily_limit": None,
        "sms_enabled": None,
    }


async def test_an_empty_patch_changes_nothing(mine: Door) -> None:
    await write(mine, **CHOSEN)
    assert await write(mine, "PATCH") == CHOSEN


async def test_put_forgets_what_it_does_not_name_except_the_zone_and_the_opt_outs(mine: Door) -> None:
    await write(mine, **CHOSEN)
    kept = {name: CHOSEN[name] for name in ("time_zone", "opted_out_channels")}
    assert await write(mine, "PUT", digest="hourly") == UNTOUCHED | kept | {"digest": "hourly"}


async def test_put_sets_the_zone_and_the_opt_outs_that_it_names(mine: Door) -> None:
    await write(mine, **CHOSEN)
    assert await write(mine, "PUT", time_zone="UTC", opted_out_channels=[]) == UNTOUCHED


async def test_days_come_in_the_weeks_order_and_empty_ones_not_at_all(mine: Door) -> None:
    span = [{"start": "01:00", "end": "02:00"}]
    written = await write(mine, quiet_hours={"sunday": span, "friday": [], "monday": span})
    assert list(written["quiet_hours"].items()) == [("monday", span), ("sunday", span)]


async def test_a_repeated_opt_out_is_one(mine: Door) -> None:
    assert (await write(mine, opted_out_channels=["push", "email", "push"]))["opted_out_channels"] == ["email", "push"]


async def test_the_zone_is_the_one_in_the_recipient_profile(mine: Door, by: Door) -> None:
    await by.call("PUT", f"recipients/{mine.user}/", json={"name": "Ada", "time_zone": "Asia/Tokyo"})
    assert (await mine.get(PATH))["time_zone"] == "Asia/Tokyo"
    await write(mine, "PATCH", time_zone="Europe/Lisbon")
    recipient = await by.get(f"recipients/{mine.user}/")
    assert (recipient["time_zone"], recipient["name"]) == ("Europe/Lisbon", "Ada")


async def test_staff_may_set_an_opt_out_and_the_user_sees_it(mine: Door, by: Door) -> None:
    response = await by.call("PATCH", f"recipients/{mine.user}/", json={"opted_out_channels": ["sms"]})
    assert response.json()["opted_out_channels"] == ["sms"]
    assert (await mine.get(PATH))["opted_out_channels"] == ["sms"]
    assert (await by.get(f"recipients/{mine.user}/"))["opted_out_channels"] == ["sms"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_describing_a_person_again_lifts_no_opt_out(mine: Door, by: Door, method: str) -> None:
    await write(mine, opted_out_channels=["email"])
    response = await by.call(method, f"recipients/{mine.user}/", json={"email": "ada@example.org"})
    assert response.json()["opted_out_channels"] == ["email"]


async def test_forgetting_a_person_forgets_no_opt_out(mine: Door, by: Door) -> None:
    await by.call("PUT", f"recipients/{mine.user}/", json={"opted_out_channels": ["email"]})
    await by.call("DELETE", f"recipients/{mine.user}/")
    assert (await mine.get(PATH))["opted_out_channels"] == ["email"]


async def test_nobody_sees_anothers_profile(mine: Door, stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    await write(mine, **CHOSEN)
    assert await person(stack, http).get(PATH) == UNTOUCHED


NIGHT = {"start": "22:00", "end": "07:00"}
WHOLE_DAY = [{"start": "00:00", "end": "12:00"}, {"start": "12:00", "end": "00:00"}]
WHOLE_CIRCLE = [{"start": "22:00", "end": "21:59"}, {"start": "21:00", "end": "23:00"}]
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"time_zone": "Mars/Olympus"}, "Not a time zone of the IANA database"),
        ({"time_zone": "localtime"}, "Not a time zone of the IANA database"),
        ({"time_zone": "../../etc/passwd"}, "Not a time zone of the IANA database"),
        ({"time_zone": "europe/berlin"}, "Not a time zone of the IANA database"),
        ({"time_zone": "+02:00"}, "Not a time zone of the IANA database"),
        ({"time_zone": None}, "string"),
        ({"quiet_hours": None}, "dictionary"),
        ({"quiet_hours": []}, "dictionary"),
        ({"quiet_hours": "22:00-07:00"}, "dictionary"),
        ({"quiet_hours": {"funday": [NIGHT]}}, "'monday'"),
        ({"quiet_hours": {"Monday": [NIGHT]}}, "'monday'"),
        ({"quiet_hours": {"monday": NIGHT}}, "list"),
        ({"quiet_hours": {"monday": ["22:00"]}}, "dictionary"),
        ({"quiet_hours": {"monday": [{"start": "22:00"}]}}, "required"),
        ({"quiet_hours": {"monday": [{"start": "22:00", "end": "24:00"}]}}, "HH:MM"),
        ({"quiet_hours": {"monday": [{"start": "22:00:00", "end": "07:00"}]}}, "HH:MM"),
        ({"quiet_hours": {"monday": [{"start": "22:60", "end": "07:00"}]}}, "HH:MM"),
        ({"quiet_hours": {"monday": [{"start": "7:00", "end": "08:00"}]}}, "HH:MM"),
        ({"quiet_hours": {"monday": [{"start": "10pm", "end": "07:00"}]}}, "HH:MM"),
        ({"quiet_hours": {"monday": [{"start": "\N{FULLWIDTH DIGIT TWO}2:00", "end": "07:00"}]}}, "HH:MM"),
        ({"quiet_hours": {"monday": [{"start": "22:00\n", "end": "07:00"}]}}, "HH:MM"),
        ({"quiet_hours": {"monday": [{"start": 22, "end": 7}]}}, "string"),
        ({"quiet_hours": {"monday": [{"start": "07:00", "end": "07:00"}]}}, "the same"),
        ({"quiet_hours": {"monday": [NIGHT] * 7}}, "at most 6"),
        ({"quiet_hours": dict.fromkeys(DAYS, WHOLE_DAY)}, "leave no time"),
        ({"quiet_hours": dict.fromkeys(DAYS, WHOLE_CIRCLE)}, "leave no time"),
        ({"email_enabled": "perhaps"}, "boolean"),
        ({"opted_out_channels": ["in_app"]}, "'email', 'sms' or 'push'"),
        ({"opted_out_channels": ["fax"]}, "'email', 'sms' or 'push'"),
        ({"opted_out_channels": None}, "list"),
        ({"opted_out_channels": "email"}, "list"),
        ({"digest": "weekly"}, "'off', 'hourly' or 'daily'"),
        ({"digest_time": "9 am"}, "HH:MM"),
        ({"weekly_summary": None}, "boolean"),
        ({"weekly_summary": "mondays"}, "boolean"),
        ({"daily_limit": 0}, "greater than or equal to 1"),
        ({"daily_limit": 1001}, "less than or equal to 1000"),
        ({"daily_limit": 2.5}, "integer"),
        ({"daily_limit": True}, "integer"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_bad_field_is_400_by_its_own_name_and_changes_nothing(
    mine: Door, method: str, fields: dict[str, Any], sentence: str
) -> None:
    body = json.dumps({"digest": "hourly"} | fields)
    response = await mine.call(method, PATH, content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, list(response.json())) == (400, list(fields))
    assert all(sentence in message for message in next(iter(response.json().values())))
    assert await mine.get(PATH) == UNTOUCHED


@pytest.mark.parametrize(
    "hours",
    [
        {},
        {day: [NIGHT] for day in DAYS},
        dict.fromkeys(DAYS[5:], WHOLE_DAY),
        dict.fromkeys(DAYS[:6], WHOLE_DAY),
        {"monday": [{"start": "12:00", "end": "14:00"}, {"start": "13:00", "end": "15:00"}]},
        {"monday": [NIGHT], "tuesday": [{"start": "06:00", "end": "08:00"}]},
        {"monday": [{"start": "00:00", "end": "00:01"}] * 6},
    ],
)
async def test_hours_that_leave_some_time_are_taken(mine: Door, hours: dict[str, Any]) -> None:
    assert (await write(mine, quiet_hours=hours))["quiet_hours"] == hours
