"""`recipients/{user}/`: who people are and where they are reached."""

import json
from typing import Any

import httpx
import pytest
from rest_door import Door, person, staff

from deploy.local.launch import LaunchedStack

KEYS = {
    "user",
    "opted_out_channels",
    "name",
    "email",
    "phone_number",
    "push_tokens",
    "locale",
    "time_zone",
    "created_at",
    "updated_at",
}
ADA: dict[str, Any] = {
    "name": "Ada Ørsted",
    "email": "ada@example.org",
    "phone_number": "+4915123456789",
    "push_tokens": ["token-1"],
    "locale": "pt-BR",
    "time_zone": "Europe/Berlin",
}


@pytest.fixture
def by(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
def path(stack: LaunchedStack, http: httpx.AsyncClient) -> str:
    return f"recipients/{person(stack, http).user}/"


async def test_a_recipient_has_exactly_the_contracts_keys(by: Door, path: str) -> None:
    assert (await by.call("PUT", path, json=ADA)).json().keys() == KEYS


async def test_describing_somebody_new_is_201_and_again_200(by: Door, path: str) -> None:
    assert [(await by.call("PUT", path, json=ADA)).status_code for _ in range(2)] == [201, 200]


async def test_what_was_written_is_read(by: Door, path: str) -> None:
    await by.call("PUT", path, json=ADA)
    found = await by.get(path)
    assert {name: found[name] for name in ADA} == ADA


async def test_put_forgets_what_it_does_not_name(by: Door, path: str) -> None:
    await by.call("PUT", path, json=ADA)
    await by.call("PUT", path, json={"name": "Ada"})
    assert (await by.get(path))["email"] is None


async def test_patch_keeps_what_it_does_not_name(by: Door, path: str) -> None:
    await by.call("PUT", path, json=ADA)
    await by.call("PATCH", path, json={"email": None})
    found = await by.get(path)
    assert (found["email"], found["name"]) == (None, "Ada Ørsted")


async def test_a_deleted_recipient_is_gone(by: Door, path: str) -> None:
    await by.call("PUT", path, json=ADA)
    assert [(await by.call("DELETE", path)).status_code for _ in range(2)] == [204, 404]


async def test_a_deletion_has_no_body(by: Door, path: str) -> None:
    await by.call("PUT", path, json=ADA)
    assert (await by.call("DELETE", path)).content == b""


async def test_nobody_by_that_id_is_404(by: Door, path: str) -> None:
    response = await by.call("GET", path)
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "no address"},
        {"email": "ada@example.org\r\nBcc: all@example.org"},
        {"email": "a\ud800@example.org"},
        {"email": "@example.org"},
        {"phone_number": "0151 2345"},
        {"phone_number": "+49151234567890123"},
        {"push_tokens": [""]},
        {"push_tokens": ["token"] * 21},
        {"push_tokens": None},
        {"name": "Ada\nLovelace"},
        {"name": "x" * 201},
        {"locale": "English!"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
    ],
)
async def test_a_bad_field_is_400_by_its_own_name(by: Door, path: str, fields: dict[str, Any]) -> None:
    # Escaped, because a client may send a lone surrogate only so.
    response = await by.call("PUT", path, content=json.dumps(fields), headers={"Content-Type": "application/json"})
    assert (response.status_code, list(response.json())) == (400, list(fields))
