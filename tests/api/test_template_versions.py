"""Every version of a template is kept, written on purpose, and known to what it said."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from rest_door import UNKNOWN, Door, create, person, staff
from sqlalchemy import select
from template_desk import change, restore, versions, write

from deploy.local.launch import LaunchedStack
from persistence.database import Database
from persistence.models import Delivery, TemplateVersion


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=1)
    yield database
    await database.close()


async def test_every_version_is_kept_newest_first(boss: Door) -> None:
    template = await write(boss)
    for words in ("Two", "Three"):
        await change(boss, template, subject_template=words)
    kept = await versions(boss, template)
    assert [(row["version"], row["subject_template"]) for row in kept] == [(3, "Three"), (2, "Two"), (1, "One")]


async def test_a_version_holds_all_that_it_consists_of(boss: Door) -> None:
    template = await write(boss)
    (only,) = await versions(boss, template)
    assert only == {name: value for name, value in template.items() if name not in ("id", "updated_at")}


async def test_versions_come_in_pages(boss: Door) -> None:
    template = await write(boss)
    for number in range(4):
        await change(boss, template, name=str(number))
    page = await boss.get(f"notification-templates/{template['id']}/versions/", page_size=2, page=2)
    assert (page["count"], [row["version"] for row in page["results"]]) == (5, [3, 2])


async def test_the_templates_of_a_new_installation_have_their_first_version(boss: Door) -> None:
    page = await boss.get("notification-templates/", key="message.received")
    (template,) = page["results"]
    assert (await versions(boss, template))[-1]["version"] == 1


async def test_an_old_version_comes_back_as_the_next_one(boss: Door) -> None:
    template = await write(boss)
    await change(boss, template, subject_template="Two", is_active=False)
    restored = await restore(boss, template, 1)
    assert restored.status_code == 200
    body = restored.json()
    assert (body["version"], body["subject_template"], body["is_active"]) == (3, "One", True)
    assert [row["version"] for row in await versions(boss, template)] == [3, 2, 1]


@pytest.mark.parametrize("number", ["7", "0", "x", "1e3", "99999999999999999999"])
async def test_a_version_that_never_was_cannot_come_back(boss: Door, number: str) -> None:
    response = await restore(boss, await write(boss), number)
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


async def test_a_template_that_never_was_has_no_versions(boss: Door) -> None:
    response = await boss.call("GET", f"notification-templates/{UNKNOWN}/versions/")
    assert response.status_code == 404


async def test_an_old_version_does_not_come_back_over_another_template(boss: Door) -> None:
    template = await write(boss)
    await change(boss, template, locale="pt")
    await write(boss, key=template["key"])
    response = await restore(boss, template, 1)
    assert (response.status_code, set(response.json())) == (400, {"key"})


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_change_written_for_another_version_is_409(boss: Door, method: str) -> None:
    template = await write(boss)
    await change(boss, template, subject_template="Two")
    late = await change(boss, template, method, **{**template, "subject_template": "Mine", "version": 1})
    assert (late.status_code, late.json()) == (
        409,
        {"detail": "The change was written for version 1; this is 2."},
    )
    assert (await versions(boss, template))[0]["subject_template"] == "Two"


async def test_a_restoration_written_for_another_version_is_409(boss: Door) -> None:
    template = await write(boss)
    await change(boss, template, subject_template="Two")
    assert (await restore(boss, template, 1, version=1)).status_code == 409
    assert (await restore(boss, template, 1, version=2)).status_code == 200


async def test_of_changes_at_once_for_the_same_version_one_is_written(boss: Door) -> None:
    template = await write(boss)
    answers = await asyncio.gather(
        *(change(boss, template, subject_template=f"By {number}", version=1) for number in range(8))
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 7}
    assert len(await versions(boss, template)) == 2


async def test_changes_at_once_without_a_version_are_all_kept(boss: Door) -> None:
    template = await write(boss)
    await asyncio.gather(*(change(boss, template, subject_template=f"By {number}") for number in range(8)))
    kept = await versions(boss, template)
    assert [row["version"] for row in kept] == list(range(9, 0, -1))
    assert {row["subject_template"] for row in kept} == {"One", *(f"By {number}" for number in range(8))}


async def test_two_templates_that_become_the_same_at_once_are_told_apart(boss: Door) -> None:
    one, other = await write(boss), await write(boss)
    key = f"system.{uuid4().hex[:10]}"
    answers = await asyncio.gather(change(boss, one, key=key), change(boss, other, key=key))
    assert sorted(answer.status_code for answer in answers) == [200, 400]


async def test_what_changes_nothing_is_no_new_version(boss: Door) -> None:
    template = await write(boss)
    for answer in (await change(boss, template, "PUT", **template), await change(boss, template)):
        assert (answer.status_code, answer.json()) == (200, template)
    assert len(await versions(boss, template)) == 1


async def test_what_a_notification_said_stays(stack: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> None:
    mine = person(stack, http)
    template = await write(boss)
    told = await create(boss, mine.user, template_key=template["key"])
    await change(boss, template, subject_template="Two")
    assert (await mine.get(f"notifications/{told['id']}/"))["title"] == "One"


async def said(database: Database, notification: dict[str, Any]) -> dict[str, tuple[UUID | None, int | None]]:
    async with database.transaction() as transaction:
        rows = await transaction.connection.execute(
            select(Delivery.channel, Delivery.template_id, Delivery.template_version).where(
                Delivery.notification_id == UUID(notification["id"])
            )
        )
        return {row.channel: (row.template_id, row.template_version) for row in rows}


async def test_each_delivery_remembers_the_version_that_it_said(
    stack: LaunchedStack, http: httpx.AsyncClient, boss: Door, database: Database
) -> None:
    mine, template = person(stack, http), await write(boss)
    email = await write(boss, key=template["key"], delivery_channel="email")
    await change(boss, template, subject_template="Two")
    told = await create(boss, mine.user, template_key=template["key"], delivery_channels=["in_app", "email", "sms"])
    assert await said(database, told) == {
        "in_app": (UUID(template["id"]), 2),
        "email": (UUID(email["id"]), 1),
        "sms": (UUID(template["id"]), 2),
    }


async def test_an_edit_speaks_the_version_of_its_day(
    stack: LaunchedStack, http: httpx.AsyncClient, boss: Door, database: Database
) -> None:
    template = await write(boss)
    waiting = {"template_key": template["key"], "scheduled_for": "2035-01-01T00:00:00Z"}
    told = await create(boss, person(stack, http).user, **waiting)
    await change(boss, template, subject_template="Two")
    assert await said(database, told) == {"in_app": (UUID(template["id"]), 1)}
    edited = await boss.call("PATCH", f"notifications/{told['id']}/", json={"metadata": {"room": "garden"}})
    assert (edited.status_code, edited.json()["title"]) == (200, "Two")
    assert await said(database, told) == {"in_app": (UUID(template["id"]), 2)}


async def test_a_callers_own_words_come_from_no_template(
    stack: LaunchedStack, http: httpx.AsyncClient, boss: Door, database: Database
) -> None:
    told = await create(boss, person(stack, http).user)
    assert await said(database, told) == {"in_app": (None, None)}


async def test_versions_outlive_their_template(boss: Door, database: Database) -> None:
    template = await write(boss)
    await boss.call("DELETE", f"notification-templates/{template['id']}/")
    async with database.transaction() as transaction:
        kept = await transaction.connection.scalars(
            select(TemplateVersion.subject_template).where(TemplateVersion.template_id == UUID(template["id"]))
        )
        assert kept.all() == ["One"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Fine.\n{{ ''.__class__ }}", "Line 2: what begins with _ is not available in templates."),
        ("Fine.\n\n{% set x = 1 %}", "Line 3: only if and for blocks are available in templates."),
        ("{{ a.b() }}", "Line 1: calls are not available in templates."),
        ("Fine.\n{{ name", "Line 2: unexpected end of template, expected 'end of print statement'."),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "The template is nested too deeply."),
    ],
)
async def test_a_template_that_could_never_be_used_is_refused_by_line_and_cause(
    boss: Door, text: str, told: str
) -> None:
    template = await write(boss)
    refused = await change(boss, template, body_template=text)
    assert (refused.status_code, refused.json()) == (400, {"body_template": [told]})
    assert len(await versions(boss, template)) == 1
