"""One notification, whole: from a service's call to the open socket and the vendor, with the vendor failing."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any
from uuid import uuid4

import httpx
import pytest
import websockets

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient
from notifications.contracts.names import delivery_id, send_key
from notifications.contracts.vocabulary import Channel

BASE = "/api/v1/drf/notifications"
DEADLINE_SECONDS = 30

# The product description's own example, in a process of its own as a Django service would run it.
DESCRIPTION_EXAMPLE = """
from notifications.api.v1.utils import create_in_app_notification

class User:
    pk = {user!r}

user = User()

# Create a notification
notification = create_in_app_notification(
    user=user,
    title="Booking Confirmed",
    message="Your yoga session with Jane Doe is confirmed",
    notification_type="booking",
    related_object_type="booking",
    related_object_id="123",
    metadata={{
        'practitioner_name': 'Jane Doe',
        'service_name': 'Yoga Session',
        'booking_time': '2024-01-15T10:00:00Z'
    }}
)
print(notification.id, notification.status, notification.title)
"""


class Person:
    """A recipient with an address for everything, a socket, and a look at what the vendor got."""

    def __init__(self, stack: LaunchedStack, http: httpx.AsyncClient) -> None:
        self.user = f"person-{uuid4().hex[:12]}"
        self.email = f"{self.user}@example.org"
        self.token = stack.token(self.user)
        self._stack = stack
        self._http = http
        self._staff = {"Authorization": f"Bearer {stack.token('staff', staff=True)}"}

    async def described(self) -> "Person":
        description = {
            "name": "Ana Silva",
            "email": self.email,
            "phone_number": "+351912345678",
            "push_tokens": [f"token-{self.user}"],
        }
        answer = await self._http.put(f"{BASE}/recipients/{self.user}/", json=description, headers=self._staff)
        assert answer.status_code == 201
        return self

    async def detail(self, id: object) -> dict[str, Any]:
        answer = await self._http.get(f"{BASE}/notifications/{id}/", headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code == 200
        return dict(answer.json())

    async def sandbox(self, listing: str, channel: str) -> list[dict[str, Any]]:
        """What the vendor has of this person on a channel, oldest first."""
        answer = await self._http.get(f"/courier-sandbox/{listing}?user={self.user}&channel={channel}")
        return list(reversed(answer.json()["results"]))

    @asynccontextmanager
    async def socket(self) -> AsyncIterator["Frames"]:
        async with websockets.connect(f"{self._stack.websocket_url}?token={self.token}") as connection:
            yield Frames(connection)


class Frames:
    """What arrives on a socket, waited for by what it is."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self._connection = connection
        self.seen: list[dict[str, Any]] = []

    async def until(self, **wanted: object) -> dict[str, Any]:
        """The next frame whose fields, or whose data's fields, are as wanted."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                frame = json.loads(await self._connection.recv())
                self.seen.append(frame)
                known = {**frame, **frame.get("data", {})}
                if all(known.get(name) == value for name, value in wanted.items()):
                    return dict(frame)


@pytest.fixture
async def person(stack: LaunchedStack, http: httpx.AsyncClient) -> Person:
    return await Person(stack, http).described()


async def test_the_descriptions_python_example_reaches_an_open_socket(stack: LaunchedStack, person: Person) -> None:
    async with person.socket() as frames:
        await frames.until(type="connection_established")
        example = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            DESCRIPTION_EXAMPLE.format(user=person.user),
            env={"TEMPORAL_ADDRESS": stack.temporal_address, "PYTHONPATH": "."},
            stdout=subprocess.PIPE,
        )
        printed, _ = await example.communicate()
        frame = await frames.until(type="new_notification")
        count = await frames.until(type="unread_count")

    shown, status, title = printed.decode().strip().split(" ", 2)
    assert (status, title) == ("sent", "Booking Confirmed")
    assert frame["notification"]["id"] == shown
    assert frame["notification"]["metadata"]["practitioner_name"] == "Jane Doe"
    assert frame["notification"]["related_object_id"] == "123"
    assert count == {"type": "unread_count", "count": 1, "seq": frame["seq"]}


async def test_every_channel_gets_the_message_under_its_own_key(client: NotificationsClient, person: Person) -> None:
    async with person.socket() as frames:
        notification = await client.notify(
            user=person.user,
            title="Room changed",
            message="We meet in the garden.",
            notification_type="session",
            delivery_channels=["in_app", "email", "sms", "push"],
        )
        for _ in ("email", "sms", "push"):
            await frames.until(update_type="delivery", status="delivered")

    addresses = {"email": person.email, "sms": "+351912345678", "push": f"token-{person.user}"}
    for channel, address in addresses.items():
        (message,) = await person.sandbox("messages", channel)
        assert message["title"] == "Room changed"
        assert message["body"] == "We meet in the garden."
        assert message["to"] in (address, [address])
        assert message["idempotency_key"] == send_key(delivery_id(notification.id, Channel(channel)), 0)
    detail = await person.detail(notification.id)
    assert detail["status"] == "sent"
    assert {delivery["channel"]: delivery["status"] for delivery in detail["deliveries"]} == dict.fromkeys(
        ["in_app", "email", "sms", "push"], "delivered"
    )


async def test_a_failing_vendor_is_retried_until_exactly_one_message_is_sent(
    client: NotificationsClient, person: Person, http: httpx.AsyncClient
) -> None:
    script = [500, {"status": 429, "retry_after": 3}, 202]
    assert (await http.put("/courier-sandbox/faults", json={"channel": "sms", "script": script})).is_success

    async with person.socket() as frames:
        notification = await client.notify(
            user=person.user,
            title="Your code",
            message="481516",
            notification_type="session",
            delivery_channels=["in_app", "sms"],
        )
        first = await frames.until(update_type="delivery", channel="sms", attempts=1)
        second = await frames.until(update_type="delivery", channel="sms", attempts=2)
        sent = await frames.until(update_type="delivery", channel="sms", status="sent")

    for retried in (first, second):
        assert retried["data"]["status"] == "sending"
        assert retried["data"]["reason"] == "provider_unavailable"
        assert retried["data"]["next_attempt_at"] is not None
    assert sent["data"]["attempts"] == 3
    seqs = [frame["seq"] for frame in frames.seen if "update_type" in frame or "notification" in frame]
    assert all(later == earlier + 1 for earlier, later in pairwise(seqs))

    assert len(await person.sandbox("messages", "sms")) == 1
    requests = await person.sandbox("requests", "sms")
    assert [request["status_code"] for request in requests] == [500, 429, 202]
    keys = [request["idempotency_key"] for request in requests]
    # Courier would repeat its stored 500 to the first key; a 429 is refused before anything is stored.
    assert keys[0] != keys[1]
    assert keys[1] == keys[2]

    detail = await person.detail(notification.id)
    assert detail["status"] == "sent"
    (delivery,) = [delivery for delivery in detail["deliveries"] if delivery["channel"] == "sms"]
    assert delivery["attempts"] == 3


async def test_an_answer_lost_after_the_vendor_accepted_does_not_send_twice(
    client: NotificationsClient, person: Person, http: httpx.AsyncClient
) -> None:
    faults = {"channel": "push", "script": ["drop_after_accept"]}
    assert (await http.put("/courier-sandbox/faults", json=faults)).is_success

    async with person.socket() as frames:
        await client.notify(
            user=person.user,
            title="New message",
            message="See you there!",
            notification_type="message",
            delivery_channels=["in_app", "push"],
        )
        silent = await frames.until(update_type="delivery", channel="push", reason="provider_silent")
        await frames.until(update_type="delivery", channel="push", status="delivered")

    assert silent["data"]["status"] == "sending"
    assert len(await person.sandbox("messages", "push")) == 1
    keys = {request["idempotency_key"] for request in await person.sandbox("requests", "push")}
    assert len(keys) == 1


async def test_a_final_refusal_fails_the_delivery_and_is_not_asked_again(
    client: NotificationsClient, person: Person, http: httpx.AsyncClient
) -> None:
    assert (await http.put("/courier-sandbox/faults", json={"channel": "email", "script": [400]})).is_success

    async with person.socket() as frames:
        notification = await client.notify(
            user=person.user,
            title="Receipt",
            message="Thank you.",
            notification_type="payment",
            delivery_channels=["in_app", "email"],
        )
        failed = await frames.until(update_type="delivery", channel="email", status="failed")

    assert failed["data"]["reason"] == "provider_rejected"
    assert len(await person.sandbox("requests", "email")) == 1
    assert (await person.detail(notification.id))["status"] == "failed"
