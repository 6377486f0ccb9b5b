"""What the staff console asks for: everybody's notifications, what goes out by the minute, words being written."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from refused_email import failed
from rest_door import Door, create, create_many, person, staff
from template_desk import preview, write

from deploy.local.launch import LaunchedStack


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
def ada(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return person(stack, http)


async def recent(boss: Door, **params: Any) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = (await boss.get("console/notifications/", **params))["results"]
    return results


async def test_a_notification_of_anybody_is_found_by_its_words(boss: Door, ada: Door) -> None:
    made = await create(boss, ada.user, title=f"The LOTUS room of {ada.user}")
    (found,) = await recent(boss, search=f"lotus room OF {ada.user}")
    assert (found["id"], found["user"], found["status"]) == (made["id"], ada.user, "sent")
    assert found["delivery_channels"] == ["in_app"]


async def test_what_waits_and_what_its_owner_put_away_is_there(boss: Door, ada: Door) -> None:
    await create(boss, ada.user, title="Waits", scheduled_for="2039-05-01T10:00:00Z")
    away = await create(boss, ada.user, title="Put away")
    await ada.call("PATCH", f"notifications/{away['id']}/", json={"is_archived": True})
    assert [found["title"] for found in await recent(boss, user=ada.user)] == ["Put away", "Waits"]
    assert [found["title"] for found in await recent(boss, user=ada.user, status="pending")] == ["Waits"]


async def test_filters_combine(boss: Door, ada: Door) -> None:
    await create(boss, ada.user, title="A bill", notification_type="payment")
    await create(boss, ada.user, title="A bill to come")
    assert len(await recent(boss, user=ada.user, search="bill")) == 2
    assert len(await recent(boss, user=ada.user, search="bill", notification_type="payment")) == 1
    assert await recent(boss, user=ada.user, search="bill", status="failed") == []


async def test_pages_follow_each_other_without_gap_or_repeat(boss: Door, ada: Door) -> None:
    titles = [f"Number {number}" for number in range(7)]
    await create_many(boss, ada.user, titles)
    seen: list[str] = []
    page = await boss.get("console/notifications/", user=ada.user, page_size=3)
    while page["results"]:
        seen += [found["title"] for found in page["results"]]
        if page["next"] is None:
            break
        cursor = httpx.URL(page["next"]).params["cursor"]
        page = await boss.get("console/notifications/", user=ada.user, page_size=3, cursor=cursor)
    assert seen == titles[::-1]


@pytest.mark.parametrize("parameter", ["status", "notification_type", "cursor"])
async def test_a_bad_value_is_named(boss: Door, parameter: str) -> None:
    response = await boss.call("GET", "console/notifications/", params={parameter: "nonsense"})
    assert (response.status_code, list(response.json())) == (400, [parameter])


async def test_what_goes_out_and_what_fails_is_counted_by_the_minute(
    boss: Door, http: httpx.AsyncClient, ada: Door
) -> None:
    await boss.call("PUT", f"recipients/{ada.user}/", json={"email": f"{ada.user}@example.org"})
    before = total(await boss.get("console/rates/"))
    await failed(boss, http, ada)
    rates = await boss.get("console/rates/")
    after = total(rates)
    assert after["in_app", "sent"] > before["in_app", "sent"]
    assert after["email", "failed"] > before["email", "failed"]
    assert all(instant(rates["since"]) <= instant(rate["at"]) <= instant(rates["until"]) for rate in rates["results"])


@pytest.mark.parametrize("minutes", [1, 60, 1440])
async def test_rates_begin_as_many_minutes_ago_as_asked(boss: Door, minutes: int) -> None:
    rates = await boss.get("console/rates/", minutes=minutes)
    span = instant(rates["until"]) - instant(rates["since"])
    assert timedelta(minutes=minutes - 1) <= span < timedelta(minutes=minutes)


@pytest.mark.parametrize("minutes", ["0", "1441", "many"])
async def test_a_span_that_is_too_long_or_none_is_refused(boss: Door, minutes: str) -> None:
    response = await boss.call("GET", "console/rates/", params={"minutes": minutes})
    assert (response.status_code, list(response.json())) == (400, ["minutes"])


async def test_a_preview_shows_words_that_are_not_stored_yet(boss: Door) -> None:
    template = await write(boss, subject_template="Stored", body_template="Stored {{ name }}.")
    shown = (await preview(boss, template, data={"name": "Ada"}, body_template="Draft for {{ name }}.")).json()
    assert (shown["subject"], shown["body"]) == ("Stored", "Draft for Ada.")
    stored = await boss.get(f"notification-templates/{template['id']}/")
    assert (stored["body_template"], stored["version"]) == ("Stored {{ name }}.", 1)


async def test_a_draft_that_is_no_template_is_named(boss: Door) -> None:
    response = await preview(boss, await write(boss), data={}, body_template="{{ name")
    assert (response.status_code, list(response.json())) == (400, ["body_template"])


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def total(rates: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {
        (channel, what): sum(rate[what] for rate in rates["results"] if rate["channel"] == channel)
        for channel in ("in_app", "email")
        for what in ("sent", "failed")
    }
