"""`notifications/bulk/`: one call, many recipients; whoever is named is told once, and the counts are true."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from bulk_door import BATCH_KEYS, DETAIL_KEYS, announce, announcement, cancelled, ended, refused, somebody
from rest_door import UNKNOWN, Door, person, staff
from sqlalchemy import func, select
from temporalio.client import Client, WorkflowExecutionStatus

from deploy.local.launch import LaunchedStack
from notifications.contracts.names import batch_notification_id, bulk_workflow_id
from persistence.database import Database
from persistence.models import Notification


@pytest.fixture
def by(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


async def unread(by: Door, stack: LaunchedStack, users: list[str]) -> list[int]:
    counts = [await person(stack, by.http, user).get("notifications/unread_count/") for user in users]
    return [count["unread_count"] for count in counts]


async def test_a_batch_is_answered_202_with_its_id_and_where_to_look(by: Door) -> None:
    response = await by.call("POST", "notifications/bulk/", json=announcement(users=somebody(3)))
    assert (response.status_code, response.json().keys(), response.json()["total"]) == (
        202,
        {"id", "status", "total"},
        3,
    )
    found = await by.http.get(response.headers["Location"], headers=by.headers)
    assert (found.status_code, found.json()["id"]) == (200, response.json()["id"])


async def test_everybody_named_has_it_in_their_inbox_and_counted_once(by: Door, stack: LaunchedStack) -> None:
    users = somebody(30)
    await ended(by, await announce(by, users=users, title="To all"))
    assert await unread(by, stack, users) == [1] * len(users)
    assert await person(stack, by.http, users[7]).titles() == ["To all"]


async def test_progress_has_exactly_these_keys_and_true_counts(by: Door) -> None:
    batch = await ended(by, await announce(by, users=somebody(3), title="To all"))
    assert batch.keys() == DETAIL_KEYS
    assert {name: batch[name] for name in ("status", "total", "accepted", "failed", "stopped", "title")} == {
        "status": "completed",
        "total": 3,
        "accepted": 3,
        "failed": 0,
        "stopped": 0,
        "title": "To all",
    }
    assert batch["notifications"] == {"pending": 0, "sent": 3, "failed": 0, "cancelled": 0}
    assert batch["created_at"] <= batch["started_at"] <= batch["finished_at"]


async def test_who_is_named_twice_is_told_once(by: Door, stack: LaunchedStack) -> None:
    (user,) = somebody(1)
    assert (await ended(by, await announce(by, users=[user, user])))["total"] == 1
    assert await unread(by, stack, [user]) == [1]


async def test_everything_asked_for_is_in_each_detail(by: Door) -> None:
    (user,) = somebody(1)
    asked: dict[str, Any] = {
        "title": "Bräunung ☀",
        "message": "Two\nlines",
        "metadata": {"a": [1, 2.5, None, True, {"b": "ß"}]},
        "related_object_type": "booking",
        "related_object_id": "123",
        "group_key": "booking:123",
        "priority": "urgent",
        "expires_at": "2039-05-01T12:00:00Z",
        "delivery_channels": ["in_app", "push"],
    }
    batch = await ended(by, await announce(by, users=[user], escalation={"push": 900}, **asked))
    detail = await by.get(f"notifications/{batch_notification_id(UUID(batch['id']), user)}/")
    assert {name: detail[name] for name in asked} == asked


async def test_what_its_owner_wants_and_where_they_are_reached_is_decided_for_each(
    by: Door, stack: LaunchedStack
) -> None:
    silent, reached, unknown = somebody(3)
    await by.call("PUT", f"recipients/{reached}/", json={"email": f"{reached}@example.org"})
    off = {"notification_type": "review", "in_app_enabled": False}
    await person(stack, by.http, silent).call("POST", "notification-settings/", json=off)
    batch = await ended(
        by,
        await announce(
            by, users=[silent, reached, unknown], notification_type="review", delivery_channels=["in_app", "email"]
        ),
    )
    assert batch["notifications"] == {"pending": 0, "sent": 3, "failed": 0, "cancelled": 0}
    assert await unread(by, stack, [silent, reached, unknown]) == [0, 1, 1]
    messages = (await by.http.get("/courier-sandbox/messages?page_size=1000")).json()["results"]
    assert [message["user"] for message in messages if message["user"] in (silent, reached, unknown)] == [reached]


async def test_a_batch_through_a_provider_tells_how_it_went(by: Door) -> None:
    lucky, unlucky = sorted(somebody(2))
    for user in (lucky, unlucky):
        await by.call("PUT", f"recipients/{user}/", json={"phone_number": "+15005550006"})
    await by.http.put("/courier-sandbox/faults", json={"channel": "sms", "script": [202, 400]})
    batch = await ended(by, await announce(by, users=[lucky, unlucky], delivery_channels=["in_app", "sms"]))
    assert (batch["status"], batch["accepted"], batch["failed"]) == ("completed", 2, 0)
    assert batch["notifications"] == {"pending": 0, "sent": 1, "failed": 1, "cancelled": 0}


async def test_the_same_key_again_is_the_same_batch(by: Door, stack: LaunchedStack) -> None:
    users, headers = somebody(3), {"Idempotency-Key": uuid4().hex}
    first, second = [
        await by.call("POST", "notifications/bulk/", json=announcement(users=order), headers=headers)
        for order in (users, users[::-1])
    ]
    assert (first.status_code, second.status_code) == (202, 200)
    assert (second.json()["id"], second.headers["Idempotency-Replayed"]) == (first.json()["id"], "true")
    await ended(by, first.json()["id"])
    third = await by.call("POST", "notifications/bulk/", json=announcement(users=users), headers=headers)
    assert (third.status_code, third.json()) == (200, {"id": first.json()["id"], "status": "completed", "total": 3})
    assert await unread(by, stack, users) == [1, 1, 1]


async def test_the_same_key_with_another_body_is_409(by: Door) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    await by.call("POST", "notifications/bulk/", json=announcement(users=somebody(1)), headers=headers)
    response = await by.call("POST", "notifications/bulk/", json=announcement(users=somebody(1)), headers=headers)
    assert (response.status_code, response.json().keys()) == (409, {"detail"})


async def test_ten_equal_calls_at_once_make_one_batch(by: Door, stack: LaunchedStack) -> None:
    body, headers = announcement(users=somebody(2)), {"Idempotency-Key": uuid4().hex}
    answers = await asyncio.gather(
        *(by.call("POST", "notifications/bulk/", json=body, headers=headers) for _ in range(10))
    )
    assert Counter(answer.status_code for answer in answers) == {202: 1, 200: 9}
    await ended(by, answers[0].json()["id"])
    assert await unread(by, stack, body["users"]) == [1, 1]


@pytest.mark.parametrize(
    ("fields", "named", "told"),
    [
        ({}, "users", "Name either users or an audience."),
        ({"users": ["a"], "audience": {"all": True}}, "users", "Name either users or an audience."),
        ({"users": []}, "users", "Name at least one user."),
        ({"users": [True]}, "users", "valid string"),
        ({"users": [str(number) for number in range(10_001)]}, "users", "At most 10000 in one batch"),
        ({"audience": {}}, "audience", "This field is required."),
        ({"audience": {"all": False}}, "audience", "Input should be True."),
        ({"audience": {"all": True, "time_zone": "Mars/Base"}}, "audience", "Not a time zone"),
        ({"users": ["a"], "supersede_key": "x"}, "supersede_key", "A batch supersedes nothing."),
        ({"users": ["a"], "digest": {"key": "k"}}, "digest", "A batch is not gathered"),
        ({"users": ["a"], "title": ""}, "title", "This field is required."),
        ({"users": ["a"], "notification_type": "gossip"}, "notification_type", "is not one of"),
        ({"users": ["a"], "template_key": "no.such"}, "template_key", "There is no active template 'no.such'."),
        (
            {"users": ["a"], "template_key": "payment.received", "metadata": {"amount": "40 €"}},
            "metadata",
            "The variable 'service_name' is missing.",
        ),
    ],
)
async def test_a_bad_field_is_400_by_its_name(by: Door, fields: dict[str, Any], named: str, told: str) -> None:
    assert told in " ".join((await refused(by, **fields)).get(named, []))


async def test_a_refused_key_is_free_for_the_corrected_batch(by: Door) -> None:
    key, users = uuid4().hex, somebody(1)
    await refused(by, users=users, notification_key=key, template_key="payment.received")
    variables = {"amount": "40 €", "service_name": "Yoga"}
    batch = await announce(by, users=users, notification_key=key, template_key="payment.received", metadata=variables)
    assert (await ended(by, batch))["accepted"] == 1


async def test_a_locales_faulty_template_fails_those_who_read_it_and_nobody_else(by: Door) -> None:
    template = {"key": f"terms.{uuid4().hex[:8]}", "notification_type": "system", "delivery_channel": "in_app"}
    for locale, words in (("en", "Hello"), ("fr", "Bonjour {{ prenom }}")):
        body = {**template, "locale": locale, "subject_template": "Terms", "body_template": words}
        assert (await by.call("POST", "notification-templates/", json=body)).status_code == 201
    english, french, unknown = somebody(3)
    for user, locale in ((english, "en"), (french, "fr")):
        await by.call("PUT", f"recipients/{user}/", json={"locale": locale})
    batch = await ended(by, await announce(by, users=[english, french, unknown], template_key=template["key"]))
    assert (batch["status"], batch["accepted"], batch["failed"]) == ("completed", 2, 1)
    assert batch["failures"] == {"metadata: The variable 'prenom' is missing.": 1}


async def test_a_scheduled_batch_comes_at_its_time_and_not_before(by: Door, stack: LaunchedStack) -> None:
    users, due = somebody(3), datetime.now(UTC) + timedelta(seconds=2)
    batch = await announce(by, users=users, scheduled_for=due.isoformat())
    waiting = await by.get(f"notifications/bulk/{batch}/")
    assert (waiting["status"], waiting["accepted"], waiting["total"]) == ("pending", 0, 3)
    done = await ended(by, batch)
    assert await unread(by, stack, users) == [1, 1, 1]
    assert timedelta(0) <= datetime.fromisoformat(done["started_at"]) - due < timedelta(seconds=10)


async def test_a_scheduled_batch_that_is_cancelled_reaches_nobody_and_leaves_no_workflow(
    by: Door, stack: LaunchedStack
) -> None:
    batch = await announce(by, users=somebody(3), scheduled_for="2039-05-01T10:00:00Z")
    answer = await cancelled(by, batch)
    assert (answer.status_code, answer.json().keys()) == (200, DETAIL_KEYS)
    told = {name: answer.json()[name] for name in ("status", "total", "accepted", "stopped")}
    assert told == {"status": "cancelled", "total": 3, "accepted": 0, "stopped": 3}
    temporal = await Client.connect(stack.temporal_address)
    handle = temporal.get_workflow_handle(bulk_workflow_id(UUID(batch)))
    async with asyncio.timeout(10):
        await handle.result()
    assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED


async def test_cancelling_in_the_middle_tells_exactly_who_was_told(by: Door, stack: LaunchedStack) -> None:
    batch = await announce(by, users=somebody(10_000))
    async with asyncio.timeout(30):
        while not (await by.get(f"notifications/bulk/{batch}/"))["accepted"]:
            pass
    answer = (await cancelled(by, batch)).json()
    temporal = await Client.connect(stack.temporal_address)
    await temporal.get_workflow_handle(bulk_workflow_id(UUID(batch))).result()
    assert answer["status"] == "cancelled"
    assert 0 < answer["accepted"] < answer["total"] == 10_000
    assert answer["stopped"] == answer["total"] - answer["accepted"]
    assert await rows_of(stack, batch) == answer["accepted"]
    assert await by.get(f"notifications/bulk/{batch}/") == answer


async def rows_of(stack: LaunchedStack, batch: str) -> int:
    database = Database(stack.environment["DATABASE_URL"], pool_size=1)
    async with database.transaction() as transaction:
        found = await transaction.connection.scalar(select(func.count()).where(Notification.batch_id == UUID(batch)))
    await database.close()
    return found or 0


async def test_cancelling_again_gives_the_same_answer(by: Door) -> None:
    batch = await announce(by, users=somebody(3), scheduled_for="2039-05-01T10:00:00Z")
    first, second = await cancelled(by, batch), await cancelled(by, batch)
    assert (second.status_code, second.json()) == (200, first.json())


async def test_a_batch_that_has_ended_is_409_with_what_became_of_it(by: Door) -> None:
    batch = await ended(by, await announce(by, users=somebody(2)))
    answer = await cancelled(by, batch["id"])
    assert (answer.status_code, answer.json()) == (409, {"detail": "Nothing was left to stop.", **batch})


async def test_batches_are_listed_newest_first_in_pages(by: Door) -> None:
    made = [await announce(by, users=somebody(1)) for _ in range(3)]
    page = await by.get("notifications/bulk/", page_size=2)
    assert page.keys() == {"count", "next", "previous", "results"}
    assert [batch["id"] for batch in page["results"]] == made[:0:-1]
    assert page["results"][0].keys() == BATCH_KEYS
    following = (await by.http.get(page["next"], headers=by.headers)).json()
    assert following["results"][0]["id"] == made[0]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_unknown_batch_is_404(by: Door, method: str) -> None:
    response = await by.call(method, f"notifications/bulk/{UNKNOWN}/{'cancel/' if method == 'POST' else ''}")
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})
