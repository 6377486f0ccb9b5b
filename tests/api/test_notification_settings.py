"""`notification-settings/`: a user's own switches."""

import httpx
import pytest
from rest_door import Door, person

from deploy.local.launch import LaunchedStack

KEYS = {
    "id",
    "notification_type",
    "notification_type_display",
    "email_enabled",
    "sms_enabled",
    "in_app_enabled",
    "push_enabled",
    "created_at",
    "updated_at",
}


@pytest.fixture
def mine(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return person(stack, http)


async def put(mine: Door, **body: object) -> httpx.Response:
    return await mine.call("POST", "notification-settings/", json=body)


async def test_a_setting_has_exactly_the_contracts_keys(mine: Door) -> None:
    assert (await put(mine, notification_type="booking")).json().keys() == KEYS


async def test_the_first_setting_of_a_type_is_201(mine: Door) -> None:
    assert (await put(mine, notification_type="booking")).status_code == 201


async def test_the_next_setting_of_a_type_is_200_and_the_same_row(mine: Door) -> None:
    first = await put(mine, notification_type="booking")
    second = await put(mine, notification_type="booking", sms_enabled=False)
    assert (second.status_code, second.json()["id"]) == (200, first.json()["id"])


async def test_a_type_is_shown_by_its_name_too(mine: Door) -> None:
    assert (await put(mine, notification_type="payment")).json()["notification_type_display"] == "Payment"


async def test_switches_left_out_keep_their_state(mine: Door) -> None:
    await put(mine, notification_type="booking", email_enabled=False)
    setting = (await put(mine, notification_type="booking", push_enabled=False)).json()
    assert (setting["email_enabled"], setting["push_enabled"], setting["sms_enabled"]) == (False, False, True)


async def test_a_new_rows_other_switches_are_the_types_defaults(mine: Door) -> None:
    setting = (await put(mine, notification_type="review", email_enabled=False)).json()
    assert [setting[f"{channel}_enabled"] for channel in ("in_app", "email", "sms", "push")] == [
        True,
        False,
        False,
        True,
    ]


async def test_only_stored_settings_are_listed(mine: Door) -> None:
    setting = (await put(mine, notification_type="booking")).json()
    assert await mine.get("notification-settings/") == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [setting],
    }


async def test_nobody_sees_anothers_settings(mine: Door, stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    await put(mine, notification_type="booking")
    assert (await person(stack, http).get("notification-settings/"))["count"] == 0


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "notification_type"),
        ({"notification_type": "gossip"}, "notification_type"),
        ({"notification_type": "booking", "email_enabled": "perhaps"}, "email_enabled"),
    ],
)
async def test_a_bad_setting_is_400_by_name(mine: Door, body: dict[str, object], named: str) -> None:
    response = await put(mine, **body)
    assert (response.status_code, list(response.json())) == (400, [named])
