"""Failed deliveries are tried again, and never sent twice where the vendor can tell."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import websockets
from refused_email import KEYS, arrived, email_of, failed, fault, press, vendor
from rest_door import UNKNOWN, Door, create, delivery, person, reachable, settled, staff, wanted
from sqlalchemy import text
from test_courier_reports import PATH, report, signed

from deploy.local.launch import LaunchedStack
from notifications.contracts.names import send_key
from persistence.database import Database


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
async def ada(stack: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> Door:
    """Somebody who can be reached by email and text."""
    return await reachable(boss, person(stack, http), name="Ada", phone_number="+351912345678")


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=1)
    yield database
    await database.close()


async def write(database: Database, notification: dict[str, Any], *statements: str) -> None:
    """Rewrites what has happened, in SQL."""
    async with database.transaction() as transaction:
        for statement in statements:
            names = {"id": notification["id"], "email": email_of(notification)}
            await transaction.connection.execute(
                text(statement), {k: v for k, v in names.items() if f":{k}" in statement}
            )


async def test_a_refused_delivery_is_tried_again_with_a_new_key(boss: Door, http: httpx.AsyncClient, ada: Door) -> None:
    notification = await failed(boss, http, ada)
    assert notification["status"] == "failed"
    answer = await press(boss, notification)
    assert (answer.status_code, answer.json().keys(), answer.json()["redrives"]) == (200, KEYS, 1)
    assert (await arrived(boss, notification))["attempts"] == 2
    requests = await vendor(http, ada, "requests")
    assert [request["status_code"] for request in requests] == [400, 202]
    # The vendor would repeat its stored 400 to the first key.
    assert [request["idempotency_key"][-2:] for request in requests] == [":0", ":1"]
    assert len(await vendor(http, ada)) == 1


async def test_whoever_watches_sees_it_fail_wait_and_arrive(
    stack: LaunchedStack, boss: Door, http: httpx.AsyncClient, ada: Door
) -> None:
    seen: list[str] = []
    async with websockets.connect(f"{stack.websocket_url}?token={stack.token(ada.user)}") as socket:
        notification = await failed(boss, http, ada)
        await press(boss, notification)
        async with asyncio.timeout(10):
            while "delivered" not in seen:
                frame = json.loads(await socket.recv())
                if frame.get("update_type") == "delivery":
                    seen.append(frame["data"]["status"])
    assert seen == ["failed", "pending", "sent", "delivered"]


async def test_pressed_many_times_at_once_it_is_tried_once(boss: Door, http: httpx.AsyncClient, ada: Door) -> None:
    notification = await failed(boss, http, ada)
    answers = await asyncio.gather(*(press(boss, notification) for _ in range(10)))
    assert Counter(answer.status_code for answer in answers) == {200: 10}
    await arrived(boss, notification)
    assert (await boss.get(f"deliveries/{email_of(notification)}/"))["redrives"] == 1
    assert len(await vendor(http, ada, "requests")) == 2


async def test_pressed_again_while_under_way_it_tells_how_it_stands(
    boss: Door, http: httpx.AsyncClient, ada: Door
) -> None:
    notification = await failed(boss, http, ada)
    await fault(http, "email", {"status": 429, "retry_after": 3})
    await press(boss, notification)
    await settled(boss, notification["id"], lambda found: delivery(found, "email")["next_attempt_at"] is not None)
    again = await press(boss, notification)
    assert (again.status_code, again.json()["status"], again.json()["redrives"]) == (200, "sending", 1)
    assert (await boss.get(f"notifications/{notification['id']}/"))["status"] == "pending"
    await arrived(boss, notification)
    assert len(await vendor(http, ada)) == 1


async def test_a_delivery_that_fails_again_is_redriven_again(boss: Door, http: httpx.AsyncClient, ada: Door) -> None:
    notification = await failed(boss, http, ada)
    await fault(http, "email", 400)
    await press(boss, notification)
    await settled(boss, notification["id"], lambda found: delivery(found, "email")["attempts"] == 2)
    await settled(boss, notification["id"], lambda found: found["status"] == "failed")
    assert (await press(boss, notification)).json()["redrives"] == 2
    await arrived(boss, notification)
    assert [request["status_code"] for request in await vendor(http, ada, "requests")] == [400, 400, 202]


async def test_an_answer_that_never_came_keeps_its_key_so_that_nothing_is_sent_twice(
    boss: Door, http: httpx.AsyncClient, ada: Door, database: Database
) -> None:
    notification = await create(boss, ada.user, delivery_channels=["email"])
    await arrived(boss, notification)
    await write(
        database,
        notification,
        "UPDATE attempts SET outcome = 'unknown' WHERE delivery_id = :email",
        "UPDATE deliveries SET status = 'failed', reason = 'provider_silent', provider_message_id = NULL,"
        " sent_at = NULL, delivered_at = NULL WHERE id = :email",
        "UPDATE notifications SET status = 'failed' WHERE id = :id",
    )
    assert (await press(boss, notification)).status_code == 200
    await settled(boss, notification["id"], lambda found: found["status"] == "sent")
    keys = [request["idempotency_key"] for request in await vendor(http, ada, "requests")]
    assert keys == [send_key(UUID(email_of(notification)), 0)] * 2
    assert len(await vendor(http, ada)) == 1


async def test_a_bounce_after_it_was_sent_can_be_redriven_and_its_late_reports_do_no_harm(
    stack: LaunchedStack, boss: Door, http: httpx.AsyncClient, ada: Door, database: Database
) -> None:
    notification = await create(boss, ada.user, delivery_channels=["email"])
    first = await arrived(boss, notification)
    await write(database, notification, "UPDATE deliveries SET status = 'sent', delivered_at = NULL WHERE id = :email")
    bounce = report(first["provider_message_id"], "UNDELIVERABLE", reason="BOUNCED")
    await http.post(PATH, content=bounce, headers=signed(stack, bounce))
    bounced = await boss.get(f"notifications/{notification['id']}/")
    assert (bounced["status"], delivery(bounced, "email")["reason"]) == ("failed", "bounced")

    await press(boss, notification)
    await http.post(PATH, content=bounce, headers=signed(stack, bounce))
    second = await arrived(boss, notification)
    assert second["provider_message_id"] != first["provider_message_id"]
    assert second["sent_at"] > first["sent_at"]
    assert len(await vendor(http, ada)) == 2
    entries = (await boss.get(f"notifications/{notification['id']}/timeline/"))["entries"]
    told = [entry["event"] for entry in entries if entry["event"] in ("sent", "failed", "redriven", "delivered")]
    assert told == ["sent", "failed", "redriven", "sent", "delivered"]


async def test_a_redrive_does_not_touch_the_other_channels(boss: Door, http: httpx.AsyncClient, ada: Door) -> None:
    await fault(http, "sms", {"status": 429, "retry_after": 600})
    notification = await failed(boss, http, ada, delivery_channels=["in_app", "email", "sms"])
    await settled(boss, notification["id"], lambda found: delivery(found, "sms")["next_attempt_at"] is not None)
    await press(boss, notification)
    found = await settled(boss, notification["id"], lambda detail: delivery(detail, "email")["status"] == "delivered")
    assert (found["status"], delivery(found, "sms")["status"]) == ("pending", "sending")
    requests = await vendor(http, ada, "requests")
    assert Counter(request["channel"] for request in requests) == {"email": 2, "sms": 1}
    cancelled = await boss.call("POST", f"notifications/{notification['id']}/cancel/")
    assert cancelled.status_code == 200


async def test_what_is_tried_again_can_still_be_cancelled(boss: Door, http: httpx.AsyncClient, ada: Door) -> None:
    notification = await failed(boss, http, ada)
    await fault(http, "email", {"status": 429, "retry_after": 600})
    await press(boss, notification)
    await settled(boss, notification["id"], lambda found: delivery(found, "email")["next_attempt_at"] is not None)
    cancelled = await boss.call("POST", f"notifications/{notification['id']}/cancel/")
    effects = {each["channel"]: each["effect"] for each in cancelled.json()["channels"]}
    assert effects == {"in_app": "already_sent", "email": "stopped"}
    assert await vendor(http, ada) == []


async def test_the_waits_between_attempts_begin_anew(
    boss: Door, http: httpx.AsyncClient, ada: Door, database: Database
) -> None:
    notification = await failed(boss, http, ada)
    await write(
        database,
        notification,
        "UPDATE attempts SET number = 30 WHERE delivery_id = :email",
        "UPDATE deliveries SET attempts = 30 WHERE id = :email",
    )
    await fault(http, "email", 429)
    await press(boss, notification)
    # The thirty-first wait of an email would be five minutes.
    assert (await arrived(boss, notification))["attempts"] == 32


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE deliveries SET status = 'sent' WHERE id = :email", "this one is sent"),
        ("UPDATE deliveries SET status = 'skipped' WHERE id = :email", "this one is skipped"),
        ("UPDATE notifications SET expires_at = now() WHERE id = :id", "It would have come after its expiry."),
    ],
)
async def test_what_cannot_be_tried_again_is_409_with_the_reason(  # noqa: PLR0917 - fixtures
    boss: Door, http: httpx.AsyncClient, ada: Door, database: Database, change: str, told: str
) -> None:
    notification = await failed(boss, http, ada)
    await write(database, notification, change)
    answer = await press(boss, notification)
    assert (answer.status_code, answer.json().keys()) == (409, {"detail"})
    assert told in answer.json()["detail"]
    assert len(await vendor(http, ada, "requests")) == 1


async def test_a_missing_address_keeps_it_failed_until_there_is_one(
    boss: Door, http: httpx.AsyncClient, ada: Door
) -> None:
    notification = await failed(boss, http, ada)
    await boss.call("PATCH", f"recipients/{ada.user}/", json={"email": None})
    answer = await press(boss, notification)
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "It would not be sent any more. There is no address for this channel.",
    )
    await boss.call("PATCH", f"recipients/{ada.user}/", json={"email": "ada.lovelace@example.org"})
    assert (await press(boss, notification)).status_code == 200
    await arrived(boss, notification)
    (message,) = await vendor(http, ada)
    assert message["to"] == "ada.lovelace@example.org"


async def test_an_unknown_delivery_is_404(boss: Door) -> None:
    for method, path in (("GET", "deliveries/{}/"), ("POST", "deliveries/{}/redrive/")):
        for unknown in (UNKNOWN, "no-uuid"):
            assert (await boss.call(method, path.format(unknown))).status_code == 404


async def test_a_deleted_notification_is_not_revived(boss: Door, http: httpx.AsyncClient, ada: Door) -> None:
    notification = await failed(boss, http, ada)
    await ada.call("DELETE", f"notifications/{notification['id']}/")
    assert (await press(boss, notification)).status_code == 404
    assert await ada.titles() == []


async def test_a_key_stands_for_its_notification_during_and_after_a_redrive(
    boss: Door, http: httpx.AsyncClient, ada: Door
) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    body = wanted(ada.user, delivery_channels=["in_app", "email"])

    async def post(**changes: Any) -> int:
        return (await boss.call("POST", "notifications/", json=body | changes, headers=headers)).status_code

    await fault(http, "email", 400)
    first = (await boss.call("POST", "notifications/", json=body, headers=headers)).json()
    await settled(boss, first["id"], lambda found: found["status"] == "failed")
    await fault(http, "email", {"status": 429, "retry_after": 2})
    await press(boss, first)
    assert (await post(), await post(title="Other")) == (200, 409)
    await arrived(boss, first)
    assert (await post(), await post(title="Other")) == (200, 409)
    assert await ada.titles() == ["Terms"]


async def test_after_an_outage_a_page_of_failures_is_tried_again_at_once(
    boss: Door, http: httpx.AsyncClient, ada: Door, database: Database
) -> None:
    made = [await failed(boss, http, ada) for _ in range(3)]
    await write(database, made[0], "UPDATE notifications SET expires_at = now() WHERE id = :id")
    link = f"deliveries/redrive/?user={ada.user}&reason=provider_rejected&page_size=2"
    first = await boss.call("POST", link)
    assert (first.status_code, first.json()["started"]) == (202, 2)
    second = (await boss.call("POST", "deliveries/redrive/?" + first.json()["next"].partition("?")[2])).json()
    assert (second["started"], second["next"]) == (0, None)
    (expired,) = second["results"]
    assert (expired["id"], "expiry" in expired["detail"]) == (email_of(made[0]), True)
    for notification in made[1:]:
        await arrived(boss, notification)
    assert [request["status_code"] for request in await vendor(http, ada, "requests")] == [400] * 3 + [202] * 2
