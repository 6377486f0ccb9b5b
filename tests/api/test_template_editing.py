"""Templates in staff's hands: written, previewed, used."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.launch import LaunchedStack

BASE = "/api/v1/drf/notifications"


class Editor:
    def __init__(self, stack: LaunchedStack, http: httpx.AsyncClient) -> None:
        self.key = f"booking.{uuid4().hex[:10]}"
        self._http = http
        self._staff = {"Authorization": f"Bearer {stack.token('staff', staff=True)}"}
        self._user = {"Authorization": f"Bearer {stack.token('somebody')}"}

    async def ask(self, method: str, path: str, body: object = None, *, staff: bool = True) -> httpx.Response:
        headers = self._staff if staff else self._user
        # Escaped, because a lone surrogate can be sent only so.
        content = None if body is None else json.dumps(body)
        headers = {**headers, "Content-Type": "application/json"}
        return await self._http.request(method, f"{BASE}/{path}", content=content, headers=headers)

    async def create(self, **changes: object) -> httpx.Response:
        template = {
            "key": self.key,
            "notification_type": "booking",
            "delivery_channel": "in_app",
            "subject_template": "{{ service }} has moved",
            "body_template": "{{ service }} is at {{ time }} now.",
        }
        return await self.ask("POST", "notification-templates/", template | changes)


@pytest.fixture
def editor(stack: LaunchedStack, http: httpx.AsyncClient) -> Editor:
    return Editor(stack, http)


async def test_a_template_is_written_previewed_and_used(editor: Editor) -> None:
    created = await editor.create()
    assert created.status_code == 201
    template = created.json()
    assert set(template) == {
        "id", "key", "name", "notification_type", "delivery_channel", "locale", "subject_template",
        "body_template", "is_active", "version", "created_at", "updated_at",
    }  # fmt: skip
    variables = {"service": "Yoga", "time": "10:00"}
    preview = await editor.ask("POST", f"notification-templates/{template['id']}/preview/", {"data": variables})
    words = {"subject": "Yoga has moved", "body": "Yoga is at 10:00 now."}
    assert preview.json() == {**words, "locale": "en", "version": 1}

    request = {"user": "42", "notification_type": "booking", "template_key": editor.key, "metadata": variables}
    notification = (await editor.ask("POST", "notifications/", request)).json()
    assert (notification["title"], notification["message"]) == ("Yoga has moved", "Yoga is at 10:00 now.")


async def test_a_preview_names_the_missing_variable(editor: Editor) -> None:
    template = (await editor.create()).json()

    preview = await editor.ask("POST", f"notification-templates/{template['id']}/preview/", {"data": {"time": "10"}})
    assert preview.status_code == 400
    assert preview.json() == {"data": ["The variable 'service' is missing."]}


async def test_a_change_is_the_next_version(editor: Editor) -> None:
    template = (await editor.create()).json()

    changed = (await editor.ask("PATCH", f"notification-templates/{template['id']}/", {"name": "Moved"})).json()
    assert (changed["version"], changed["name"], changed["key"]) == (2, "Moved", editor.key)


@pytest.mark.parametrize("text", ["{{ a", "{% set x = 1 %}", "{{ a.b() }}", "{{ 'a' * 9 }}"])
async def test_a_template_that_could_never_be_rendered_is_refused(editor: Editor, text: str) -> None:
    refused = await editor.create(body_template=text)

    assert refused.status_code == 400
    assert set(refused.json()) == {"body_template"}


async def test_a_key_has_one_template_per_channel_and_locale(editor: Editor) -> None:
    assert (await editor.create()).status_code == 201
    assert (await editor.create(locale="pt")).status_code == 201

    again = await editor.create()
    assert (again.status_code, set(again.json())) == (400, {"key"})


async def test_lists_are_filtered(editor: Editor) -> None:
    await editor.create(is_active=False)

    page = (await editor.ask("GET", "notification-templates/?is_active=false&page_size=100")).json()
    assert editor.key in {row["key"] for row in page["results"]}
    assert not any(row["is_active"] for row in page["results"])


async def test_templates_are_staffs_alone(editor: Editor) -> None:
    template: dict[str, Any] = (await editor.create()).json()
    one = f"notification-templates/{template['id']}/"

    calls = [("GET", "notification-templates/"), ("POST", "notification-templates/"), ("GET", one), ("DELETE", one)]
    for method, path in calls:
        answer = await editor.ask(method, path, {}, staff=False)
        assert answer.status_code == 403, (method, path)
    assert (await editor.ask("DELETE", one)).status_code == 204
    assert (await editor.ask("GET", one)).status_code == 404


@pytest.mark.parametrize("character", ["\0", "\ud800"])
@pytest.mark.parametrize("field", ["name", "subject_template", "body_template"])
async def test_a_character_that_cannot_be_stored_is_named(editor: Editor, field: str, character: str) -> None:
    refused = await editor.create(**{field: f"a{character}b"})
    told = {field: ["NUL characters and lone surrogates are not allowed."]}
    assert (refused.status_code, refused.json()) == (400, told)


async def test_a_template_that_writes_a_nul_is_refused_with_its_notification(editor: Editor) -> None:
    await editor.create(subject_template="Hello", body_template=r"{{ '\x00' }}")
    body = {"user": "42", "notification_type": "booking", "template_key": editor.key}
    refused = await editor.ask("POST", "notifications/", body)
    told = {"metadata": ["The text holds a character that cannot be stored."]}
    assert (refused.status_code, refused.json()) == (400, told)


async def test_a_subject_is_one_line(editor: Editor) -> None:
    refused = await editor.create(subject_template="Two\nlines")

    assert (refused.status_code, set(refused.json())) == (400, {"subject_template"})
