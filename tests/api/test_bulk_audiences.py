"""Batches for an audience: everybody whom the service knows, or those whom a locale or a time zone describes."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from bulk_door import announce, cancelled, ended, somebody
from rest_door import Door, person, staff

from deploy.local.launch import LaunchedStack


@pytest.fixture
def by(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


def locale() -> str:
    """A language of this test's own."""
    return f"zz-{uuid4().hex[:7]}"


def soon() -> str:
    return (datetime.now(UTC) + timedelta(seconds=2)).isoformat()


async def described(by: Door, users: list[str], **description: str) -> None:
    for user in users:
        answer = await by.call("PUT", f"recipients/{user}/", json=description)
        assert answer.status_code == 201


async def reached(by: Door, stack: LaunchedStack, users: list[str], title: str) -> list[str]:
    return [user for user in users if title in await person(stack, by.http, user).titles()]


async def test_a_locale_lets_in_who_speaks_it_or_a_regional_kind_of_it(by: Door, stack: LaunchedStack) -> None:
    users, asked = somebody(4), locale()
    for user, spoken in zip(users, (asked, f"{asked}-BR", f"{asked}x", "en"), strict=True):
        await described(by, [user], locale=spoken)
    batch = await ended(by, await announce(by, audience={"all": True, "locale": asked}, title=asked))
    assert (batch["total"], batch["accepted"]) == (2, 2)
    assert await reached(by, stack, users, asked) == users[:2]


async def test_every_given_field_must_describe_a_member(by: Door, stack: LaunchedStack) -> None:
    users, asked = somebody(3), locale()
    for user, zone in zip(users, ("Europe/Berlin", "Asia/Tokyo", "Europe/Berlin"), strict=True):
        await described(by, [user], locale=asked if user != users[2] else "en", time_zone=zone)
    audience = {"all": True, "locale": asked, "time_zone": "Europe/Berlin"}
    batch = await ended(by, await announce(by, audience=audience, title=asked))
    assert batch["audience"] == audience
    assert await reached(by, stack, users, asked) == users[:1]


async def test_all_are_all_whom_the_service_knows(by: Door, stack: LaunchedStack) -> None:
    users, title = somebody(3), uuid4().hex
    await described(by, users[:2])
    batch = await ended(by, await announce(by, audience={"all": True}, title=title))
    assert batch["total"] == batch["accepted"] >= 2
    assert await reached(by, stack, users, title) == users[:2]


async def test_who_becomes_known_while_it_waits_is_told_too(by: Door, stack: LaunchedStack) -> None:
    users, asked = somebody(2), locale()
    await described(by, users[:1], locale=asked)
    batch = await announce(by, audience={"all": True, "locale": asked}, title=asked, scheduled_for=soon())
    await described(by, users[1:], locale=asked)
    assert (await ended(by, batch))["total"] == 2
    assert await reached(by, stack, users, asked) == users


async def test_an_audience_of_nobody_is_completed_at_once(by: Door) -> None:
    batch = await ended(by, await announce(by, audience={"all": True, "locale": locale()}))
    assert (batch["status"], batch["total"], batch["accepted"]) == ("completed", 0, 0)


async def test_a_cancelled_audience_tells_how_many_never_will_be_told(by: Door) -> None:
    asked = locale()
    await described(by, somebody(3), locale=asked)
    batch = await announce(by, audience={"all": True, "locale": asked}, scheduled_for="2039-05-01T10:00:00Z")
    await described(by, somebody(1), locale=asked)
    answer = (await cancelled(by, batch)).json()
    assert (answer["total"], answer["accepted"], answer["stopped"]) == (4, 0, 4)
