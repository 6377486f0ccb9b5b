import hashlib
import hmac
import json
import time
from itertools import pairwise

import pytest
from sandbox_running import WEBHOOK_SECRET, eventually, running_receiver, running_sandbox

STORY = ["ENQUEUED", "SENT", "DELIVERED"]


async def test_every_status_is_told_in_order_and_signed_over_the_raw_bytes() -> None:
    async with running_receiver() as receiver, running_sandbox(webhook_url=receiver.url) as sandbox:
        await sandbox.send()
        await eventually(receiver.statuses, STORY)

    for headers, body in receiver.received:
        fields = dict(part.split("=") for part in headers["courier-signature"].split(","))
        expected = hmac.new(WEBHOOK_SECRET.encode(), f"{fields['t']}.".encode() + body, hashlib.sha256).hexdigest()
        assert fields["signature"] == expected
        assert abs(int(fields["t"]) - time.time() * 1000) < 60_000


async def test_a_webhook_carries_what_the_message_lookup_gives() -> None:
    async with running_receiver() as receiver, running_sandbox(webhook_url=receiver.url) as sandbox:
        message_id = await sandbox.send()
        await eventually(receiver.statuses, STORY)

        update = json.loads(receiver.received[-1][1])
        assert update["type"] == "message:updated"
        data = update["data"]
        assert data == (await sandbox.courier.messages.retrieve(message_id)).model_dump(
            by_alias=True, exclude_unset=True
        )
        assert (data["id"], data["recipient"], data["status"]) == (message_id, "42", "DELIVERED")
        assert data["metadata"] == {"trace_id": "trace-1", "tags": ["booking"]}
        assert data["enqueued"] < data["sent"] < data["delivered"]


async def test_an_address_that_starts_with_bounce_bounces() -> None:
    async with running_receiver() as receiver, running_sandbox(webhook_url=receiver.url) as sandbox:
        message_id = await sandbox.send(to={"user_id": "42", "email": "bounce+7@example.org"})
        await eventually(receiver.statuses, ["ENQUEUED", "SENT", "UNDELIVERABLE"])

        data = json.loads(receiver.received[-1][1])["data"]
        assert data["reason"] == "BOUNCED"
        assert data["providers"][0]["error"]
        assert (await sandbox.courier.messages.retrieve(message_id)).reason == "BOUNCED"


async def test_duplicate_webhooks_come_twice() -> None:
    async with running_receiver() as receiver, running_sandbox(webhook_url=receiver.url) as sandbox:
        await sandbox.script("duplicate_webhooks")
        await sandbox.send()
        await eventually(receiver.statuses, [status for status in STORY for _ in range(2)])

    bodies = [body for _, body in receiver.received]
    assert bodies[0::2] == bodies[1::2]


async def test_out_of_order_webhooks_come_last_status_first() -> None:
    async with running_receiver() as receiver, running_sandbox(webhook_url=receiver.url) as sandbox:
        await sandbox.script("out_of_order_webhooks")
        await sandbox.send()

        await eventually(receiver.statuses, STORY[::-1])


async def test_the_webhooks_of_a_replayed_call_are_not_repeated() -> None:
    async with running_receiver() as receiver, running_sandbox(webhook_url=receiver.url) as sandbox:
        await sandbox.send("key")
        await sandbox.send("key")
        last = await sandbox.send("another key")
        await eventually(lambda: [json.loads(body)["data"]["id"] for _, body in receiver.received].count(last), 3)

        await eventually(lambda: len(receiver.received), 6)


@pytest.mark.parametrize("status", [500, 302])
async def test_a_webhook_is_posted_again_until_the_receiver_takes_it(status: int) -> None:
    async with running_receiver() as receiver:
        receiver.answers.append(status)
        async with running_sandbox(webhook_url=receiver.url) as sandbox:
            await sandbox.send()
            await eventually(lambda: sorted(receiver.statuses()), sorted(STORY))

    times = [int(headers["courier-signature"].split(",")[0].removeprefix("t=")) for headers, _ in receiver.received]
    assert all(earlier <= later for earlier, later in pairwise(times))


async def test_connections_to_the_receiver_are_kept() -> None:
    async with running_receiver() as receiver, running_sandbox(webhook_url=receiver.url) as sandbox:
        for _ in range(5):
            await sandbox.send()
        await eventually(lambda: len(receiver.received), 15)

    assert receiver.connections < 15


async def test_a_receiver_that_is_away_does_not_hold_up_the_message() -> None:
    async with running_sandbox(webhook_url="http://127.0.0.1:9/nobody") as sandbox:
        message_id = await sandbox.send()

        await eventually(lambda: sandbox.status_of(message_id), "DELIVERED")
