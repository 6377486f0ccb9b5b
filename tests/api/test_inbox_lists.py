"""`GET notifications/`: whose, which, in what order, in what pages."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from rest_door import ITEM_KEYS, UNKNOWN, Door, create, create_many, person, staff

from deploy.local.launch import LaunchedStack


@pytest.fixture(scope="module")
async def mixed(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    """An inbox with one of each kind that the filters tell apart."""
    mine, by = person(stack, http), staff(stack, http)
    await create(by, mine.user, title="Plain", message="Under 100% effort")
    await create(by, mine.user, title="Paid", notification_type="payment", group_key="g-1")
    await create(
        by, mine.user, title="Booked", notification_type="booking", related_object_type="booking", related_object_id="7"
    )
    read = await create(by, mine.user, title="Read", notification_type="booking")
    await mine.call("POST", f"notifications/{read['id']}/mark_as_read/")
    await create(by, mine.user, title="By email", delivery_channels=["email"])
    await create(by, mine.user, title="Later", scheduled_for="2039-01-01T00:00:00Z")
    return mine


async def test_a_list_item_has_exactly_the_contracts_keys(mixed: Door) -> None:
    assert {frozenset(item) for item in (await mixed.get("notifications/"))["results"]} == {frozenset(ITEM_KEYS)}


async def test_a_page_has_exactly_the_envelopes_keys(mixed: Door) -> None:
    assert (await mixed.get("notifications/")).keys() == {"count", "next", "previous", "results"}


async def test_the_inbox_is_listed_newest_first_without_what_waits_or_was_not_for_it(mixed: Door) -> None:
    assert await mixed.titles() == ["Read", "Booked", "Paid", "Plain"]


@pytest.mark.parametrize(
    ("params", "titles"),
    [
        ({"notification_type": "payment"}, ["Paid"]),
        ({"notification_types": "payment,booking"}, ["Read", "Booked", "Paid"]),
        ({"notification_types": ["payment", "booking"]}, ["Read", "Booked", "Paid"]),
        ({"is_read": "true"}, ["Read"]),
        ({"is_read": "false"}, ["Booked", "Paid", "Plain"]),
        ({"is_unread": "true"}, ["Booked", "Paid", "Plain"]),
        ({"delivery_channel": "email"}, ["By email"]),
        ({"status": "pending"}, ["Later"]),
        ({"status": "sent", "delivery_channel": "in_app"}, ["Read", "Booked", "Paid", "Plain"]),
        ({"created_after": "2039-01-01T00:00:00Z"}, []),
        ({"created_before": "2039-01-01T00:00:00Z", "notification_type": "payment"}, ["Paid"]),
        ({"created_after": "2020-01-01", "notification_type": "payment"}, ["Paid"]),
        ({"related_to": "booking:7"}, ["Booked"]),
        ({"related_to": "booking:8"}, []),
        ({"group_key": "g-1"}, ["Paid"]),
        ({"search": "pLaI"}, ["Plain"]),
        ({"search": "100%"}, ["Plain"]),
        ({"search": "100_"}, []),
        ({"search": "x' OR 'a'='a"}, []),
        ({"ordering": "created_at"}, ["Plain", "Paid", "Booked", "Read"]),
        ({"ordering": "-is_read,created_at"}, ["Read", "Plain", "Paid", "Booked"]),
        ({"notification_type": "booking", "is_unread": "true", "search": "book"}, ["Booked"]),
        ({"fashion": "unknown"}, ["Read", "Booked", "Paid", "Plain"]),
    ],
)
async def test_a_filter_shows_what_it_says(mixed: Door, params: dict[str, Any], titles: list[str]) -> None:
    assert await mixed.titles(**params) == titles


@pytest.mark.parametrize(
    "params",
    [
        {"notification_type": "gossip"},
        {"notification_types": "payment,gossip"},
        {"is_read": "perhaps"},
        {"is_unread": "perhaps"},
        {"delivery_channel": "pigeon"},
        {"status": "lost"},
        {"created_after": "yesterday"},
        {"created_before": "2039-13-01"},
        {"related_to": "booking"},
        {"related_to": "booking:\0"},
        {"group_key": "\0"},
        {"search": "\0"},
        {"search": "x" * 201},
        {"ordering": "title"},
        {"page_size": "0"},
        {"page_size": "many"},
    ],
)
async def test_a_bad_value_is_400_by_its_parameters_name(mixed: Door, params: dict[str, str]) -> None:
    response = await mixed.call("GET", "notifications/", params=params)
    assert (response.status_code, list(response.json())) == (400, list(params))


async def test_an_inbox_that_never_got_anything_is_an_empty_page(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    page = await person(stack, http).get("notifications/")
    assert page == {"count": 0, "next": None, "previous": None, "results": []}


async def test_the_links_of_the_pages_lead_through_everything_once(mixed: Door) -> None:
    titles: list[str] = []
    page = await mixed.get("notifications/", page_size=1)
    while True:
        titles += [item["title"] for item in page["results"]]
        if page["next"] is None:
            break
        page = (await mixed.http.get(page["next"], headers=mixed.headers)).json()
    assert titles == ["Read", "Booked", "Paid", "Plain"]


async def test_links_are_absolute_on_the_edges_origin(stack: LaunchedStack, mixed: Door) -> None:
    page = await mixed.get("notifications/", page=2, page_size=1)
    assert all(page[link].startswith(f"{stack.url}/api/v1/drf/notifications/") for link in ("next", "previous"))


async def test_links_keep_the_filters(mixed: Door) -> None:
    page = await mixed.get("notifications/", page_size=1, is_read="false", notification_types="booking,payment")
    assert parse_qs(urlsplit(page["next"]).query) == {
        "page": ["2"],
        "page_size": ["1"],
        "is_read": ["false"],
        "notification_types": ["booking,payment"],
    }


async def test_the_first_pages_link_has_no_page(mixed: Door) -> None:
    page = await mixed.get("notifications/", page=2, page_size=1)
    assert "page" not in parse_qs(urlsplit(page["previous"]).query)


@pytest.mark.parametrize("page", ["2", "0", "-1", "two", "1.5", "9" * 5000, "last "])
async def test_a_page_that_is_not_there_is_404_in_drfs_words(mixed: Door, page: str) -> None:
    response = await mixed.call("GET", "notifications/", params={"page": page})
    assert (response.status_code, response.json()) == (404, {"detail": "Invalid page."})


async def test_the_last_page_has_a_name(mixed: Door) -> None:
    page = await mixed.get("notifications/", page="last", page_size=3)
    assert ([item["title"] for item in page["results"]], page["next"]) == (["Plain"], None)


async def test_the_last_page_of_an_empty_list_is_its_first(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    assert (await person(stack, http).get("notifications/", page="last"))["count"] == 0


async def test_a_page_is_not_looked_at_when_the_place_is_given_by_cursor(mixed: Door) -> None:
    assert len((await mixed.get("notifications/", cursor="", page="7"))["results"]) == 4


async def test_a_page_holds_at_most_a_hundred(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    page = await person(stack, http).call("GET", "notifications/", params={"page_size": 100_000})
    assert page.status_code == 200


async def test_the_count_is_of_all_pages(mixed: Door) -> None:
    assert (await mixed.get("notifications/", page_size=2))["count"] == 4


@pytest.mark.usefixtures("mixed")
async def test_nobody_lists_what_is_anothers(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    assert await person(stack, http).titles(search="Plain", status="sent") == []


@pytest.mark.usefixtures("mixed")
async def test_staff_list_their_own_inbox_not_everybodys(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    assert "Booked" not in await staff(stack, http).titles()


async def test_the_order_of_creation_survives_pages_of_one(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    mine = person(stack, http)
    await create_many(staff(stack, http), mine.user, ["1", "2", "3"])
    assert [(await mine.titles(page=page, page_size=1))[0] for page in (1, 2, 3)] == ["3", "2", "1"]


@pytest.mark.parametrize("id", [UNKNOWN, "not-a-uuid", "123", "%00"])
async def test_an_unknown_id_is_404_whatever_its_form(stack: LaunchedStack, http: httpx.AsyncClient, id: str) -> None:
    response = await person(stack, http).call("GET", f"notifications/{id}/")
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


async def test_anothers_notification_is_404_like_a_missing_one(
    mixed: Door, stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    theirs = (await mixed.get("notifications/"))["results"][0]["id"]
    response = await person(stack, http).call("GET", f"notifications/{theirs}/")
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


async def test_staff_retrieve_anybodys_notification(mixed: Door, stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    theirs = (await mixed.get("notifications/"))["results"][0]
    assert (await staff(stack, http).get(f"notifications/{theirs['id']}/"))["user"] == mixed.user
