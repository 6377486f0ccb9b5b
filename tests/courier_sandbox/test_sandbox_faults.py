from typing import Any

import courier
import httpx
import pytest
from sandbox_running import eventually, message, running_sandbox


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, courier.BadRequestError),
        (401, courier.AuthenticationError),
        (404, courier.NotFoundError),
        (429, courier.RateLimitError),
        (500, courier.InternalServerError),
        (503, courier.InternalServerError),
    ],
)
async def test_a_scripted_status_fails_one_call_and_sends_nothing(status: int, error: type[Exception]) -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script(status)
        with pytest.raises(error):
            await sandbox.send("key:1")
        assert await sandbox.results("/messages") == []

        await sandbox.send("key:2")

        assert [call["status_code"] for call in await sandbox.results("/requests")] == [202, status]
        assert await sandbox.results("/faults") == []


@pytest.mark.parametrize(("entry", "retry_after"), [(429, "1"), ({"status": 429, "retry_after": 3}, "3")])
async def test_a_429_says_when_to_come_back(entry: Any, retry_after: str) -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script(entry)
        with pytest.raises(courier.RateLimitError) as refusal:
            await sandbox.send()

        assert refusal.value.response.headers["Retry-After"] == retry_after


async def test_a_script_is_met_in_order() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script(500, 202, 429)
        outcomes = []
        for number in range(4):
            try:
                await sandbox.send(f"key:{number}")
                outcomes.append(202)
            except courier.APIStatusError as error:
                outcomes.append(error.status_code)

        assert outcomes == [500, 202, 429, 202]


async def test_a_script_of_one_channel_is_met_by_that_channel_alone() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script(500, channel="sms")
        await sandbox.send(channel="email")

        with pytest.raises(courier.InternalServerError):
            await sandbox.send(channel="sms")


async def test_a_channels_own_script_is_met_before_the_one_for_any_channel() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script(500)
        await sandbox.script(400, channel="email")

        with pytest.raises(courier.BadRequestError):
            await sandbox.send("key:1")
        with pytest.raises(courier.InternalServerError):
            await sandbox.send("key:2")


async def test_a_hanging_call_is_never_answered_and_leaves_nothing_under_its_key() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script("hang")
        with pytest.raises(courier.APITimeoutError):
            await sandbox.courier.send.message(message=message(), idempotency_key="key", timeout=0.3)
        assert await sandbox.results("/messages") == []

        await sandbox.send("key")

        assert [call["status_code"] for call in await sandbox.results("/requests")] == [202, None]


async def test_a_hanging_call_ends_in_a_closed_connection() -> None:
    async with running_sandbox(hang_seconds=0.05) as sandbox:
        await sandbox.script("hang")
        with pytest.raises(courier.APIConnectionError) as failure:
            await sandbox.send("key")

        assert isinstance(failure.value.__cause__, httpx.RemoteProtocolError)


async def test_an_invalid_call_is_refused_rather_than_dropped() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script("drop_after_accept")

        with pytest.raises(courier.BadRequestError):
            await sandbox.send(content={})


async def test_a_dropped_call_has_sent_its_message_and_its_repeat_is_told_so() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script("drop_after_accept")
        with pytest.raises(courier.APIConnectionError) as failure:
            await sandbox.send("key")
        assert isinstance(failure.value.__cause__, httpx.RemoteProtocolError)
        [sent] = await sandbox.results("/messages")

        assert await sandbox.send("key") == sent["id"]

        assert len(await sandbox.results("/messages")) == 1
        calls = await sandbox.results("/requests")
        assert [(call["status_code"], call["fault"]) for call in calls] == [(202, None), (None, "drop_after_accept")]
        await eventually(lambda: sandbox.status_of(sent["id"]), "DELIVERED")


@pytest.mark.parametrize(
    "entry",
    [200, 600, "boom", None, True, [], {}, {"status": 429, "after": 3}, {"status": 429, "retry_after": -1}, "500"],
)
async def test_an_entry_that_means_nothing_is_refused_with_what_is_allowed_and_changes_nothing(entry: Any) -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script(429)

        refusal = await sandbox.tool.put("/faults", json={"script": [500, entry]})

        assert refusal.status_code == 400
        [complaint] = refusal.json()["script"]
        assert complaint.startswith("entry 2: ")
        assert "drop_after_accept" in complaint
        assert await sandbox.results("/faults") == [{"channel": None, "script": [429]}]


@pytest.mark.parametrize(
    ("body", "field"), [({"channel": "fax", "script": []}, "channel"), ({"script": 500}, "script"), ({}, "script")]
)
async def test_a_malformed_fault_script_is_refused_by_field(body: Any, field: str) -> None:
    async with running_sandbox() as sandbox:
        refusal = await sandbox.tool.put("/faults", json=body)

        assert refusal.status_code == 400
        assert list(refusal.json()) == [field]


async def test_faults_can_be_cleared() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script(500, 500)
        assert (await sandbox.tool.delete("/faults")).status_code == 204

        await sandbox.send()
