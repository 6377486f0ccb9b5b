"""A live connection whose stream has lost its position, as when a backup was restored, starts afresh."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from socket_client import Frame, joined, notify, resume_query
from sqlalchemy import text

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient
from persistence import events
from persistence.database import Database
from persistence.inbox import InboxRepository

# What becomes of an inbox with three events, all of which its client has had.
RESTORES = {
    "another epoch": ["UPDATE inboxes SET epoch = gen_random_uuid() WHERE user_id = :user"],
    "an earlier end": [
        "UPDATE inboxes SET last_seq = 2 WHERE user_id = :user",
        "DELETE FROM inbox_events WHERE user_id = :user AND seq = 3",
    ],
    "no inbox": ["DELETE FROM inbox_events WHERE user_id = :user", "DELETE FROM inboxes WHERE user_id = :user"],
    "later events not kept": ["UPDATE inboxes SET last_seq = 5 WHERE user_id = :user"],
    "the next event not kept": [
        "UPDATE inboxes SET last_seq = 5 WHERE user_id = :user",
        "UPDATE inbox_events SET seq = 5 WHERE user_id = :user AND seq = 3",
    ],
}


@pytest.fixture
def user() -> str:
    return f"user-{uuid4().hex[:12]}"


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=1)
    yield database
    await database.close()


@pytest.fixture(params=RESTORES)
async def position(request: pytest.FixtureRequest, stack: LaunchedStack, database: Database, user: str) -> Frame:
    """Where the client was when the gateway sent it away."""
    async with joined(stack, user) as socket:
        async with database.transaction() as transaction:
            await InboxRepository(transaction).append(user, [events.all_read(is_read=True, up_to_seq=None)] * 3)
        await socket.until(lambda frame: frame.get("seq") == 3)
        async with database.transaction() as transaction:
            for statement in RESTORES[request.param]:
                await transaction.connection.execute(text(statement), {"user": user})
        assert (await socket.everything())[1] == 1011
    return {**socket.established, "seq": 3}


async def test_a_client_that_the_stream_has_left_is_sent_away_and_starts_afresh(
    stack: LaunchedStack, client: NotificationsClient, user: str, position: Frame
) -> None:
    async with joined(stack, user, query=resume_query(position)) as socket:
        assert not socket.established["resumed"]
        await notify(client, user)
        assert (await socket.first("new_notification"))["seq"] == socket.established["seq"] + 1
