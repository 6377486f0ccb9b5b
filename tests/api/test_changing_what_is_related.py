"""All that waits about one booking, stopped or moved at once."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from rest_door import Door, create, person, settled, staff

from deploy.local.launch import LaunchedStack
from notifications.contracts import limits

SOON, LATER = "2039-05-01T10:00:00Z", "2039-06-01T10:00:00Z"


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


async def told(boss: Door, verb: str, booking: str, **fields: Any) -> dict[str, Any]:
    about = {"related_object_type": "booking", "related_object_id": booking}
    response = await boss.call("POST", f"related/{verb}/", json=about | fields)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def made(boss: Door, owner: Door, booking: str, **fields: Any) -> str:
    about = {"related_object_type": "booking", "related_object_id": booking}
    return str((await create(boss, owner.user, **about, **fields))["id"])


async def test_all_that_waits_is_stopped_whoever_it_is_for(
    stack: LaunchedStack, http: httpx.AsyncClient, boss: Door
) -> None:
    ada, ben, booking = person(stack, http), person(stack, http), uuid4().hex
    waiting = {await made(boss, owner, booking, scheduled_for=SOON) for owner in (ada, ben)}
    gone = await made(boss, ada, booking)
    await settled(boss, gone, lambda found: found["status"] == "sent")
    other = await made(boss, ada, uuid4().hex, scheduled_for=SOON)
    answer = await told(boss, "cancel", booking)
    assert {each["id"] for each in answer["results"]} == waiting
    assert {each["status"] for each in answer["results"]} == {"cancelled"}
    assert {channel["effect"] for each in answer["results"] for channel in each["channels"]} == {"stopped"}
    assert answer["next"] is None
    assert (await boss.get(f"notifications/{other}/"))["status"] == "pending"
    assert await told(boss, "cancel", booking) == {"results": [], "next": None}


async def test_all_that_waits_is_moved(stack: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> None:
    ada, booking = person(stack, http), uuid4().hex
    waiting = [await made(boss, ada, booking, scheduled_for=SOON) for _ in range(2)]
    answer = await told(boss, "reschedule", booking, scheduled_for=LATER)
    assert sorted(each["id"] for each in answer["results"]) == sorted(waiting)
    for each in waiting:
        assert (await boss.get(f"notifications/{each}/"))["scheduled_for"] == LATER
    await told(boss, "reschedule", booking, scheduled_for=None)
    for each in waiting:
        await settled(boss, each, lambda found: found["status"] == "sent")


async def test_more_than_fit_in_one_answer_are_reached_by_the_next(
    stack: LaunchedStack, http: httpx.AsyncClient, boss: Door
) -> None:
    ada, booking = person(stack, http), uuid4().hex
    waiting = {await made(boss, ada, booking, scheduled_for=SOON) for _ in range(limits.RELATED_PER_CALL + 1)}
    first = await told(boss, "reschedule", booking, scheduled_for=LATER)
    assert len(first["results"]) == limits.RELATED_PER_CALL
    second = await told(boss, "reschedule", booking, scheduled_for=LATER, after=first["next"])
    assert {each["id"] for each in first["results"] + second["results"]} == waiting
    assert second["next"] is None


@pytest.mark.parametrize(
    ("verb", "fields", "at_fault"),
    [
        ("cancel", {"related_object_type": "booking"}, "related_object_id"),
        ("cancel", {"related_object_type": "", "related_object_id": "1"}, "related_object_type"),
        ("cancel", {"related_object_type": "booking", "related_object_id": "1", "after": "there"}, "after"),
        ("reschedule", {"related_object_type": "booking", "related_object_id": "1"}, "scheduled_for"),
        (
            "reschedule",
            {"related_object_type": "booking", "related_object_id": "1", "scheduled_for": "2001-01-01T00:00:00Z"},
            "scheduled_for",
        ),
    ],
)
async def test_what_is_at_fault_is_named(boss: Door, verb: str, fields: dict[str, Any], at_fault: str) -> None:
    response = await boss.call("POST", f"related/{verb}/", json=fields)
    assert response.status_code == 400
    assert list(response.json()) == [at_fault]
