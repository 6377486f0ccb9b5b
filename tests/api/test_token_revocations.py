"""`token-revocations/`: what staff may say, and what they see of it. What it ends is tests/identity's."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from rest_door import Door, staff

from deploy.local.launch import LaunchedStack

PATH = "token-revocations/"
KEYS = {"id", "jti", "user", "issued_before", "expires_at", "revoked_by", "created_at"}
FAR = "2999-01-01T00:00:00Z"
FARTHER = "2999-01-02T00:00:00Z"


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


async def revoked(by: Door, **what: Any) -> dict[str, Any]:
    answer = await by.call("POST", PATH, json=what)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_token_is_revoked_for_good_by_its_id(boss: Door) -> None:
    body = await revoked(boss, jti=(jti := uuid4().hex))
    assert body.keys() == KEYS
    assert {name: body[name] for name in KEYS - {"id", "created_at"}} == {
        "jti": jti,
        "user": None,
        "issued_before": None,
        "expires_at": None,
        "revoked_by": boss.user,
    }


async def test_a_token_is_revoked_until_it_expires(boss: Door) -> None:
    assert (await revoked(boss, jti=uuid4().hex, expires_at=FAR))["expires_at"] == FAR


async def test_a_users_tokens_are_revoked_as_of_now(boss: Door) -> None:
    before = datetime.now(UTC)
    body = await revoked(boss, user=(user := uuid4().hex))
    assert body["user"] == user
    assert before <= datetime.fromisoformat(body["issued_before"]) <= datetime.now(UTC)


async def test_a_users_tokens_are_revoked_as_of_a_moment(boss: Door) -> None:
    body = await revoked(boss, user=uuid4().hex, issued_before="2026-05-01T12:00:00+02:00")
    assert body["issued_before"] == "2026-05-01T10:00:00Z"


async def test_a_user_may_be_a_number(boss: Door) -> None:
    assert (await revoked(boss, user=(number := uuid4().int)))["user"] == str(number)


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [(FAR, FARTHER, FARTHER), (FARTHER, FAR, FARTHER), (FAR, None, None), (None, FAR, None)],
)
async def test_the_same_token_is_revoked_once_until_the_latest_end(
    boss: Door, first: str | None, second: str | None, result: str | None
) -> None:
    jti = uuid4().hex
    rows = [await revoked(boss, jti=jti, expires_at=end) for end in (first, second)]
    assert rows[0]["id"] == rows[1]["id"]
    assert rows[1]["expires_at"] == result


@pytest.mark.parametrize("moments", [(1, 2), (2, 1)])
async def test_the_same_user_is_revoked_once_as_of_the_latest_moment(boss: Door, moments: tuple[int, int]) -> None:
    user = uuid4().hex
    rows = [await revoked(boss, user=user, issued_before=f"2026-05-0{day}T00:00:00Z") for day in moments]
    assert rows[0]["id"] == rows[1]["id"]
    assert rows[1]["issued_before"] == "2026-05-02T00:00:00Z"


def ahead(**by: float) -> str:
    return (datetime.now(UTC) + timedelta(**by)).isoformat()


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "non_field_errors"),
    "both": ({"jti": "a", "user": "b"}, "non_field_errors"),
    "nulls": ({"jti": None, "user": None}, "non_field_errors"),
    "an empty id": ({"jti": ""}, "jti"),
    "an id that is too long": ({"jti": "x" * 256}, "jti"),
    "an id with a NUL": ({"jti": "a\0"}, "jti"),
    "an id with a line break": ({"jti": "a\nb"}, "jti"),
    "an id that is a number": ({"jti": 1}, "jti"),
    "an empty user": ({"user": ""}, "user"),
    "a user that is too long": ({"user": "x" * 129}, "user"),
    "a user that is true": ({"user": True}, "user"),
    "a moment that is none": ({"user": "u", "issued_before": "soon"}, "issued_before"),
    "a moment in the future": ({"user": "u", "issued_before": ahead(hours=1)}, "issued_before"),
    "a moment out of range": ({"user": "u", "issued_before": "0001-01-01T00:00:00+01:00"}, "issued_before"),
    "an end that is past": ({"jti": "a", "expires_at": ahead(hours=-1)}, "expires_at"),
    "an end out of range": ({"jti": "a", "expires_at": "9999-12-31T23:59:59-01:00"}, "expires_at"),
    "a moment for a token": ({"jti": "a", "issued_before": "2026-05-01T00:00:00Z"}, "non_field_errors"),
    "an end for a user": ({"user": "u", "expires_at": FAR}, "non_field_errors"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_makes_no_sense_is_400_naming_the_field(boss: Door, case: str) -> None:
    body, field = REFUSED[case]
    answer = await boss.call("POST", PATH, json=body)
    assert (answer.status_code, list(answer.json())) == (400, [field])


async def test_the_newest_is_listed_first(boss: Door) -> None:
    rows = [await revoked(boss, jti=uuid4().hex) for _ in range(3)]
    page = await boss.get(PATH, page_size=3)
    assert page.keys() == {"count", "next", "previous", "results"}
    assert page["results"] == rows[::-1]


async def test_the_list_has_pages(boss: Door) -> None:
    for _ in range(3):
        await revoked(boss, jti=uuid4().hex)
    first, second = await boss.get(PATH, page_size=2), await boss.get(PATH, page_size=2, page=2)
    assert first["next"].endswith("page_size=2&page=2")
    assert not {row["id"] for row in first["results"]} & {row["id"] for row in second["results"]}
