"""Marking read and unread, and the exact count of what is unread."""

from uuid import uuid4

import httpx
import pytest
from rest_door import UNKNOWN, Door, create, create_many, person, staff

from deploy.local.launch import LaunchedStack


@pytest.fixture
async def mine(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    """Somebody with three unread notifications."""
    mine = person(stack, http)
    await create_many(staff(stack, http), mine.user, ["1", "2", "3"])
    return mine


async def unread(mine: Door) -> int:
    count: int = (await mine.get("notifications/unread_count/"))["unread_count"]
    return count


async def ids(mine: Door) -> list[str]:
    return [item["id"] for item in (await mine.get("notifications/"))["results"]]


async def test_the_unread_count_has_exactly_the_contracts_key(mine: Door) -> None:
    assert await mine.get("notifications/unread_count/") == {"unread_count": 3}


async def test_somebody_without_an_inbox_has_nothing_unread(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    assert await unread(person(stack, http)) == 0


async def test_marking_one_read_answers_with_a_message_alone(mine: Door) -> None:
    response = await mine.call("POST", f"notifications/{(await ids(mine))[0]}/mark_as_read/")
    assert (response.status_code, response.json()) == (200, {"message": "Notification marked as read."})


async def test_marking_one_read_lowers_the_count(mine: Door) -> None:
    await mine.call("POST", f"notifications/{(await ids(mine))[0]}/mark_as_read/")
    assert await unread(mine) == 2


async def test_marking_one_read_twice_lowers_the_count_once(mine: Door) -> None:
    for _ in range(2):
        await mine.call("POST", f"notifications/{(await ids(mine))[0]}/mark_as_read/")
    assert await unread(mine) == 2


async def test_marking_one_read_shows_when(mine: Door) -> None:
    first = (await ids(mine))[0]
    await mine.call("POST", f"notifications/{first}/mark_as_read/")
    detail = await mine.get(f"notifications/{first}/")
    assert detail["is_read"]
    assert detail["read_at"].endswith("Z")


async def test_marking_one_unread_takes_it_back(mine: Door) -> None:
    first = (await ids(mine))[0]
    await mine.call("POST", f"notifications/{first}/mark_as_read/")
    response = await mine.call("POST", f"notifications/{first}/mark_as_unread/")
    assert (response.json(), await unread(mine)) == ({"message": "Notification marked as unread."}, 3)


async def test_any_body_of_marking_one_is_ignored(mine: Door) -> None:
    response = await mine.call("POST", f"notifications/{(await ids(mine))[0]}/mark_as_read/", content=b"{nonsense")
    assert (response.status_code, await unread(mine)) == (200, 2)


async def test_marking_several_counts_the_rows_that_changed(mine: Door) -> None:
    body = {"notification_ids": [*(await ids(mine))[:2], UNKNOWN], "is_read": True}
    response = await mine.call("POST", "notifications/mark_read/", json=body)
    assert (response.status_code, response.json()) == (200, {"message": "Marked 2 as read.", "updated_count": 2})


async def test_marking_several_again_changes_nothing(mine: Door) -> None:
    body = {"notification_ids": await ids(mine)}
    await mine.call("POST", "notifications/mark_read/", json=body)
    assert (await mine.call("POST", "notifications/mark_read/", json=body)).json()["updated_count"] == 0


async def test_marking_several_unread(mine: Door) -> None:
    await mine.call("POST", "notifications/mark_all_read/")
    body = {"notification_ids": (await ids(mine))[:2], "is_read": False}
    response = await mine.call("POST", "notifications/mark_read/", json=body)
    assert (response.json()["message"], await unread(mine)) == ("Marked 2 as unread.", 2)


@pytest.mark.parametrize("body", [None, {}, {"notification_ids": None}])
async def test_marking_without_ids_marks_everything(mine: Door, body: object) -> None:
    response = await mine.call("POST", "notifications/mark_read/", json=body)
    assert (response.json()["updated_count"], await unread(mine)) == (3, 0)


async def test_marking_nothing_marks_nothing(mine: Door) -> None:
    response = await mine.call("POST", "notifications/mark_read/", json={"notification_ids": []})
    assert response.json()["updated_count"] == 0


async def test_marking_everything_unread(mine: Door) -> None:
    await mine.call("POST", "notifications/mark_all_read/")
    await mine.call("POST", "notifications/mark_read/", json={"is_read": False})
    assert await unread(mine) == 3


async def test_mark_all_read_answers_with_message_and_count(mine: Door) -> None:
    response = await mine.call("POST", "notifications/mark_all_read/")
    assert (response.status_code, response.json()) == (200, {"message": "Marked 3 as read.", "updated_count": 3})


async def test_marking_all_up_to_an_event_leaves_what_arrived_later(mine: Door) -> None:
    response = await mine.call("POST", "notifications/mark_all_read/?up_to_seq=2")
    assert (response.json()["updated_count"], await unread(mine)) == (2, 1)
    newest = (await mine.get("notifications/"))["results"][0]
    assert (newest["title"], newest["is_read"]) == ("3", False)


@pytest.mark.parametrize("seq", ["-1", str(2**63), "two", "1.5"])
async def test_an_event_that_cannot_be_is_refused_and_nothing_is_marked(mine: Door, seq: str) -> None:
    response = await mine.call("POST", f"notifications/mark_all_read/?up_to_seq={seq}")
    assert (response.status_code, list(response.json()), await unread(mine)) == (400, ["up_to_seq"], 3)


async def test_a_bad_id_among_several_is_named(mine: Door) -> None:
    response = await mine.call("POST", "notifications/mark_read/", json={"notification_ids": ["123"]})
    assert (response.status_code, list(response.json())) == (400, ["notification_ids"])


async def test_more_than_five_hundred_ids_are_refused(mine: Door) -> None:
    body = {"notification_ids": [str(uuid4()) for _ in range(501)]}
    response = await mine.call("POST", "notifications/mark_read/", json=body)
    assert (response.status_code, "at most 500" in response.text) == (400, True)


async def test_anothers_notification_cannot_be_marked(
    mine: Door, stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    theirs = person(stack, http)
    foreign = (await create(staff(stack, http), theirs.user))["id"]
    await mine.call("POST", "notifications/mark_read/", json={"notification_ids": [foreign]})
    await mine.call("POST", f"notifications/{foreign}/mark_as_read/")
    assert await unread(theirs) == 1


@pytest.mark.parametrize("action", ["mark_as_read", "mark_as_unread"])
@pytest.mark.parametrize("id", [UNKNOWN, "not-a-uuid"])
async def test_marking_an_unknown_one_is_404(mine: Door, id: str, action: str) -> None:
    response = await mine.call("POST", f"notifications/{id}/{action}/")
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


async def test_what_still_waits_is_not_counted_when_marked(
    mine: Door, stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    waiting = await create(staff(stack, http), mine.user, scheduled_for="2039-01-01T00:00:00Z")
    await mine.call("POST", f"notifications/{waiting['id']}/mark_as_read/")
    assert await unread(mine) == 3
