from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import jwt
import pytest
from pydantic import ValidationError

from demo.app import create_endpoints
from demo.people import PEOPLE
from demo.settings import DemoSettings
from demo.stories import Story
from notifications import InvalidNotification, Notification

SECRET = "a secret of the tests, long enough for HS256"
URL = "http://localhost:8000"
LETTER = {
    "user": "anna",
    "title": "Breathe",
    "message": "In, and out.",
    "notification_type": "session",
    "delivery_channels": ["in_app", "email"],
}


def settings(public_url: str = URL) -> DemoSettings:
    return DemoSettings.model_validate(
        {"demo_port": 8003, "public_url": public_url, "jwt_secret": SECRET, "state_dir": Path()}
    )


@pytest.fixture
def told() -> list[Story]:
    return []


@pytest.fixture
async def page(told: list[Story]) -> AsyncIterator[httpx.AsyncClient]:
    """Calls as the page itself makes them."""

    async def tell(story: Story) -> Notification:
        if story.notification_type != "session":
            raise InvalidNotification({"notification_type": ["No such type."]})
        told.append(story)
        return Notification(id=uuid4(), user=story.user, notification_type=story.notification_type, status="pending")

    transport = httpx.ASGITransport(create_endpoints(settings(), tell))
    async with httpx.AsyncClient(transport=transport, base_url=URL, headers={"Origin": URL}) as client:
        yield client


async def test_the_sample_people_are_listed(page: httpx.AsyncClient) -> None:
    people = (await page.get("/demo/people")).json()
    assert len(people) == len(PEOPLE)
    assert set(people[0]) == {"user", "name", "role", "email", "time_zone"}


async def test_a_picked_person_is_who_the_cookie_says(page: httpx.AsyncClient) -> None:
    response = await page.post("/demo/session", json={"user": "anna"})
    assert response.json() == {"user": "anna", "name": "Anna Lindqvist"}
    cookie = response.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/"))
    claims = jwt.decode(page.cookies["notifications_token"], SECRET, algorithms=["HS256"])
    assert claims["user_id"] == "anna"
    assert not claims["is_staff"]
    assert (await page.get("/demo/session")).json()["user"] == "anna"


async def test_leaving_ends_the_session(page: httpx.AsyncClient) -> None:
    await page.post("/demo/session", json={"user": "anna"})
    assert (await page.delete("/demo/session")).status_code == 204
    assert (await page.get("/demo/session")).status_code == 401


async def test_only_sample_people_can_be_picked(page: httpx.AsyncClient) -> None:
    assert (await page.post("/demo/session", json={"user": "somebody"})).status_code == 404


@pytest.mark.parametrize("origin", ["", "null", "http://elsewhere.example", "http://localhost:9000"])
async def test_another_origin_gets_no_session_and_sends_nothing(
    page: httpx.AsyncClient, told: list[Story], origin: str
) -> None:
    await page.post("/demo/session", json={"user": "anna"})
    page.headers["Origin"] = origin
    answers = [
        await page.post("/demo/session", json={"user": "tom"}),
        await page.delete("/demo/session"),
        await page.post("/demo/notify", json=LETTER),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert not told


async def test_one_sends_to_oneself(page: httpx.AsyncClient, told: list[Story]) -> None:
    await page.post("/demo/session", json={"user": "anna"})
    assert (await page.post("/demo/notify", json=LETTER)).status_code == 201
    assert [(story.user, story.title, story.channels) for story in told] == [("anna", "Breathe", ("in_app", "email"))]


async def test_one_does_not_send_to_others(page: httpx.AsyncClient, told: list[Story]) -> None:
    await page.post("/demo/session", json={"user": "tom"})
    assert (await page.post("/demo/notify", json=LETTER)).status_code == 403
    assert not told


async def test_what_the_service_refuses_is_told_by_field(page: httpx.AsyncClient) -> None:
    await page.post("/demo/session", json={"user": "anna"})
    answer = await page.post("/demo/notify", json={**LETTER, "notification_type": "gossip"})
    assert (answer.status_code, answer.json()) == (400, {"notification_type": ["No such type."]})


def test_it_refuses_to_serve_anything_but_this_machine() -> None:
    with pytest.raises(ValidationError, match="hands out sessions"):
        settings("https://notifications.example")
