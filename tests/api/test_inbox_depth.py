"""Pages by cursor, deletion and counts by type, from the outside."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import httpx
import pytest

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient

BASE = "/api/v1/drf/notifications/notifications/"
ENTRIES = 7


def where_it_is_noon() -> str:
    """A zone in which no midnight can fall into the test. The database's signs are those of POSIX, reversed."""
    hours_ahead = 12 - datetime.now(UTC).hour
    return quote(f"Etc/GMT{-hours_ahead:+d}")


class Owner:
    def __init__(self, stack: LaunchedStack, http: httpx.AsyncClient) -> None:
        self.user = f"owner-{uuid4().hex[:10]}"
        self._http = http
        self._headers = {"Authorization": f"Bearer {stack.token(self.user)}"}

    async def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        return await self._http.request(method, f"{BASE}{path}", json=body, headers=self._headers)

    async def page(self, address: str) -> dict[str, Any]:
        link = urlsplit(address)
        answer = await self._http.get(f"{link.path}?{link.query}", headers=self._headers)
        assert answer.status_code == 200
        return dict(answer.json())


@pytest.fixture
async def owner(stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient) -> Owner:
    owner = Owner(stack, http)
    for number in range(ENTRIES):
        await client.notify(
            user=owner.user,
            title=f"Entry {number}",
            message="One of several.",
            notification_type="booking" if number % 2 else "payment",
            delivery_channels=["in_app"],
        )
    return owner


async def test_cursors_lead_through_the_whole_inbox_and_back_without_repeats(owner: Owner) -> None:
    pages = [await owner.page(f"{BASE}?cursor=&page_size=3")]
    while pages[-1]["next"]:
        pages.append(await owner.page(pages[-1]["next"]))
    titles = [[entry["title"] for entry in page["results"]] for page in pages]

    assert [title for page in titles for title in page] == [f"Entry {number}" for number in reversed(range(ENTRIES))]
    assert set(pages[0]) == {"next", "previous", "results"}
    assert pages[0]["previous"] is None
    back = await owner.page(pages[-1]["previous"])
    assert [entry["title"] for entry in back["results"]] == titles[-2]


async def test_a_cursor_keeps_its_place_while_new_ones_arrive(owner: Owner, client: NotificationsClient) -> None:
    first = await owner.page(f"{BASE}?cursor=&page_size=3")
    await client.notify(
        user=owner.user, title="New", message="On top.", notification_type="system", delivery_channels=["in_app"]
    )

    second = await owner.page(first["next"])
    assert [entry["title"] for entry in second["results"]] == ["Entry 3", "Entry 2", "Entry 1"]


@pytest.mark.parametrize("query", ["cursor=nonsense", "cursor=&ordering=title"])
async def test_a_cursor_that_cannot_be_followed_is_400_and_names_the_parameter(owner: Owner, query: str) -> None:
    answer = await owner.ask("GET", f"?{query}")

    assert answer.status_code == 400
    assert set(answer.json()) == {query.rpartition("&")[2].partition("=")[0]}


async def test_stats_count_by_type_and_show_the_newest_five(owner: Owner) -> None:
    newest = (await owner.ask("GET", "")).json()["results"][0]["id"]
    await owner.ask("POST", f"{newest}/mark_as_read/")

    stats = (await owner.ask("GET", "stats/")).json()
    assert stats["unread_count"] == ENTRIES - 1
    assert stats["total_count"] == ENTRIES
    assert stats["by_type"]["payment"] == {"total": 4, "unread": 3}
    assert stats["by_type"]["booking"] == {"total": 3, "unread": 3}
    assert stats["by_type"]["review"] == {"total": 0, "unread": 0}
    assert [entry["title"] for entry in stats["recent_notifications"]] == [
        f"Entry {number}" for number in (6, 5, 4, 3, 2)
    ]


async def test_deleting_takes_the_entry_and_its_count_away(owner: Owner) -> None:
    newest = (await owner.ask("GET", "")).json()["results"][0]["id"]

    assert (await owner.ask("DELETE", f"{newest}/")).status_code == 204
    assert (await owner.ask("GET", f"{newest}/")).status_code == 404
    assert (await owner.ask("DELETE", f"{newest}/")).status_code == 404
    assert (await owner.ask("GET", "unread_count/")).json() == {"unread_count": ENTRIES - 1}


async def test_bulk_delete_counts_what_was_the_callers(owner: Owner) -> None:
    ids = [entry["id"] for entry in (await owner.ask("GET", "")).json()["results"][:3]]

    answer = await owner.ask("POST", "bulk_delete/", {"notification_ids": [*ids, str(uuid4())]})
    assert answer.json()["deleted_count"] == 3
    assert (await owner.ask("POST", "bulk_delete/", {"notification_ids": []})).status_code == 400
    assert (await owner.ask("POST", "bulk_delete/", {})).status_code == 400


async def test_somebody_elses_entry_cannot_be_deleted(
    owner: Owner, stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    newest = (await owner.ask("GET", "")).json()["results"][0]["id"]
    stranger = Owner(stack, http)

    assert (await stranger.ask("DELETE", f"{newest}/")).status_code == 404
    answer = await stranger.ask("POST", "bulk_delete/", {"notification_ids": [newest]})
    assert answer.json()["deleted_count"] == 0
    assert (await owner.ask("GET", f"{newest}/")).status_code == 200


async def test_groups_are_the_callers_own_days(owner: Owner) -> None:
    groups = (await owner.ask("GET", "grouped/")).json()

    assert [(group["group_key"], group["group_type"], group["count"]) for group in groups] == [
        ("today", "date", ENTRIES)
    ]
    assert set(groups[0]) == {"group_key", "group_type", "count", "latest_notification", "notifications"}
    assert groups[0]["latest_notification"] == groups[0]["notifications"][0]
    assert (await owner.ask("GET", f"?period=today&tz={where_it_is_noon()}")).json()["count"] == ENTRIES
    assert (await owner.ask("GET", f"?period=yesterday&tz={where_it_is_noon()}")).json()["count"] == 0


async def test_groups_by_key_start_with_the_newest(owner: Owner, client: NotificationsClient) -> None:
    for key, title in (("room-1", "First"), ("room-2", "Second"), ("room-1", "Third")):
        await client.notify(
            user=owner.user,
            title=title,
            message="Same room.",
            notification_type="message",
            delivery_channels=["in_app"],
            group_key=key,
        )

    groups = (await owner.ask("GET", "grouped/?by=group_key")).json()
    assert [(group["group_key"], group["count"]) for group in groups] == [("room-1", 2), ("room-2", 1)]
    assert groups[0]["latest_notification"]["title"] == "Third"


@pytest.mark.parametrize("query", ["period=fortnight", "tz=Mars/Olympus"])
async def test_a_period_or_zone_that_does_not_exist_is_400(owner: Owner, query: str) -> None:
    answer = await owner.ask("GET", f"?{query}")

    assert (answer.status_code, set(answer.json())) == (400, {query.partition("=")[0]})
