"""`PATCH`/`PUT notifications/{id}/` by its owner: read, seen, archived, snoozed; and where it is listed then."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from rest_door import DETAIL_KEYS, UNKNOWN, Door, create, create_many, person, settled, staff

from deploy.local.launch import LaunchedStack

SOON = "2039-05-01T09:00:00Z"


@pytest.fixture
def mine(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return person(stack, http)


@pytest.fixture
async def made(stack: LaunchedStack, http: httpx.AsyncClient, mine: Door) -> dict[str, Any]:
    return await create(staff(stack, http), mine.user, title="Yoga")


def in_an_hour() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat().replace("+00:00", "Z")


async def change(mine: Door, made: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The detail after a change that must succeed."""
    response = await mine.call("PATCH", f"notifications/{made['id']}/", json=fields)
    assert response.status_code == 200, response.text
    changed: dict[str, Any] = response.json()
    return changed


async def counts(mine: Door) -> tuple[int, int]:
    """Unread, and all that the inbox holds."""
    stats = await mine.get("notifications/stats/")
    unread = (await mine.get("notifications/unread_count/"))["unread_count"]
    assert unread == stats["unread_count"] == sum(each["unread"] for each in stats["by_type"].values())
    assert stats["total_count"] == sum(each["total"] for each in stats["by_type"].values())
    return unread, stats["total_count"]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_the_answer_is_the_detail(mine: Door, made: dict[str, Any], method: str) -> None:
    response = await mine.call(method, f"notifications/{made['id']}/", json={"is_read": True})
    assert (response.status_code, response.json().keys()) == (200, DETAIL_KEYS)
    assert response.json()["is_read"]
    assert response.json()["read_at"].endswith("Z")


async def test_what_is_left_out_stays(mine: Door, made: dict[str, Any]) -> None:
    await change(mine, made, is_read=True, is_seen=True)
    detail = await change(mine, made, is_archived=True)
    assert (detail["is_read"], detail["is_seen"]) == (True, True)
    assert await change(mine, made) == detail | {"time_since": detail["time_since"]}


async def test_a_detail_put_back_as_it_was_read_changes_nothing(mine: Door, made: dict[str, Any]) -> None:
    for fields in ({}, {"is_seen": True, "is_archived": True}, {"snoozed_until": in_an_hour()}):
        before = await change(mine, made, **fields)
        response = await mine.call("PUT", f"notifications/{made['id']}/", json=before)
        assert (response.status_code, response.json()) == (200, before)


async def test_reading_and_seeing_can_be_taken_back(mine: Door, made: dict[str, Any]) -> None:
    await change(mine, made, is_read=True, is_seen=True)
    detail = await change(mine, made, is_read=False, is_seen=False)
    assert [detail[name] for name in ("is_read", "read_at", "is_seen", "seen_at")] == [False, None, False, None]


@pytest.mark.parametrize("spelling", ["true", 1, "1"])
async def test_booleans_are_spelled_as_django_takes_them(mine: Door, made: dict[str, Any], spelling: object) -> None:
    assert (await change(mine, made, is_read=spelling))["is_read"]


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "Mine now", "message": "!", "user": "somebody", "status": "failed", "seq": 1, "priority": "urgent"},
        {"metadata": {"a": 1}, "delivery_channels": ["email"], "expires_at": SOON, "scheduled_for": SOON},
        {"id": UNKNOWN, "created_at": SOON, "read_at": SOON, "published_at": None, "folder": "archive"},
    ],
)
async def test_what_is_not_the_owners_to_set_is_ignored(
    mine: Door, made: dict[str, Any], fields: dict[str, Any]
) -> None:
    before = await mine.get(f"notifications/{made['id']}/")
    assert await change(mine, made, **fields) == before


async def test_archiving_takes_it_out_of_the_inbox_and_its_counts(mine: Door, made: dict[str, Any]) -> None:
    detail = await change(mine, made, is_archived=True)
    assert detail["archived_at"].endswith("Z")
    assert await counts(mine) == (0, 0)
    assert await mine.titles() == []
    assert await mine.titles(archived="false") == []
    assert await mine.titles(archived="true") == ["Yoga"]
    assert (await mine.get("notifications/grouped/")) == []


