"""Coming back: everything that was missed, once and in order, or nothing."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from socket_client import Socket, joined, notify, resume_query, seqs

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient
from persistence import events
from persistence.database import Database
from persistence.inbox import InboxRepository

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def user() -> str:
    return f"user-{uuid4().hex[:12]}"


@pytest.fixture
async def socket(stack: LaunchedStack, user: str) -> AsyncIterator[Socket]:
    async with joined(stack, user) as socket:
        yield socket


async def test_coming_back_with_a_position_replays_what_was_missed_in_order(
    stack: LaunchedStack, client: NotificationsClient, user: str
) -> None:
    async with joined(stack, user) as first:
        position = first.established
    for number in range(4):
        await notify(client, user, str(number))
    async with joined(stack, user, query=resume_query(position)) as second:
        frames = await second.until(lambda frame: frame.get("seq") == 4)
    assert (second.established["resumed"], seqs(frames)) == (True, [1, 2, 3, 4])


async def test_coming_back_goes_on_live_after_the_replay(
    stack: LaunchedStack, client: NotificationsClient, user: str
) -> None:
    async with joined(stack, user) as first:
        position = first.established
    await notify(client, user)
    async with joined(stack, user, query=resume_query(position)) as second:
        await notify(client, user)
        frames = await second.until(lambda frame: frame.get("seq") == 2)
    assert seqs(frames) == [1, 2]


async def test_coming_back_with_nothing_missed_replays_nothing(
    stack: LaunchedStack, client: NotificationsClient, user: str
) -> None:
    await notify(client, user)
    async with joined(stack, user) as first:
        position = first.established
    async with joined(stack, user, query=resume_query(position)) as second:
        assert (second.established["resumed"], await second.everything_until_now()) == (True, [])


@pytest.mark.parametrize("position", [{"epoch": UNKNOWN, "seq": 0}, {"seq": 99}])
async def test_a_position_of_another_stream_is_not_resumed(
    stack: LaunchedStack, client: NotificationsClient, user: str, position: dict[str, Any]
) -> None:
    async with joined(stack, user) as first:
        wrong = {**first.established, **position}
    await notify(client, user)
    async with joined(stack, user, query=resume_query(wrong)) as second:
        assert (second.established["resumed"], await second.everything_until_now()) == (False, [])


async def test_too_far_behind_is_not_resumed(stack: LaunchedStack, user: str) -> None:
    async with joined(stack, user) as first:
        start = first.established
    database = Database(stack.environment["DATABASE_URL"], pool_size=1)
    async with database.transaction() as transaction:
        await InboxRepository(transaction).append(user, [events.all_read(is_read=True, up_to_seq=None)] * 301)
    await database.close()
    async with joined(stack, user, query=resume_query(start)) as second:
        assert not second.established["resumed"]


async def test_resuming_by_message_replays_from_the_position(
    client: NotificationsClient, socket: Socket, user: str
) -> None:
    for _ in range(3):
        await notify(client, user)
    await socket.until(lambda frame: frame.get("seq") == 3)
    answer = await socket.ask(type="resume", epoch=socket.established["epoch"], seq=1)
    frames = await socket.until(lambda frame: frame["type"] == "new_notification" and frame["seq"] == 3)
    assert (answer["resumed"], seqs(frames)) == (True, [2, 3])


async def test_resuming_by_message_from_another_epoch_replays_nothing(
    client: NotificationsClient, socket: Socket, user: str
) -> None:
    await notify(client, user)
    await socket.first("unread_count")
    answer = await socket.ask(type="resume", epoch=UNKNOWN, seq=0)
    assert (answer["resumed"], await socket.everything_until_now()) == (False, [])
