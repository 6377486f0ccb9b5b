import asyncio
import time

import courier
import pytest
from sandbox_running import eventually, message, running_sandbox

from courier_sandbox.ledger import KeptAnswer, Ledger, Request

DAY_MS = 24 * 60 * 60 * 1000


async def test_a_repeated_key_gets_the_first_answer_and_sends_nothing_more() -> None:
    async with running_sandbox() as sandbox:
        first = await sandbox.send("key")
        second = await sandbox.send("key")

        assert first == second
        assert len(await sandbox.results("/messages")) == 1
        assert [call["replayed"] for call in await sandbox.results("/requests")] == [True, False]


async def test_calls_without_a_key_are_all_sent() -> None:
    async with running_sandbox() as sandbox:
        assert await sandbox.send() != await sandbox.send()
        assert len(await sandbox.results("/messages")) == 2


async def test_another_body_under_the_same_key_is_answered_as_the_first_and_flagged() -> None:
    async with running_sandbox() as sandbox:
        first = await sandbox.send("key")
        second = await sandbox.send("key", content={"title": "Something", "body": "else"})

        assert first == second
        assert [call["body_differs"] for call in await sandbox.results("/requests")] == [True, False]


async def test_a_stored_500_is_replayed_without_meeting_the_script_again() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script(500, 400)
        for _ in range(2):
            with pytest.raises(courier.InternalServerError):
                await sandbox.send("key")

        assert (await sandbox.results("/faults"))[0]["script"] == [400]
        assert await sandbox.results("/messages") == []


async def test_a_new_key_after_a_stored_500_goes_through() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script(500)
        with pytest.raises(courier.InternalServerError):
            await sandbox.send("key:1")

        await sandbox.send("key:2")


async def test_a_400_of_execution_is_replayed() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script(400)
        for _ in range(2):
            with pytest.raises(courier.BadRequestError):
                await sandbox.send("key")


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_a_refusal_in_front_of_execution_is_not_stored(status: int) -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script(status)
        with pytest.raises(courier.APIStatusError):
            await sandbox.send("key")

        await sandbox.send("key")


async def test_an_invalid_call_is_not_stored() -> None:
    async with running_sandbox() as sandbox:
        with pytest.raises(courier.BadRequestError):
            await sandbox.send("key", content={})

        await sandbox.send("key")


async def test_a_call_whose_key_is_in_flight_conflicts_and_the_conflict_is_not_stored() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script({"status": 202, "delay_ms": 400})
        first = asyncio.create_task(sandbox.send("key"))
        await eventually(lambda: _count(sandbox.results("/messages")), 1)

        with pytest.raises(courier.ConflictError):
            await sandbox.send("key")

        assert await sandbox.send("key-of-its-own") != await first
        assert await sandbox.send("key") == await first


async def test_a_client_that_gives_up_on_a_slow_call_does_not_undo_it() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.script({"status": 202, "delay_ms": 150})
        with pytest.raises(courier.APITimeoutError):
            await sandbox.courier.send.message(message=message(), idempotency_key="key", timeout=0.05)
        await eventually(lambda: _answered(sandbox.send("key")), expected=True)

        assert len(await sandbox.results("/messages")) == 1


@pytest.mark.parametrize("expiration", ["2000-01-01T00:00:00Z", "in 2 days"])
async def test_an_expiration_may_be_iso_or_epoch_milliseconds(expiration: str) -> None:
    async with running_sandbox() as sandbox:
        for _ in range(2):
            await sandbox.courier.send.message(
                message=message(), idempotency_key="key", x_idempotency_expiration=_epoch_ms(expiration)
            )

        assert len(await sandbox.results("/messages")) == 1


@pytest.mark.parametrize("expiration", ["tomorrow", "in 400 days"])
async def test_an_expiration_that_is_no_time_or_over_a_year_away_is_refused(expiration: str) -> None:
    async with running_sandbox() as sandbox:
        with pytest.raises(courier.BadRequestError, match="x-idempotency-expiration"):
            await sandbox.courier.send.message(
                message=message(), idempotency_key="key", x_idempotency_expiration=_epoch_ms(expiration)
            )


def test_an_answer_is_forgotten_when_it_expires() -> None:
    ledger = Ledger(":memory:")
    answer = KeptAnswer(idempotency_key="key", status_code=202, body=b"{}", request_digest=b"", expires_at=1000)
    call = Request(
        at=0,
        channel=None,
        user=None,
        idempotency_key="key",
        status_code=202,
        fault=None,
        replayed=False,
        body_differs=False,
        message_id=None,
    )
    ledger.write(call, message=None, answer=answer)

    assert ledger.kept_answer("key", now=999) == answer
    assert ledger.kept_answer("key", now=1000) is None


def _epoch_ms(expiration: str) -> str:
    if not expiration.startswith("in "):
        return expiration
    return str(int(time.time() * 1000) + int(expiration.split()[1]) * DAY_MS)


async def _count(results: object) -> int:
    return len(await results)  # type: ignore[misc]


async def _answered(call: object) -> bool:
    try:
        await call  # type: ignore[misc]
    except courier.ConflictError:
        return False
    return True