async def test_taking_it_out_of_the_archive_brings_it_back_as_it_was(mine: Door, made: dict[str, Any]) -> None:
    await change(mine, made, is_archived=True)
    assert (await change(mine, made, archived_at=None))["archived_at"] is None
    assert await counts(mine) == (1, 1)
    assert await mine.titles() == ["Yoga"]


async def test_the_time_of_archiving_may_be_told_by_a_client_that_was_offline(mine: Door, made: dict[str, Any]) -> None:
    assert (await change(mine, made, archived_at="2020-01-01T10:00:00+02:00"))["archived_at"] == "2020-01-01T08:00:00Z"


async def test_snoozing_hides_it_until_then(mine: Door, made: dict[str, Any]) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    detail = await change(mine, made, snoozed_until=f"{tomorrow}T00:00")
    assert detail["snoozed_until"] == f"{tomorrow}T00:00:00Z"
    assert await counts(mine) == (0, 0)
    assert (await mine.titles(), await mine.titles(snoozed="true")) == ([], ["Yoga"])
    assert (await change(mine, made, snoozed_until=None))["snoozed_until"] is None
    assert await mine.titles() == ["Yoga"]


async def test_what_was_snoozed_wakes_by_itself_unread_and_on_top(
    stack: LaunchedStack, http: httpx.AsyncClient, mine: Door
) -> None:
    older, _ = await create_many(staff(stack, http), mine.user, ["Older", "Newer"])
    await change(mine, older, is_read=True, is_seen=True)
    moment = datetime.now(UTC) + timedelta(seconds=1.5)
    await change(mine, older, snoozed_until=moment.isoformat())
    assert await mine.titles() == ["Newer"]

    woken = await settled(mine, older["id"], lambda detail: detail["snoozed_until"] is None)
    assert datetime.now(UTC) >= moment
    assert (woken["is_read"], woken["is_seen"]) == (False, False)
    assert await mine.titles() == ["Older", "Newer"]
    assert await counts(mine) == (2, 2)


async def test_a_snooze_that_was_moved_ends_at_its_new_time_alone(mine: Door, made: dict[str, Any]) -> None:
    first, second = (datetime.now(UTC) + timedelta(seconds=each) for each in (0.8, 2.5))
    await change(mine, made, snoozed_until=first.isoformat())
    await change(mine, made, snoozed_until=second.isoformat())
    await settled(mine, made["id"], lambda detail: detail["snoozed_until"] is None)
    assert datetime.now(UTC) >= second


async def test_it_is_archived_or_asleep_and_never_both(mine: Door, made: dict[str, Any]) -> None:
    await change(mine, made, snoozed_until=in_an_hour())
    detail = await change(mine, made, is_archived=True)
    assert (detail["archived_at"] is not None, detail["snoozed_until"]) == (True, None)
    detail = await change(mine, made, snoozed_until=in_an_hour())
    assert (detail["archived_at"], detail["snoozed_until"] is not None) == (None, True)
    assert await mine.titles(archived="true", snoozed="true") == []


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"is_read": None}, "is_read"),
        ({"is_read": "perhaps"}, "is_read"),
        ({"is_archived": 7}, "is_archived"),
        ({"archived_at": "yesterday"}, "archived_at"),
        ({"snoozed_until": "2020-01-01T00:00:00Z"}, "snoozed_until"),
        ({"snoozed_until": SOON}, "snoozed_until"),
        ({"snoozed_until": "tomorrow"}, "snoozed_until"),
        ({"is_archived": True, "snoozed_until": in_an_hour()}, "snoozed_until"),
    ],
)
async def test_a_bad_value_is_400_by_its_fields_name_and_changes_nothing(
    mine: Door, made: dict[str, Any], fields: dict[str, Any], name: str
) -> None:
    before = await mine.get(f"notifications/{made['id']}/")
    response = await mine.call("PATCH", f"notifications/{made['id']}/", json={"is_seen": True, **fields})
    assert (response.status_code, list(response.json())) == (400, [name])
    assert await mine.get(f"notifications/{made['id']}/") == before


