"""People read their own language, or the nearest that there is."""

import httpx
import pytest
from rest_door import Door, create, person, staff
from template_desk import change, preview, write

from deploy.local.launch import LaunchedStack


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


async def test_templates_are_found_by_key_and_locale(boss: Door) -> None:
    template = await write(boss)
    portuguese = await write(boss, key=template["key"], locale="pt-BR")
    by_key = await boss.get("notification-templates/", key=template["key"])
    by_both = await boss.get("notification-templates/", key=template["key"], locale="pt_br")
    assert {row["id"] for row in by_key["results"]} == {template["id"], portuguese["id"]}
    assert [row["id"] for row in by_both["results"]] == [portuguese["id"]]


async def test_a_locale_is_kept_in_one_spelling(boss: Door) -> None:
    template = await write(boss, locale="pt_br")
    assert template["locale"] == "pt-BR"
    again = {name: template[name] for name in ("key", "notification_type", "delivery_channel", "body_template")}
    response = await boss.call("POST", "notification-templates/", json={**again, "locale": "pt-br"})
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("spoken", "title"),
    [("pt-BR", "Oi"), ("pt_BR", "Oi"), ("pt-PT", "Olá"), ("pt", "Olá"), ("de-AT", "Hello"), ("en-GB", "Hello")],
)
async def test_people_read_the_nearest_locale(
    stack: LaunchedStack, http: httpx.AsyncClient, boss: Door, spoken: str, title: str
) -> None:
    mine = person(stack, http)
    await boss.call("PUT", f"recipients/{mine.user}/", json={"locale": spoken})
    key = (await write(boss, subject_template="Hello"))["key"]
    await write(boss, key=key, locale="pt", subject_template="Olá")
    await write(boss, key=key, locale="pt-BR", subject_template="Oi")
    assert (await create(boss, mine.user, template_key=key))["title"] == title


async def test_a_text_that_is_switched_off_gives_way_to_a_wider_locale(
    stack: LaunchedStack, http: httpx.AsyncClient, boss: Door
) -> None:
    mine = person(stack, http)
    await boss.call("PUT", f"recipients/{mine.user}/", json={"locale": "pt-BR"})
    key = (await write(boss, subject_template="Hello"))["key"]
    await write(boss, key=key, locale="pt-BR", subject_template="Oi", is_active=False)
    assert (await create(boss, mine.user, template_key=key))["title"] == "Hello"


@pytest.mark.parametrize(("locale", "shown"), [("pt-BR", ("Olá", "pt", 2)), ("de", ("Hello", "en", 1))])
async def test_a_preview_speaks_any_locale(boss: Door, locale: str, shown: tuple[str, str, int]) -> None:
    template = await write(boss, subject_template="Hello")
    portuguese = await write(boss, key=template["key"], locale="pt", subject_template="Ola")
    await change(boss, portuguese, subject_template="Olá")
    body = (await preview(boss, template, locale=locale)).json()
    assert (body["subject"], body["locale"], body["version"]) == shown


async def test_a_preview_says_when_nobody_could_read_it_in_a_locale(boss: Door) -> None:
    response = await preview(boss, await write(boss, locale="pt"), locale="de")
    assert (response.status_code, set(response.json())) == (400, {"locale"})


async def test_a_locale_has_an_end(boss: Door) -> None:
    response = await boss.call("PUT", "recipients/somebody/", json={"locale": "en" + "-aa" * 20_000})
    assert (response.status_code, set(response.json())) == (400, {"locale"})
