"""A conversation without a socket: a frame in, the answer out, on the real inbox."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from socket_client import checked

from deploy.local.launch import LaunchedStack
from identity.caller import Identity
from identity.revocations import Revocations
from identity.tokens import TokenVerifier
from persistence import events
from persistence.database import Database
from persistence.inbox import InboxRepository, InboxState, Position
from persistence.revocations import revocations_in
from ws_gateway.frames import CloseCode
from ws_gateway.limits import Allowance
from ws_gateway.session import REPLAY_MOST, Closed, Session, may_resume

NOBODY_LISTENS = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


class Conversation:
    def __init__(self, stack: LaunchedStack, database: Database) -> None:
        self.user = f"user-{uuid4().hex[:12]}"
        self.database = database
        self.rewound: list[Position] = []
        self.session = Session(
            identity=Identity(user_id=self.user, is_staff=False, expires_at=datetime.now(UTC) + timedelta(hours=1)),
            database=database,
            tokens=TokenVerifier(
                secrets=[stack.environment["JWT_SECRET"]],
                keys=None,
                revocations=Revocations(revocations_in(database)),
            ),
            rewind=self.rewound.append,
            allowance=Allowance(1_000_000),
        )

    async def say(self, **message: Any) -> Any:
        return checked((await self.session.receive(json.dumps(message))).decode())

    async def happen(self, times: int) -> InboxState:
        """Some events in the user's stream."""
        async with self.database.transaction() as transaction:
            inbox = InboxRepository(transaction)
            await inbox.append(self.user, [events.all_read(is_read=True, up_to_seq=None)] * times)
            return await inbox.state(self.user)


@pytest.fixture
async def conversation(stack: LaunchedStack) -> AsyncIterator[Conversation]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=2)
    yield Conversation(stack, database)
    await database.close()


async def test_resuming_rewinds_to_the_clients_position(conversation: Conversation) -> None:
    state = await conversation.happen(5)
    await conversation.say(type="resume", epoch=state.epoch, seq=2)
    assert conversation.rewound == [Position(state.epoch, 2)]


async def test_a_resume_that_cannot_be_leaves_the_connection_where_it_is(conversation: Conversation) -> None:
    state = await conversation.happen(5)
    await conversation.say(type="resume", epoch=state.epoch, seq=6)
    assert conversation.rewound == []


async def test_a_resume_tells_where_the_stream_stands(conversation: Conversation) -> None:
    state = await conversation.happen(5)
    answer = await conversation.say(type="resume", epoch=state.epoch, seq=2)
    assert (answer["type"], answer["seq"], answer["resumed"]) == ("connection_established", 5, True)


async def test_a_refreshed_token_prolongs_the_session(stack: LaunchedStack, conversation: Conversation) -> None:
    before = conversation.session.expires_at
    await conversation.say(type="refresh_token", token=stack.token(conversation.user))
    assert conversation.session.expires_at > before


async def test_another_users_token_ends_the_session(stack: LaunchedStack, conversation: Conversation) -> None:
    with pytest.raises(Closed) as closed:
        await conversation.say(type="refresh_token", token=stack.token("somebody else"))
    assert closed.value.code == CloseCode.TOKEN_EXPIRED


async def test_a_failed_operation_may_be_repeated_under_its_id(stack: LaunchedStack) -> None:
    """What was not done is not remembered as done."""
    database = Database(NOBODY_LISTENS, pool_size=1)
    conversation = Conversation(stack, database)
    answers = [await conversation.say(type="mark_all_read", op_id="a") for _ in range(2)]
    await database.close()
    assert [answer["code"] for answer in answers] == ["unavailable"] * 2


async def test_a_token_that_cannot_be_checked_right_now_ends_nothing(stack: LaunchedStack) -> None:
    database = Database(NOBODY_LISTENS, pool_size=1)
    conversation = Conversation(stack, database)
    answer = await conversation.say(type="refresh_token", token=stack.token(conversation.user))
    await database.close()
    assert (answer["type"], answer["code"]) == ("error", "unavailable")


async def test_only_the_latest_operations_are_remembered(conversation: Conversation) -> None:
    first = await conversation.say(type="ping", op_id="0")
    for number in range(1, 129):
        await conversation.say(type="ping", op_id=str(number))
    assert await conversation.say(type="ping", op_id="0") != first


async def test_a_remembered_operation_is_answered_with_the_same_bytes(conversation: Conversation) -> None:
    frame = json.dumps({"type": "ping", "op_id": "a"})
    assert await conversation.session.receive(frame) == await conversation.session.receive(frame)


@pytest.mark.parametrize(
    ("position", "resumable"),
    [
        (Position("e", 1000), True),
        (Position("e", 999), True),
        (Position("e", 1000 - REPLAY_MOST), True),
        (Position("e", 1000 - REPLAY_MOST - 1), False),
        (Position("e", 1001), False),
        (Position("f", 1000), False),
        (Position("", 1000), False),
    ],
)
def test_a_position_is_resumable_within_its_epoch_and_reach(position: Position, *, resumable: bool) -> None:
    assert may_resume(position, InboxState(epoch="e", seq=1000, unread_count=0)) is resumable
