"""Whoever wanted a notification is asked, right before each send, whether it is still true."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from asked import SKIPPED, answers, asked_about, ended, instant, outcome, sent_to
from asked_marketplace import Answer, Marketplace, marketplace
from gathered import inbox
from rest_door import Door, delivery, person, reachable, refusal, staff
from standardwebhooks import Webhook

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient


@pytest.fixture(scope="module")
def market() -> Iterator[Marketplace]:
    with marketplace() as running:
        yield running


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
async def ada(stack: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> Door:
    return await reachable(boss, person(stack, http), phone_number="+15005550006")


async def test_what_is_still_true_is_sent_and_the_timeline_says_that_it_was_asked(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace, stack: LaunchedStack
) -> None:
    url = market.answering("true")
    created = await asked_about(
        boss, ada, url, related_object_type="booking", related_object_id="7", notification_key=f"key-{uuid4().hex}"
    )
    await ended(boss, created)
    assert await sent_to(http, ada) == ["email"]
    assert await answers(boss, created) == ["still_true"]

    (question,) = market.questions(url)
    Webhook(stack.environment["PRECONDITION_SECRET"]).verify(question.body, question.headers)
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


async def test_a_reminder_is_asked_about_when_it_fires(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace
) -> None:
    url = market.answering("false")
    body = {
        "anchor": f"booking:{uuid4().hex}",
        "user": ada.user,
        "starts_at": instant(seconds=61),
        "offsets": [60],
        "title": "Soon",
        "message": "It starts.",
        "delivery_channels": ["in_app", "email"],
        "precondition": {"url": url},
    }
    answer = await boss.call("POST", "reminders/", json=body)
    assert (answer.status_code, market.questions(url)) == (201, [])
    assert outcome(await ended(boss, (await inbox(ada))[0])) == SKIPPED
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
    assert outcome(await ended(boss, (await inbox(ada))[0])) == SKIPPED
    assert [question.about["user"] for question in market.questions(url)] == [ada.user]
    assert await sent_to(http, ada) == []


async def test_the_same_call_over_the_client(
    client: NotificationsClient, ada: Door, boss: Door, market: Marketplace
) -> None:
    url = market.answering("false")
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
