"""The spellings of flags, instants and parameters that existing clients use, in query and body."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from rest_door import Door, create, person, staff

from deploy.local.launch import LaunchedStack

YES = ["true", "True", "TRUE", "1", "t", "T", "yes", "Yes", "y", "on", "ON"]
NO = ["false", "False", "FALSE", "0", "f", "F", "no", "No", "n", "off", "OFF"]


@pytest.fixture(scope="module")
async def inbox(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    """One read, one unread."""
    mine, by = person(stack, http), staff(stack, http)
    read = await create(by, mine.user, title="Read", notification_type="booking")
    await mine.call("POST", f"notifications/{read['id']}/mark_as_read/")
    await create(by, mine.user, title="Unread", notification_type="payment", group_key="g")
    return mine


@pytest.mark.parametrize("word", YES)
async def test_a_flag_in_the_query_may_be_set_in_all_of_drfs_words(inbox: Door, word: str) -> None:
    assert (await inbox.titles(is_read=word), await inbox.titles(is_unread=word)) == (["Read"], ["Unread"])


@pytest.mark.parametrize("word", NO)
async def test_a_flag_in_the_query_may_be_unset_in_all_of_drfs_words(inbox: Door, word: str) -> None:
    assert (await inbox.titles(is_read=word), await inbox.titles(is_unread=word)) == (["Unread"], ["Read"])


@pytest.mark.parametrize("word", [*YES, True, 1])
async def test_a_flag_in_the_body_may_be_set_in_all_of_drfs_words(
    stack: LaunchedStack, http: httpx.AsyncClient, word: object
) -> None:
    body = {"notification_type": "booking", "email_enabled": word}
    setting = await person(stack, http).call("POST", "notification-settings/", json=body)
    assert setting.json()["email_enabled"] is True


@pytest.mark.parametrize("word", [*NO, False, 0])
async def test_a_flag_in_the_body_may_be_unset_in_all_of_drfs_words(
    stack: LaunchedStack, http: httpx.AsyncClient, word: object
) -> None:
    body = {"notification_type": "booking", "email_enabled": word}
    setting = await person(stack, http).call("POST", "notification-settings/", json=body)
    assert setting.json()["email_enabled"] is False


@pytest.mark.parametrize("word", ["perhaps", "2", 2, "tru", [], {}])
async def test_another_word_for_a_flag_in_the_body_is_400(
    stack: LaunchedStack, http: httpx.AsyncClient, word: object
) -> None:
    body = {"notification_type": "booking", "email_enabled": word}
    response = await person(stack, http).call("POST", "notification-settings/", json=body)
    assert (response.status_code, list(response.json())) == (400, ["email_enabled"])


@pytest.mark.parametrize(
    "name",
    [
        *("is_read", "is_unread", "notification_type", "notification_types", "delivery_channel", "status", "period"),
        *(
            "created_after",
            "created_before",
            "related_to",
            "group_key",
            "search",
            "ordering",
            "page",
            "page_size",
            "tz",
        ),
    ],
)
async def test_a_parameter_without_a_value_is_not_given(inbox: Door, name: str) -> None:
    assert await inbox.titles(**{name: ""}) == ["Unread", "Read"]


async def test_a_parameter_without_a_value_leaves_the_others_alone(inbox: Door) -> None:
    assert await inbox.titles(status="", notification_type="payment", search="", is_read="false", tz="") == ["Unread"]


async def test_an_empty_cursor_asks_for_the_first_page_by_cursor(inbox: Door) -> None:
    assert (await inbox.get("notifications/", cursor="", search="")).keys() == {"next", "previous", "results"}


async def test_an_empty_parameter_of_another_list_is_not_given_either(
    stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    page = await staff(stack, http).get("notification-templates/", notification_type="", is_active="", page_size="1")
    assert page["count"] > 1


async def test_of_a_repeated_parameter_the_last_counts(inbox: Door) -> None:
    assert await inbox.titles(is_read=["true", "false"]) == ["Unread"]


@pytest.mark.parametrize(
    "types", ["booking,payment", ["booking", "payment"], " booking , payment ,", ["booking,payment", ""]]
)
async def test_several_types_may_be_repeated_or_a_comma_list(inbox: Door, types: object) -> None:
    assert await inbox.titles(notification_types=types) == ["Unread", "Read"]


async def test_an_unknown_parameter_is_ignored(inbox: Door) -> None:
    assert await inbox.titles(format="json", _="1700000000", is_read__in="x") == ["Unread", "Read"]


def spellings(instant: datetime) -> list[str]:
    """An instant in UTC, as clients write it."""
    plain = instant.replace(tzinfo=None)
    berlin = (plain + timedelta(hours=2)).isoformat()
    return [
        f"{plain.isoformat()}Z",
        f"{plain.isoformat()}z",
        plain.isoformat(),
        plain.isoformat(sep=" "),
        f"{plain.isoformat(sep=' ')}Z",
        f"{plain.isoformat()}+00:00",
        f"{berlin}+02:00",
        f"{berlin}+0200",
        f"{(plain - timedelta(hours=5, minutes=30)).isoformat()}-05:30",
        plain.isoformat(timespec="minutes"),
        f"{plain.isoformat()}.000Z",
        f"{plain.isoformat()}.000000Z",
    ]


@pytest.mark.parametrize("written", spellings(datetime(2039, 1, 1, 10, 0, tzinfo=UTC)))
async def test_an_instant_in_the_body_may_be_spelled_in_all_of_drfs_ways(
    stack: LaunchedStack, http: httpx.AsyncClient, written: str
) -> None:
    created = await create(staff(stack, http), person(stack, http).user, scheduled_for=written)
    assert created["scheduled_for"] == "2039-01-01T10:00:00Z"


@pytest.mark.parametrize("past", [True, False])
@pytest.mark.parametrize("number", range(12))
async def test_an_instant_in_the_query_may_be_spelled_in_all_of_drfs_ways(
    inbox: Door, number: int, *, past: bool
) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    written = spellings(now + timedelta(hours=-1 if past else 1))[number]
    both: list[str] = ["Unread", "Read"]
    assert await inbox.titles(created_after=written) == (both if past else [])
    assert await inbox.titles(created_before=written) == ([] if past else both)


async def test_a_date_alone_is_the_beginning_of_its_day(inbox: Door) -> None:
    today, tomorrow = datetime.now(UTC).date(), datetime.now(UTC).date() + timedelta(days=1)
    assert await inbox.titles(created_after=str(today), created_before=str(tomorrow)) == ["Unread", "Read"]
    assert await inbox.titles(created_after=str(tomorrow)) == []


@pytest.mark.parametrize(
    "written", ["1700000000", "20250115", "-1", "1e9", "noon", "2025-02-30", "2025-01-15T25:00", "10000-01-01", "\0"]
)
async def test_what_is_no_instant_is_400_and_no_count_of_seconds(inbox: Door, written: str) -> None:
    response = await inbox.call("GET", "notifications/", params={"created_after": written})
    assert (response.status_code, list(response.json())) == (400, ["created_after"])


@pytest.mark.parametrize("written", [1_900_000_000, 1.5, True, [], "1900000000"])
async def test_what_is_no_instant_in_the_body_is_400_too(
    stack: LaunchedStack, http: httpx.AsyncClient, written: object
) -> None:
    body = {"user": "a", "notification_type": "system", "title": "T", "message": "M", "scheduled_for": written}
    response = await staff(stack, http).call("POST", "notifications/", json=body)
    assert (response.status_code, list(response.json())) == (400, ["scheduled_for"])


@pytest.mark.parametrize("written", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01"])
async def test_an_instant_at_the_end_of_time_is_one_like_any_other(inbox: Door, written: str) -> None:
    response = await inbox.call("GET", "notifications/", params={"created_after": written})
    assert response.status_code == 200


@pytest.mark.parametrize("spelled", [str.upper, lambda written: written.replace("-", "")])
async def test_an_id_may_be_spelled_as_any_uuid(inbox: Door, spelled: Callable[[str], str]) -> None:
    written = (await inbox.get("notifications/"))["results"][0]["id"]
    assert (await inbox.get(f"notifications/{spelled(written)}/"))["id"] == written


@pytest.mark.parametrize("moment", ["5", "1.5e9", "1780000000000"])
async def test_a_number_is_no_date(inbox: Door, moment: str) -> None:
    response = await inbox.call("GET", "notifications/", params={"created_after": moment})
    assert (response.status_code, list(response.json())) == (400, ["created_after"])
