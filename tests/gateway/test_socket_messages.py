"""What a client may say over its socket, and what it is answered."""

import json
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from socket_client import Socket, joined, notify, rest

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def user() -> str:
    return f"user-{uuid4().hex[:12]}"


@pytest.fixture
async def socket(stack: LaunchedStack, user: str) -> AsyncIterator[Socket]:
    async with joined(stack, user) as socket:
        yield socket


async def test_mark_read_answers_the_asking_connection(client: NotificationsClient, socket: Socket, user: str) -> None:
    made = await notify(client, user)
    answer = await socket.ask(type="mark_read", notification_id=made)
    assert (answer["type"], answer["notification_id"], answer["unread_count"]) == ("marked_read", made, 0)


async def test_mark_read_of_one_that_was_read_answers_the_same(
    client: NotificationsClient, socket: Socket, user: str
) -> None:
    made = await notify(client, user)
    answers = [await socket.ask(type="mark_read", notification_id=made, op_id=str(number)) for number in range(2)]
    assert answers[1] == {**answers[0], "op_id": "1"}


async def test_mark_all_read_answers_how_many(client: NotificationsClient, socket: Socket, user: str) -> None:
    for _ in range(2):
        await notify(client, user)
    answer = await socket.ask(type="mark_all_read", op_id="a")
    assert answer == {"type": "marked_all_read", "count": 2, "unread_count": 0, "op_id": "a"}


async def test_mark_all_read_up_to_a_seq_leaves_what_came_after(
    client: NotificationsClient, socket: Socket, user: str
) -> None:
    for _ in range(3):
        await notify(client, user)
    answer = await socket.ask(type="mark_all_read", up_to_seq=2)
    assert (answer["count"], answer["unread_count"]) == (2, 1)


async def test_the_unread_count_is_answered(client: NotificationsClient, socket: Socket, user: str) -> None:
    await notify(client, user)
    answer = await socket.ask(type="get_unread_count", op_id="a")
    assert answer == {"type": "unread_count", "count": 1, "seq": 1, "op_id": "a"}


async def test_a_ping_is_answered_with_a_pong(socket: Socket) -> None:
    await socket.send(type="ping")
    assert (await socket.next())["type"] == "pong"


async def test_a_refreshed_token_is_answered_with_its_expiry(stack: LaunchedStack, socket: Socket, user: str) -> None:
    answer = await socket.ask(type="refresh_token", token=stack.token(user))
    assert (answer["type"], answer["expires_at"][-1]) == ("token_refreshed", "Z")


async def test_an_answer_without_op_id_has_none(socket: Socket) -> None:
    await socket.send(type="ping")
    assert "op_id" not in await socket.next()


async def test_a_repeated_operation_is_answered_again_and_not_done_again(
    client: NotificationsClient, socket: Socket, user: str
) -> None:
    await notify(client, user)
    first = await socket.ask(type="mark_all_read", op_id="once")
    await notify(client, user)
    assert await socket.ask(type="mark_all_read", op_id="once") == first
    assert (await socket.ask(type="get_unread_count"))["count"] == 1


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{nonsense", "bad_json"),
        ("", "bad_json"),
        ("[]", "invalid"),
        ("7", "invalid"),
        ("null", "invalid"),
        ("{}", "unknown_type"),
        ('{"type": "shout"}', "unknown_type"),
        ('{"type": 7}', "unknown_type"),
        ('{"type": "mark_read"}', "invalid"),
        ('{"type": "mark_read", "notification_ids": []}', "invalid"),
        ('{"type": "mark_read", "notification_id": "123"}', "invalid"),
        ('{"type": "mark_all_read", "up_to_seq": -1}', "invalid"),
        ('{"type": "resume", "epoch": "x"}', "invalid"),
        ('{"type": "refresh_token"}', "invalid"),
        ('{"type": "ping", "op_id": 7}', "invalid"),
        (json.dumps({"type": "mark_read", "notification_id": UNKNOWN}), "not_found"),
    ],
)
async def test_a_bad_message_is_answered_and_the_connection_stays_open(socket: Socket, frame: str, code: str) -> None:
    await socket.connection.send(frame)
    error = await socket.next()
    assert (error["type"], error["code"], (await socket.ask(type="ping"))["type"]) == ("error", code, "pong")


async def test_an_error_echoes_the_operations_id(socket: Socket) -> None:
    assert (await socket.ask(type="shout", op_id="a"))["op_id"] == "a"


async def test_anothers_notification_is_answered_like_an_unknown_one(
    client: NotificationsClient, socket: Socket, user: str
) -> None:
    foreign = await notify(client, f"other-{user}")
    answers = [await socket.ask(type="mark_read", notification_id=each, op_id=each) for each in (foreign, UNKNOWN)]
    assert [(answer["code"], answer["message"]) for answer in answers] == [
        ("not_found", "There is no such notification.")
    ] * 2


async def test_anothers_notification_stays_unread(
    stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient, socket: Socket, user: str
) -> None:
    foreign = await notify(client, f"other-{user}")
    await socket.ask(type="mark_read", notification_id=foreign)
    assert await rest(stack, http, f"other-{user}", "GET", "unread_count/") == {"unread_count": 1}


async def test_marking_several_with_one_unknown_among_them_marks_none(
    client: NotificationsClient, socket: Socket, user: str
) -> None:
    made = await notify(client, user)

    answer = await socket.ask(type="mark_read", notification_ids=[made, UNKNOWN])
    assert (answer["type"], answer["code"]) == ("error", "not_found")
    assert (await socket.ask(type="get_unread_count"))["count"] == 1