@pytest.mark.parametrize("fields", [{"is_archived": True}, {"snoozed_until": in_an_hour()}])
async def test_what_still_waits_cannot_leave_the_inbox(
    stack: LaunchedStack, http: httpx.AsyncClient, mine: Door, fields: dict[str, Any]
) -> None:
    waiting = await create(staff(stack, http), mine.user, scheduled_for=SOON)
    response = await mine.call("PATCH", f"notifications/{waiting['id']}/", json=fields)
    assert (response.status_code, response.json().keys()) == (409, {"detail"})


@pytest.mark.parametrize("unknown", [UNKNOWN, "not-a-uuid"])
@pytest.mark.parametrize("fields", [{"is_read": True}, {"snoozed_until": in_an_hour()}])
async def test_an_unknown_one_is_404(mine: Door, unknown: str, fields: dict[str, Any]) -> None:
    response = await mine.call("PATCH", f"notifications/{unknown}/", json=fields)
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


async def test_anothers_is_404_and_stays_as_it_is(
    stack: LaunchedStack, http: httpx.AsyncClient, mine: Door, made: dict[str, Any]
) -> None:
    other = person(stack, http)
    for fields in ({"is_read": True}, {"is_archived": True}, {"snoozed_until": in_an_hour()}):
        response = await other.call("PATCH", f"notifications/{made['id']}/", json=fields)
        assert (response.status_code, response.json()) == (404, {"detail": "Not found."})
    assert await counts(mine) == (1, 1)


async def test_staff_mark_for_the_owner_and_edit_only_what_differs(
    stack: LaunchedStack, http: httpx.AsyncClient, mine: Door, made: dict[str, Any]
) -> None:
    by = staff(stack, http)
    detail = await by.get(f"notifications/{made['id']}/")
    response = await by.call("PUT", f"notifications/{made['id']}/", json=detail | {"is_read": True})
    assert (response.status_code, response.json()["is_read"]) == (200, True)
    assert await counts(mine) == (0, 1)
    # Its words are out, so they stay.
    response = await by.call("PATCH", f"notifications/{made['id']}/", json={"title": "Other", "is_read": False})
    assert (response.status_code, await counts(mine)) == (409, (0, 1))


async def test_marking_several_seen_counts_the_rows_that_changed(
    stack: LaunchedStack, http: httpx.AsyncClient, mine: Door
) -> None:
    ids = [each["id"] for each in await create_many(staff(stack, http), mine.user, ["1", "2", "3"])]
    body = {"notification_ids": [ids[0], UNKNOWN]}
    response = await mine.call("POST", "notifications/mark_seen/", json=body)
    assert (response.status_code, response.json()) == (200, {"message": "Marked 1 as seen.", "updated_count": 1})
    assert (await mine.get(f"notifications/{ids[0]}/"))["is_seen"]
    for updated in (2, 0):
        assert (await mine.call("POST", "notifications/mark_seen/")).json()["updated_count"] == updated
    assert await counts(mine) == (3, 3)


@pytest.mark.parametrize("parameter", ["archived", "snoozed"])
async def test_a_folder_is_asked_for_by_yes_or_no(mine: Door, parameter: str) -> None:
    response = await mine.call("GET", "notifications/", params={parameter: "perhaps"})
    assert (response.status_code, list(response.json())) == (400, [parameter])


@pytest.mark.parametrize(
    "ordering", ["is_read", "-is_read", "is_read,created_at", "-is_read,-created_at", "created_at"]
)
async def test_every_ordering_has_its_cursor(
    stack: LaunchedStack, http: httpx.AsyncClient, mine: Door, ordering: str
) -> None:
    made = await create_many(staff(stack, http), mine.user, list("12345"))
    for each in made[::2]:
        await change(mine, each, is_read=True)
    whole = await mine.titles(ordering=ordering)
    page = await mine.get("notifications/", cursor="", page_size=2, ordering=ordering)
    titles = [item["title"] for item in page["results"]]
    while page["next"]:
        page = (await mine.http.get(page["next"], headers=mine.headers)).json()
        titles += [item["title"] for item in page["results"]]
    assert (titles, len(titles)) == (whole, 5)
