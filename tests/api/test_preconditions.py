"""Whoever wanted a notification is asked, right before each send, whether it is still true."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from asked_marketplace import Answer, Marketplace, marketplace
from rest_door import Door, create, delivery, person, refusal, settled, staff
from standardwebhooks import Webhook

from deploy.local.launch import LaunchedStack, launched
from notifications import NotificationsClient

SKIPPED, HELD = ("skipped", "no_longer_true"), "precondition"


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedStack]:
    """A stack that does not take a minute to give up."""
    patience = {"PRECONDITION_PATIENCE_SECONDS": "1.5", "PRECONDITION_TIMEOUT_SECONDS": "1"}
    with launched(tmp_path_factory.mktemp("asking") / "state", "edge", "worker", environment=patience) as running:
        yield running


@pytest.fixture(scope="module")
def market() -> Iterator[Marketplace]:
    with marketplace() as running:
        yield running


@pytest.fixture(scope="module")
async def http(asking: LaunchedStack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=asking.url, timeout=20) as client:
        yield client


@pytest.fixture
def boss(asking: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(asking, http)


@pytest.fixture
async def ada(asking: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> Door:
    owner = person(asking, http)
    profile = {"email": f"{owner.user}@example.org", "phone_number": "+15005550006"}
    assert (await boss.call("PUT", f"recipients/{owner.user}/", json=profile)).status_code == 201
    return owner


async def sent_to(http: httpx.AsyncClient, owner: Door) -> list[str]:
    found = (await http.get("/courier-sandbox/messages", params={"user": owner.user})).json()["results"]
    return [message["channel"] for message in reversed(found)]


async def asked_about(boss: Door, owner: Door, url: str, if_unreachable: str = "send", **fields: Any) -> dict[str, Any]:
    precondition = {"url": url, "if_unreachable": if_unreachable}
    fields = {"delivery_channels": ["in_app", "email"]} | fields
    return await create(boss, owner.user, precondition=precondition, **fields)


async def ended(boss: Door, created: dict[str, Any]) -> dict[str, Any]:
    return await settled(boss, created["id"], lambda found: found["status"] != "pending")


async def story(boss: Door, created: dict[str, Any], event: str) -> list[str | None]:
    timeline = await boss.get(f"notifications/{created['id']}/timeline/")
    return [entry["reason"] for entry in timeline["entries"] if entry["event"] == event]


def outcome(detail: dict[str, Any], channel: str = "email") -> tuple[str, str | None]:
    found = delivery(detail, channel)
    return found["status"], found["reason"]


async def test_what_is_still_true_is_sent_and_the_timeline_says_that_it_was_asked(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace, asking: LaunchedStack
) -> None:
    url = market.answering("true")
    created = await asked_about(
        boss, ada, url, related_object_type="booking", related_object_id="7", notification_key=f"key-{uuid4().hex}"
    )
    await ended(boss, created)
    assert await sent_to(http, ada) == ["email"]
    assert await story(boss, created, "asked") == ["still_true"]

    (question,) = market.questions(url)
    Webhook(asking.environment["PRECONDITION_SECRET"]).verify(question.body, question.headers)
    assert question.about == {
        "notification_id": created["id"],
        "user": ada.user,
        "notification_type": "system",
        "channel": "email",
        "related_object_type": "booking",
        "related_object_id": "7",
        "notification_key": created["notification_key"],
    }


@pytest.mark.parametrize("answer", ["false", 410])
async def test_what_is_no_longer_true_is_not_sent(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace, answer: Answer
) -> None:
    detail = await ended(boss, await asked_about(boss, ada, market.answering(answer), "drop"))
    assert (outcome(detail), outcome(detail, "in_app")[0]) == (SKIPPED, "delivered")
    assert await sent_to(http, ada) == []


async def test_the_rest_of_the_ladder_ends_with_its_truth(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace
) -> None:
    created = await asked_about(
        boss, ada, market.answering("false"), delivery_channels=["in_app", "email", "sms"], escalation={"sms": 3600}
    )
    detail = await ended(boss, created)
    assert (outcome(detail, "email"), outcome(detail, "sms")) == (SKIPPED, SKIPPED)
    assert await sent_to(http, ada) == []


async def test_each_rung_is_asked_about_when_it_is_reached(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace
) -> None:
    url = market.answering("true", "false")
    created = await asked_about(
        boss, ada, url, delivery_channels=["in_app", "email", "sms"], escalation={"email": 0, "sms": 1}
    )
    detail = await ended(boss, created)
    assert outcome(detail, "sms") == SKIPPED
    assert [question.about["channel"] for question in market.questions(url)] == ["email", "sms"]
    assert await sent_to(http, ada) == ["email"]


async def test_a_failed_attempt_is_asked_about_again_before_the_next(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace
) -> None:
    await http.put("/courier-sandbox/faults", json={"channel": "sms", "script": [500]})
    created = await asked_about(boss, ada, market.answering("true", "false"), delivery_channels=["sms"])
    detail = await ended(boss, created)
    assert (outcome(detail, "sms"), delivery(detail, "sms")["attempts"]) == (SKIPPED, 1)
    assert await sent_to(http, ada) == []


async def test_somebody_who_falters_is_asked_again(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace
) -> None:
    url = market.answering(500, 503, "false")
    created = await asked_about(boss, ada, url)
    assert outcome(await ended(boss, created)) == SKIPPED
    assert len(market.questions(url)) == 3
    assert await sent_to(http, ada) == []


NO_ANSWERS = [500, 404, 204, "hang", "redirect", "huge", b"no", b"[]", b'{"still_true": 1}', b'{"still_true": "false"}']


@pytest.mark.parametrize("answer", NO_ANSWERS, ids=str)
async def test_without_an_answer_it_is_sent_by_default(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace, answer: Answer
) -> None:
    created = await asked_about(boss, ada, market.answering(answer))
    await ended(boss, created)
    assert await sent_to(http, ada) == ["email"]
    assert await story(boss, created, "asked") == ["sent_unasked"]


async def test_a_redirect_is_not_followed(boss: Door, ada: Door, market: Marketplace) -> None:
    url = market.answering("redirect")
    others = set(market.asked)
    assert outcome(await ended(boss, await asked_about(boss, ada, url, "drop"))) == (
        "skipped",
        "precondition_unreachable",
    )
    assert market.questions(url)
    assert [market.asked[path] for path in set(market.asked) - others if market.asked[path]] == []


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/", "http://host.invalid/", f"https://localhost.{'x' * 63}.{'x' * 70}/"],
    ids=["nobody", "no such name", "no name at all"],
)
async def test_without_an_answer_it_is_dropped_if_that_was_asked_for(
    boss: Door, ada: Door, http: httpx.AsyncClient, url: str
) -> None:
    created = await asked_about(boss, ada, url, "drop")
    assert outcome(await ended(boss, created)) == ("skipped", "precondition_unreachable")
    assert await sent_to(http, ada) == []


async def test_held_for_want_of_an_answer_it_goes_out_when_there_is_one(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace
) -> None:
    url = market.answering(503)
    created = await asked_about(boss, ada, url, "hold")
    held = await settled(
        boss, created["id"], lambda found: (delivery(found, "email")["next_attempt_at"] or "") > _in(30)
    )
    assert outcome(held) == ("scheduled", HELD)
    assert await sent_to(http, ada) == []

    market.from_now_on(url, "true")
    answer = await boss.call("POST", f"notifications/{created['id']}/reschedule/", json={"scheduled_for": None})
    assert answer.status_code == 200, answer.text
    await ended(boss, created)
    assert await sent_to(http, ada) == ["email"]
    assert (await story(boss, created, "asked"))[-1] == "still_true"


async def test_what_is_held_can_be_cancelled(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace
) -> None:
    created = await asked_about(boss, ada, market.answering(503), "hold")
    await settled(boss, created["id"], lambda found: delivery(found, "email")["reason"] == HELD)
    answer = await boss.call("POST", f"notifications/{created['id']}/cancel/")
    told = {each["channel"]: each["effect"] for each in answer.json()["channels"]}
    assert (answer.status_code, told["email"]) == (200, "stopped")
    assert outcome(await ended(boss, created)) == ("cancelled", "cancelled")
    assert await sent_to(http, ada) == []


async def test_what_is_held_does_not_outlast_its_expiry(boss: Door, ada: Door, market: Marketplace) -> None:
    created = await asked_about(boss, ada, market.answering(503), "hold", expires_at=_in(20))
    assert outcome(await ended(boss, created)) == ("skipped", "expired")


async def test_a_reminder_is_asked_about_when_it_fires(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace
) -> None:
    url = market.answering("false")
    body = {
        "anchor": f"booking:{uuid4().hex}",
        "user": ada.user,
        "starts_at": _in(61),
        "offsets": [60],
        "title": "Soon",
        "message": "It starts.",
        "delivery_channels": ["in_app", "email"],
        "precondition": {"url": url},
    }
    answer = await boss.call("POST", "reminders/", json=body)
    assert (answer.status_code, market.questions(url)) == (201, [])
    assert outcome(await ended(boss, await first_in_inbox(ada))) == SKIPPED
    assert await sent_to(http, ada) == []


async def test_every_recipient_of_a_batch_is_asked_about(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace
) -> None:
    url = market.answering("false")
    body = {
        "users": [ada.user],
        "title": "Workshop",
        "message": "It takes place.",
        "notification_type": "system",
        "delivery_channels": ["in_app", "email"],
        "precondition": {"url": url},
    }
    answer = await boss.call("POST", "notifications/bulk/", json=body)
    assert answer.status_code == 202, answer.text
    assert outcome(await ended(boss, await first_in_inbox(ada))) == SKIPPED
    assert [question.about["user"] for question in market.questions(url)] == [ada.user]
    assert await sent_to(http, ada) == []


async def test_the_same_call_over_the_client(asking: LaunchedStack, ada: Door, boss: Door, market: Marketplace) -> None:
    url = market.answering("false")
    client = await NotificationsClient.connect(asking.temporal_address)
    accepted = await client.notify(
        user=ada.user,
        title="Soon",
        message="Perhaps.",
        notification_type="booking",
        delivery_channels=["email"],
        precondition={"url": url},
    )
    assert outcome(await ended(boss, {"id": str(accepted.id)})) == SKIPPED


@pytest.mark.parametrize(
    ("precondition", "sentence"),
    [
        ({"url": "ftp://example.org/"}, "url: Must begin with http:// or https://."),
        ({"url": "https://ada:secret@example.org/"}, "url: Must not hold a user or password."),
        ({"url": "https://example.org/#top"}, "url: Must not have a fragment."),
        ({"url": "https:///nowhere"}, "url: Must be a URL with a host."),
        ({"url": "https://example.org:99999/"}, "url: Must be a URL with a host."),
        ({"url": "https://exämple.org/"}, "url: Must be written in ASCII"),
        ({"url": "https://example.org/" + "x" * 2_000}, "url: Ensure this field has no more than 2000 characters."),
        ({}, "url: This field is required."),
        ({"url": "https://example.org/", "if_unreachable": "wait"}, 'if_unreachable: "wait" is not one of'),
        ({"url": "https://example.org/", "if_unreachabel": "hold"}, "An object with nothing but url, if_unreachable"),
        ({"url": "http://10.0.0.1/"}, "url: Must not lead to a private address."),
        ({"url": "http://169.254.169.254/latest/meta-data/"}, "url: Must not lead to a private address."),
        ({"url": "http://[::1]/"}, "url: Must not lead to a private address."),
        ({"url": "http://[::ffff:192.168.0.1]/"}, "url: Must not lead to a private address."),
        ({"url": "http://2130706433/"}, "url: Must not lead to a private address."),
        ({"url": "http://0x7f.1/"}, "url: Must not lead to a private address."),
        ({"url": "http://localhost./"}, "url: Must not lead to a private address."),
        ({"url": "http://my.localhost/"}, "url: Must not lead to a private address."),
    ],
    ids=lambda each: str(each)[:60],
)
async def test_what_cannot_be_asked_is_refused_at_the_door(
    boss: Door, precondition: dict[str, str], sentence: str
) -> None:
    (message,) = (await refusal(boss, precondition=precondition))["precondition"]
    assert message.startswith(sentence)
    assert "secret" not in message


async def test_an_entry_of_a_digest_is_not_asked_about(boss: Door) -> None:
    digest = {"key": "workshop", "window": {"kind": "duration", "seconds": 60}}
    errors = await refusal(boss, precondition={"url": "https://example.org/"}, digest=digest)
    assert errors.keys() == {"precondition"}


async def test_a_simulation_says_that_it_would_be_asked_and_asks_nobody(
    boss: Door, ada: Door, market: Marketplace
) -> None:
    url = market.answering("false")
    body = {"user": ada.user, "notification_type": "booking", "channels": ["in_app", "email"]}
    answer = await boss.call("POST", "simulate/", json=body | {"precondition": {"url": url}})
    assert {name: [rung["asks_first"] for rung in rungs] for name, rungs in answer.json()["channels"].items()} == {
        "in_app": [False],
        "email": [True],
    }
    assert market.questions(url) == []
    assert (await boss.call("POST", "simulate/", json=body | {"precondition": {"url": "x"}})).status_code == 400


async def test_the_address_is_in_no_log_and_no_answer(
    asking: LaunchedStack, boss: Door, ada: Door, market: Marketplace
) -> None:
    url = market.answering(503, secret="canary")
    created = await asked_about(boss, ada, url, "drop")
    detail = await ended(boss, created)
    timeline = await boss.get(f"notifications/{created['id']}/timeline/")
    assert market.questions(url)
    assert "canary" not in f"{created}{detail}{timeline}{asking.log.read_text()}"


def _in(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


async def first_in_inbox(owner: Door) -> dict[str, Any]:
    async with asyncio.timeout(15):
        while not (found := (await owner.get("notifications/"))["results"]):
            await asyncio.sleep(0.05)
    item: dict[str, Any] = found[0]
    return item
