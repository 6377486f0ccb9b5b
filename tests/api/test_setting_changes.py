"""Settings by id, in bulk, reset, and what applies with its reason."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.launch import LaunchedStack
from notifications.contracts.vocabulary import NotificationType

BASE = "/api/v1/drf/notifications/notification-settings/"


class Owner:
    def __init__(self, stack: LaunchedStack, http: httpx.AsyncClient) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {stack.token(f'owner-{uuid4().hex[:10]}')}"}

    async def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        return await self._http.request(method, f"{BASE}{path}", json=body, headers=self._headers)

    async def stored(self) -> list[dict[str, Any]]:
        return list((await self.ask("GET", "")).json()["results"])


@pytest.fixture
def owner(stack: LaunchedStack, http: httpx.AsyncClient) -> Owner:
    return Owner(stack, http)


async def test_a_stored_setting_is_read_changed_and_deleted_by_its_id(owner: Owner) -> None:
    body = {"notification_type": "booking", "email_enabled": False}
    setting = (await owner.ask("POST", "", body)).json()

    assert (await owner.ask("GET", f"{setting['id']}/")).json() == setting
    changed = await owner.ask("PATCH", f"{setting['id']}/", {"sms_enabled": False})
    assert (changed.json()["email_enabled"], changed.json()["sms_enabled"]) == (False, False)
    assert (await owner.ask("DELETE", f"{setting['id']}/")).status_code == 204
    assert (await owner.ask("GET", f"{setting['id']}/")).status_code == 404


async def test_somebody_elses_setting_is_as_unknown_as_none(
    owner: Owner, stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    setting = (await owner.ask("POST", "", {"notification_type": "booking"})).json()
    stranger = Owner(stack, http)

    for method, body in (("GET", None), ("PUT", {"email_enabled": False}), ("PATCH", {}), ("DELETE", None)):
        answer = await stranger.ask(method, f"{setting['id']}/", body)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})


async def test_a_bulk_update_is_all_or_nothing(owner: Owner) -> None:
    good = {"notification_type": "payment", "email_enabled": False}
    refused = await owner.ask("POST", "bulk_update/", {"preferences": [good, {"notification_type": "gossip"}]})
    assert refused.status_code == 400
    assert await owner.stored() == []

    answer = await owner.ask("POST", "bulk_update/", {"preferences": [good, {"notification_type": "review"}]})
    assert [(row["notification_type"], row["email_enabled"]) for row in answer.json()] == [
        ("payment", False),
        ("review", True),
    ]


async def test_reset_answers_all_seven_and_leaves_nothing_stored(owner: Owner) -> None:
    await owner.ask("POST", "", {"notification_type": "booking", "email_enabled": False})

    answer = await owner.ask("POST", "reset_to_defaults/")
    assert {row["notification_type"] for row in answer.json()} == set(NotificationType)
    assert all(row["email_enabled"] for row in answer.json())
    assert await owner.stored() == []


async def test_effective_settings_tell_which_rule_decides(owner: Owner) -> None:
    await owner.ask("POST", "", {"notification_type": "system", "in_app_enabled": False, "email_enabled": False})

    page = (await owner.ask("GET", "?effective=true")).json()
    by_type = {row["notification_type"]: row for row in page["results"]}
    assert page["count"] == len(by_type) == 7
    assert by_type["system"]["reasons"]["in_app"] == "required_by_type"
    assert by_type["system"]["in_app_enabled"] is True
    assert by_type["system"]["reasons"]["email"] == "preference_off"
    assert by_type["review"]["reasons"]["sms"] == "forbidden_by_type"
    assert by_type["booking"]["reasons"]["email"] == "type_default"
