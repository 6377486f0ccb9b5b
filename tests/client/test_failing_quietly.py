"""A call that fails tells its caller, and leaves nothing behind that asyncio would complain of."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient, ServiceUnreachable
from notifications.contracts.names import digest_workflow_id

Call = Callable[[NotificationsClient], Awaitable[object]]
WORDS: dict[str, Any] = {"title": "Soon", "message": "Bring a mat."}


@pytest.fixture
async def complaints() -> AsyncIterator[list[str]]:
    """Of outcomes that nobody has asked for; what was left before is not told."""
    found: list[str] = []
    loop = asyncio.get_running_loop()
    gc.collect()
    loop.set_exception_handler(lambda _, context: found.append(context["message"]))
    yield found
    loop.set_exception_handler(None)


async def collected() -> None:
    """The callbacks of what has just ended have run, and what nobody holds is gone."""
    await asyncio.sleep(0)
    gc.collect()


async def test_flushing_a_digest_that_has_ended_changes_nothing(
    stack: LaunchedStack, client: NotificationsClient, complaints: list[str]
) -> None:
    digest_id = uuid4()
    temporal = await Client.connect(stack.temporal_address)
    await client.flush_digest(digest_id)
    await temporal.get_workflow_handle(digest_workflow_id(digest_id)).result()
    await client.flush_digest(digest_id)
    await collected()
    assert complaints == []


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.notify(user="anna", notification_type="system", **WORDS),
        lambda client: client.announce(users=["anna"], notification_type="system", **WORDS),
        lambda client: client.remind(
            anchor="booking:1", starts_at=datetime.now(UTC) + timedelta(days=1), offsets=[60], users=["anna"], **WORDS
        ),
        lambda client: client.flush_digest(UUID(int=0)),
    ],
    ids=["notify", "announce", "remind", "flush_digest"],
)
async def test_a_call_that_temporal_refuses(stack: LaunchedStack, complaints: list[str], call: Call) -> None:
    nowhere = NotificationsClient(await Client.connect(stack.temporal_address, namespace="nowhere"))
    with pytest.raises(ServiceUnreachable):
        await call(nowhere)
    await collected()
    assert complaints == []
