"""The published schema is the gateway's own, and whatever a client says after it is answered as it says."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jsonschema_rs
import pytest
from client_says import messages, mutations
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from protocol_checks import SCHEMA, check_frame, client_messages, definition, is_client_message
from socket_client import Frame, checked, joined

from deploy.local.launch import CHECKOUT, LaunchedStack
from identity.caller import Identity
from identity.revocations import Revocations
from identity.tokens import TokenVerifier
from persistence.database import Database
from persistence.revocations import revocations_in
from ws_gateway.limits import Allowance
from ws_gateway.schema import written
from ws_gateway.session import Closed, Session

EXAMPLES = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
ON_THE_WIRE = settings(EXAMPLES, max_examples=15)
Say = Callable[[str], Awaitable[Frame | int]]
"""The answer to a text, or the code with which the connection is closed for it."""


def test_the_published_schema_is_the_gateways_own() -> None:
    """`python -m ws_gateway.schema > docs/protocol.schema.json` brings it up to date."""
    assert (CHECKOUT / "docs/protocol.schema.json").read_bytes() == written()


def test_the_schema_is_one() -> None:
    jsonschema_rs.meta.validate(SCHEMA)


def test_a_frame_with_a_field_that_the_schema_does_not_tell_of_would_be_found() -> None:
    pong = {"type": "pong", "server_time": "2026-01-01T00:00:00Z"}
    check_frame(pong)
    with pytest.raises(jsonschema_rs.ValidationError):
        check_frame({**pong, "extra": 1})


@pytest.fixture
async def say(stack: LaunchedStack) -> AsyncIterator[Say]:
    """A session on the real inbox: the whole way of a message but for the socket."""
    database = Database(stack.environment["DATABASE_URL"], pool_size=2)
    session = Session(
        identity=Identity(
            user_id=f"user-{uuid4().hex}", is_staff=False, expires_at=datetime.now(UTC) + timedelta(hours=1)
        ),
        database=database,
        tokens=TokenVerifier(
            secrets=[stack.environment["JWT_SECRET"]], keys=None, revocations=Revocations(revocations_in(database))
        ),
        rewind=lambda _: None,
        allowance=Allowance(1_000_000),
    )

    async def say(text: str) -> Frame | int:
        try:
            return checked((await session.receive(text)).decode())
        except Closed as closed:
            return int(closed.code)

    yield say
    await database.close()


@pytest.mark.parametrize("name", client_messages())
@EXAMPLES
@given(data=st.data())
async def test_a_message_of_the_schema_gets_an_answer_of_the_schema(say: Say, name: str, data: st.DataObject) -> None:
    message = data.draw(messages(name))
    assert is_client_message(message)
    answer = await say(json.dumps({**message, "op_id": uuid4().hex}))
    assert_documented(name, answer)
    # It may be about what is not there, or hold a bad token; it is never called a bad message.
    assert isinstance(answer, int) or answer.get("code", "not_found") == "not_found", answer


@pytest.mark.parametrize("name", client_messages())
@EXAMPLES
@given(data=st.data())
async def test_what_is_nearly_a_message_gets_an_error_or_the_messages_answer(
    say: Say, name: str, data: st.DataObject
) -> None:
    answer = await say(data.draw(mutations(name)))
    assert_documented(name, answer)


@pytest.mark.parametrize("name", client_messages())
@ON_THE_WIRE
@given(data=st.data())
async def test_a_message_over_a_socket_is_answered_once_and_leaves_it_open(
    stack: LaunchedStack, name: str, data: st.DataObject
) -> None:
    about = definition(name)
    texts = data.draw(st.lists(messages(name).map(json.dumps) | mutations(name), min_size=1, max_size=5))
    if about["x-closes"]:
        texts = [text for text in texts if not is_client_message(loaded(text))]
    async with joined(stack, f"user-{uuid4().hex}") as socket:
        for text in texts:
            await socket.connection.send(text)
            answers = [frame for frame in await socket.everything_until_now() if frame["type"] in about["x-answers"]]
            assert len(answers) == 1, answers


def assert_documented(name: str, answer: Frame | int) -> None:
    about = definition(name)
    if isinstance(answer, int):
        assert answer in about["x-closes"]
    else:
        assert answer["type"] in about["x-answers"]


def loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
