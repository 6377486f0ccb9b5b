"""`webhooks/courier/`: signed reports move deliveries forward, and nothing else does anything."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from rest_door import BASE, Door, create, delivery, person, staff
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from deploy.local.launch import LaunchedStack
from persistence.database import Database
from persistence.inbox import InboxRepository

PATH = f"{BASE}/webhooks/courier/"


def report(message_id: str, status: str, **data: Any) -> bytes:
    return json.dumps({"type": "message:updated", "data": {"id": message_id, "status": status, **data}}).encode()


def signed(stack: LaunchedStack, body: bytes, *, age_seconds: float = 0, secret: str | None = None) -> dict[str, str]:
    moment = str(int((time.time() - age_seconds) * 1000))
    key = (secret or stack.environment["COURIER_WEBHOOK_SECRET"]).encode()
    signature = hmac.new(key, moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"courier-signature": f"t={moment},signature={signature}", "content-type": "application/json"}


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=2)
    yield database
    await database.close()


@dataclass(frozen=True)
class Sent:
    """An email that the vendor has taken over, as far as the rows tell: no vendor reports on it but the test."""

    owner: Door
    notification_id: str
    message_id: str

    async def email(self) -> dict[str, Any]:
        return delivery(await self.owner.get(f"notifications/{self.notification_id}/"), "email")


async def in_the_vendors_hands(
    stack: LaunchedStack, http: httpx.AsyncClient, database: Database, status: str = "sent"
) -> Sent:
    owner, message_id = person(stack, http), f"1-{uuid4()}"
    await staff(stack, http).call("PUT", f"recipients/{owner.user}/", json={"email": f"{owner.user}@example.org"})
    waiting = {"delivery_channels": ["email"], "scheduled_for": "2039-01-01T00:00:00Z"}
    created = await create(staff(stack, http), owner.user, **waiting)
    async with database.transaction() as transaction:
        await transaction.connection.execute(
            text(
                "UPDATE deliveries SET status = :status, reason = NULL, next_attempt_at = NULL,"
                " provider_message_id = :id WHERE notification_id = :of"
            ),
            {"status": status, "id": message_id, "of": created["id"]},
        )
    return Sent(owner, created["id"], message_id)


async def test_an_unsigned_report_is_401(http: httpx.AsyncClient) -> None:
    response = await http.post(PATH, content=report("1-x", "DELIVERED"))
    assert (response.status_code, response.json()) == (401, {"detail": "The signature is not valid."})


async def test_a_report_signed_with_another_secret_is_401(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    body = report("1-x", "DELIVERED")
    response = await http.post(PATH, content=body, headers=signed(stack, body, secret="guessed"))
    assert response.status_code == 401


async def test_a_report_changed_after_signing_is_401(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    response = await http.post(
        PATH, content=report("1-y", "DELIVERED"), headers=signed(stack, report("1-x", "DELIVERED"))
    )
    assert response.status_code == 401


@pytest.mark.parametrize("age_seconds", [301, -301])
async def test_a_report_signed_too_long_ago_or_ahead_is_401(
    stack: LaunchedStack, http: httpx.AsyncClient, age_seconds: int
) -> None:
    body = report("1-x", "DELIVERED")
    response = await http.post(PATH, content=body, headers=signed(stack, body, age_seconds=age_seconds))
    assert response.status_code == 401


@pytest.mark.parametrize(
    "header", ["", "t=,signature=", "t=abc,signature=ff", "signature=ff", "t=1", "é", f"t={'9' * 5000},signature=ff"]
)
async def test_a_malformed_signature_is_401(http: httpx.AsyncClient, header: str) -> None:
    response = await http.post(PATH, content=b"{}", headers={b"courier-signature": header.encode()})
    assert response.status_code == 401


async def test_a_token_is_no_signature(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    response = await http.post(PATH, content=b"{}", headers=staff(stack, http).headers)
    assert response.status_code == 401


UNSTORABLE = b'{"data": {"id": "1-\\u0000", "status": "DELIVERED"}}'


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"data": 1}', b'{"data": {"id": "1-x"}}', b"\xff", UNSTORABLE])
async def test_a_signed_report_without_id_and_status_is_400(
    stack: LaunchedStack, http: httpx.AsyncClient, body: bytes
) -> None:
    response = await http.post(PATH, content=body, headers=signed(stack, body))
    assert (response.status_code, list(response.json())) == (400, ["data"])


@pytest.mark.parametrize("enqueued", [1, 9_999_999_999_999, 10**30, None])
async def test_an_unknown_message_of_any_other_time_is_taken_note_of(
    stack: LaunchedStack, http: httpx.AsyncClient, enqueued: int | None
) -> None:
    body = report(f"1-{uuid4()}", "DELIVERED", enqueued=enqueued)
    assert (await http.post(PATH, content=body, headers=signed(stack, body))).status_code == 204


async def test_an_unknown_message_of_just_now_is_to_be_reported_again(
    stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    body = report(f"1-{uuid4()}", "DELIVERED", enqueued=int(time.time() * 1000))
    response = await http.post(PATH, content=body, headers=signed(stack, body))
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")


@pytest.mark.parametrize(
    ("before", "told", "after"),
    [
        ("sent", ("DELIVERED", None), ("delivered", None)),
        ("sent", ("OPENED", None), ("delivered", None)),
        ("sent", ("UNDELIVERABLE", "BOUNCED"), ("failed", "bounced")),
        ("sent", ("UNDELIVERABLE", None), ("failed", "provider_rejected")),
        ("failed", ("DELIVERED", None), ("delivered", None)),
        ("sending", ("DELIVERED", None), ("delivered", None)),
        ("sent", ("ENQUEUED", None), ("sent", None)),
        ("sent", ("A_NEW_WORD", None), ("sent", None)),
        ("delivered", ("SENT", None), ("delivered", None)),
        ("delivered", ("UNDELIVERABLE", "BOUNCED"), ("delivered", None)),
        ("cancelled", ("DELIVERED", None), ("cancelled", None)),
    ],
)
async def test_a_signed_report_moves_a_delivery_forward_only(  # noqa: PLR0917 - a fixture or a case each
    stack: LaunchedStack,
    http: httpx.AsyncClient,
    database: Database,
    before: str,
    told: tuple[str, str | None],
    after: tuple[str, str | None],
) -> None:
    sent = await in_the_vendors_hands(stack, http, database, before)
    body = report(sent.message_id, told[0], reason=told[1])
    response = await http.post(PATH, content=body, headers=signed(stack, body))
    email = await sent.email()
    assert (response.status_code, (email["status"], email["reason"])) == (204, after)


async def test_a_repeated_report_tells_the_owners_sockets_once(
    stack: LaunchedStack, http: httpx.AsyncClient, database: Database
) -> None:
    sent = await in_the_vendors_hands(stack, http, database)
    body = report(sent.message_id, "DELIVERED")
    for _ in range(3):
        await http.post(PATH, content=body, headers=signed(stack, body))
    async with database.transaction() as transaction:
        told = await InboxRepository(transaction).events_after({sent.owner.user: 0}, most=10)
    assert [event.message["update_type"] for event in told] == ["delivery"]


async def test_a_delivered_email_makes_its_notification_sent(
    stack: LaunchedStack, http: httpx.AsyncClient, database: Database
) -> None:
    sent = await in_the_vendors_hands(stack, http, database)
    body = report(sent.message_id, "DELIVERED")
    await http.post(PATH, content=body, headers=signed(stack, body))
    assert (await sent.owner.get(f"notifications/{sent.notification_id}/"))["status"] == "sent"


async def test_a_report_waits_for_the_inboxs_turn_with_the_delivery_still_free(
    stack: LaunchedStack, http: httpx.AsyncClient, database: Database
) -> None:
    """The other way round it would hold what the inbox's holder needs next: a deadlock."""
    sent = await in_the_vendors_hands(stack, http, database)
    body = report(sent.message_id, "OPENED")
    async with database.transaction() as turn:
        await InboxRepository(turn).lock(sent.owner.user)
        reporting = asyncio.create_task(http.post(PATH, content=body, headers=signed(stack, body)))
        await somebody_waits_for(turn.connection, database)
        await turn.connection.execute(
            text("SELECT 1 FROM deliveries WHERE provider_message_id = :id FOR UPDATE NOWAIT"), {"id": sent.message_id}
        )
    assert (await reporting).status_code == 204


async def somebody_waits_for(holder: AsyncConnection, database: Database) -> None:
    """Returns when another transaction waits for a lock of this one."""
    pid = await holder.scalar(text("SELECT pg_backend_pid()"))
    blocked = text("SELECT count(*) FROM pg_stat_activity WHERE :pid = ANY(pg_blocking_pids(pid))")
    async with asyncio.timeout(5):
        while True:
            async with database.transaction() as observer:
                if await observer.connection.scalar(blocked, {"pid": pid}):
                    return
            await asyncio.sleep(0.01)
