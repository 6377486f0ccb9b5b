"""Deliveries as staff look for them: found by how they ended, never with an address or a word."""

import json
from uuid import UUID

import httpx
import pytest
from refused_email import KEYS, SECRET, email_of, failed
from rest_door import Door, create, person, reachable, staff

from deploy.local.launch import LaunchedStack
from notifications.contracts.names import send_key


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
async def ada(stack: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> Door:
    """Somebody who can be reached by email and text."""
    return await reachable(boss, person(stack, http), name="Ada", phone_number="+351912345678")


async def test_failed_deliveries_are_listed_without_address_or_words(
    boss: Door, http: httpx.AsyncClient, ada: Door
) -> None:
    notification = await failed(boss, http, ada)
    page = await boss.get("deliveries/", status="failed", user=ada.user)
    (found,) = page["results"]
    assert (page.keys(), found.keys()) == ({"next", "previous", "results"}, KEYS)
    assert (found["id"], found["notification"], found["user"]) == (email_of(notification), notification["id"], ada.user)
    assert (found["channel"], found["status"], found["reason"]) == ("email", "failed", "provider_rejected")
    detail = await boss.get(f"deliveries/{found['id']}/")
    assert SECRET not in json.dumps([page, detail])
    assert "example.org" not in json.dumps([page, detail])


async def test_one_delivery_tells_its_attempts(boss: Door, http: httpx.AsyncClient, ada: Door) -> None:
    notification = await failed(boss, http, ada)
    detail = await boss.get(f"deliveries/{email_of(notification)}/")
    assert detail.keys() == KEYS | {"attempt_history"}
    (attempt,) = detail["attempt_history"]
    assert (attempt["number"], attempt["outcome"], attempt["status_code"]) == (1, "rejected", 400)
    assert attempt["idempotency_key"] == send_key(UUID(email_of(notification)), 0)
    assert attempt["started_at"] <= attempt["finished_at"]


@pytest.mark.parametrize(
    "filter",
    [
        {"status": "failed"},
        {"status": "failed", "channel": "email"},
        {"status": "failed", "reason": "provider_rejected"},
        {"channel": "email"},
    ],
    ids=str,
)
async def test_filters_combine(boss: Door, http: httpx.AsyncClient, ada: Door, filter: dict[str, str]) -> None:
    notification = await failed(boss, http, ada)
    found = (await boss.get("deliveries/", user=ada.user, **filter))["results"]
    assert [each["id"] for each in found] == [email_of(notification)]
    for name, other in {"status": "sent", "channel": "sms", "reason": "bounced"}.items():
        if name in filter:
            assert (await boss.get("deliveries/", user=ada.user, **filter | {name: other}))["results"] == []


async def test_all_deliveries_of_a_notification_are_found(boss: Door, ada: Door) -> None:
    created = await create(boss, ada.user, delivery_channels=["in_app", "sms"])
    found = (await boss.get("deliveries/", notification=created["id"]))["results"]
    assert {each["channel"] for each in found} == {"in_app", "sms"}


@pytest.mark.parametrize("parameter", ["status", "channel", "notification", "cursor"])
async def test_a_bad_value_is_named(boss: Door, parameter: str) -> None:
    response = await boss.call("GET", "deliveries/", params={parameter: "nonsense"})
    assert (response.status_code, list(response.json())) == (400, [parameter])


async def test_pages_by_position_hold_every_delivery_once(boss: Door, ada: Door) -> None:
    made = [(await create(boss, ada.user))["id"] for _ in range(5)]
    found: list[str] = []
    link = f"deliveries/?user={ada.user}&page_size=2"
    while link:
        page = (await boss.call("GET", link)).json()
        found += [each["notification"] for each in page["results"]]
        link = page["next"] and "deliveries/?" + page["next"].partition("?")[2]
    assert found == made[::-1]
