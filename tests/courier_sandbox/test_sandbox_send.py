import re
from typing import Any

import courier
import pytest
from courier import AsyncCourier
from sandbox_running import message, running_sandbox

EMAIL_ROUTING = {"method": "single", "channels": ["email"]}


@pytest.mark.parametrize(
    ("channel", "address"), [("email", "ada@example.org"), ("sms", "+15550100"), ("push", "token-1")]
)
async def test_a_message_is_accepted_and_listed_with_the_address_of_its_channel(channel: str, address: str) -> None:
    async with running_sandbox() as sandbox:
        message_id = await sandbox.send("key-1", routing={"method": "single", "channels": [channel]})

        assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", message_id)
        [listed] = await sandbox.results("/messages")
        assert listed["id"] == message_id
        assert (listed["channel"], listed["to"], listed["user"]) == (channel, address, "42")
        assert (listed["title"], listed["body"]) == ("Booking confirmed", "See you on Friday.")
        assert listed["idempotency_key"] == "key-1"


async def test_a_push_goes_to_all_devices_of_the_user() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.send(to={"firebaseToken": ["one", "two"]}, routing={"method": "single", "channels": ["push"]})

        assert (await sandbox.results("/messages"))[0]["to"] == "one, two"


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        ({"to": [{"email": "a@example.org"}, {"email": "b@example.org"}]}, "exactly one recipient"),
        ({"to": {"user_id": "42"}}, "message.to.email"),
        ({"to": {"email": "no address"}}, "email address"),
        ({"to": {"firebaseToken": []}, "routing": {"method": "single", "channels": ["push"]}}, "firebaseToken"),
        ({"content": {"title": "Hello", "body": " "}}, "content.body"),
        ({"content": {"body": "Hello"}}, "content.title"),
        ({"content": {"title": "Hello\r\nBcc: all@example.org", "body": "Hello"}}, "line break"),
        ({"routing": {"method": "all", "channels": ["email"]}}, "routing"),
        ({"routing": {"method": "single", "channels": ["email", "sms"]}}, "routing"),
        ({"routing": {"method": "single", "channels": [{"channel": "email"}]}}, "routing"),
        ({"metadata": {"tags": "booking"}}, "tags"),
        ({"timeout": 5}, "timeout"),
    ],
)
async def test_a_malformed_message_is_refused_in_couriers_words(overrides: dict[str, Any], complaint: str) -> None:
    async with running_sandbox() as sandbox:
        with pytest.raises(courier.BadRequestError) as refusal:
            await sandbox.send(**overrides)

        assert isinstance(refusal.value.body, dict)
        assert refusal.value.body["type"] == "invalid_request_error"
        assert complaint in refusal.value.body["message"]
        assert await sandbox.results("/messages") == []
        assert [call["status_code"] for call in await sandbox.results("/requests")] == [400]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"[" * 9999, b'{"message": 1}', b"\xff", b'{"message": {"to": {"user_id": "\\ud800"}}}']
)
async def test_a_call_that_is_no_message_at_all_is_refused_and_still_written_down(body: bytes) -> None:
    async with running_sandbox() as sandbox:
        authorization = {"Authorization": f"Bearer {sandbox.courier.api_key}"}

        assert (await sandbox.tool.post("/send", content=body, headers=authorization)).status_code == 400
        assert len(await sandbox.results("/requests")) == 1


async def test_a_wrong_token_is_refused_and_written_down() -> None:
    async with running_sandbox() as sandbox, AsyncCourier(api_key="x", base_url=sandbox.url, max_retries=0) as stranger:
        with pytest.raises(courier.AuthenticationError):
            await stranger.send.message(message=message())
        with pytest.raises(courier.AuthenticationError):
            await stranger.messages.retrieve("1-00000000-000000000000000000000000")

        assert [call["status_code"] for call in await sandbox.results("/requests")] == [401]


async def test_messages_are_found_by_trace_id() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.send(metadata={"trace_id": "another"})
        wanted = await sandbox.send(metadata={"trace_id": "wanted"})

        found = await sandbox.courier.messages.list(trace_id="wanted")

        assert [details.id for details in found.results] == [wanted]
        assert not found.paging.more


async def test_the_vendors_list_is_paged_by_cursor() -> None:
    async with running_sandbox() as sandbox:
        sent = [await sandbox.send() for _ in range(103)]

        first = await sandbox.courier.messages.list()
        second = await sandbox.courier.messages.list(cursor=first.paging.cursor)

        assert [details.id for details in [*first.results, *second.results]] == sent[::-1]
        assert (first.paging.more, second.paging.more) == (True, False)


async def test_a_filter_that_the_sandbox_lacks_is_refused_rather_than_ignored() -> None:
    async with running_sandbox() as sandbox:
        with pytest.raises(courier.BadRequestError, match="tenant_id"):
            await sandbox.courier.messages.list(tenant_id="x")


async def test_a_message_that_was_not_handed_over_can_be_canceled() -> None:
    async with running_sandbox(sent_after_ms=60_000, delivered_after_ms=60_000) as sandbox:
        message_id = await sandbox.send()

        assert (await sandbox.courier.messages.cancel(message_id)).status == "CANCELED"


async def test_an_unknown_message_is_not_found() -> None:
    async with running_sandbox() as sandbox:
        with pytest.raises(courier.NotFoundError):
            await sandbox.courier.messages.retrieve("1-00000000-000000000000000000000000")
