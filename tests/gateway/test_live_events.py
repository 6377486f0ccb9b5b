"""What a user's sockets are told, in which order, and what they may ask."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import httpx
import pytest
from socket_client import Frame, Socket, joined, resume_query

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient

UNKNOWN = "00000000-0000-4000-8000-000000000000"
NEW_NOTIFICATION_KEYS = {
    "id",
    "title",
    "message",
    "notification_type",
    "is_read",
    "created_at",
    "metadata",
    "related_object_type",
    "related_object_id",
    "group_key",
}


@pytest.fixture
def user() -> str:
    return f"user-{uuid4().hex[:12]}"


@pytest.fixture
async def socket(stack: LaunchedStack, user: str) -> AsyncIterator[Socket]:
    async with joined(stack, user) as socket:
        yield socket


async def notify(client: NotificationsClient, user: str, title: str = "Hello", **options: Any) -> str:
    options = {"notification_type": "system", "message": "Words.", "delivery_channels": ["in_app"], **options}
    return str((await client.notify(user=user, title=title, **options)).id)


async def rest(stack: LaunchedStack, http: httpx.AsyncClient, user: str, method: str, path: str, **body: Any) -> Any:
    response = await http.request(
        method,
        f"/api/v1/drf/notifications/notifications/{path}",
        headers={"Authorization": f"Bearer {stack.token(user)}"},
        json=body or None,
    )
    assert response.status_code == 200, response.text
    return response.json()


def seqs(frames: list[Frame]) -> list[int]:
    return [frame["seq"] for frame in frames if frame["type"] in ("new_notification", "notification_update")]


async def test_a_new_notification_arrives_with_its_seq(client: NotificationsClient, socket: Socket, user: str) -> None:
    id = await notify(client, user)
    frame = await socket.first("new_notification")
    assert (frame["seq"], frame["notification"]["id"]) == (socket.established["seq"] + 1, id)


async def test_a_new_notification_has_exactly_the_contracts_keys(
    client: NotificationsClient, socket: Socket, user: str
) -> None:
    await notify(client, user)
    frame = await socket.first("new_notification")
    assert (frame.keys(), frame["notification"].keys()) == ({"type", "seq", "notification"}, NEW_NOTIFICATION_KEYS)


async def test_a_pushed_notification_is_what_the_list_shows(
    stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient, socket: Socket, user: str
) -> None:
    await notify(client, user, metadata={"a": [1, None, {"b": "ß"}]}, related_object_type="b", related_object_id=7)
    pushed = (await socket.first("new_notification"))["notification"]
    listed = (await rest(stack, http, user, "GET", ""))["results"][0]
    del listed["time_since"]
    assert pushed == listed


async def test_the_count_follows_every_change_of_it(client: NotificationsClient, socket: Socket, user: str) -> None:
    await notify(client, user)
    new, count = await socket.until(lambda frame: frame["type"] == "unread_count")
    assert count == {"type": "unread_count", "count": 1, "seq": new["seq"]}


@pytest.mark.parametrize(("action", "update", "is_read"), [("read", "read", True), ("unread", "unread", False)])
async def test_a_mark_over_rest_reaches_the_socket(
    stack: LaunchedStack,
    http: httpx.AsyncClient,
    client: NotificationsClient,
    socket: Socket,
    user: str,
    action: str,
    update: str,
    is_read: bool,
) -> None:
    id = await notify(client, user)
    await rest(stack, http, user, "POST", f"{id}/mark_as_read/")
    if action == "unread":
        await rest(stack, http, user, "POST", f"{id}/mark_as_unread/")
    frame = await socket.first("notification_update", update_type=update)
    assert frame["data"] == {"notification_id": id, "is_read": is_read}


async def test_marking_all_over_rest_reaches_the_socket_as_one_event(
    stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient, socket: Socket, user: str
) -> None:
    for _ in range(2):
        await notify(client, user)
    await rest(stack, http, user, "POST", "mark_all_read/")
    frame = await socket.first("notification_update")
    assert (frame["update_type"], frame["seq"]) == ("all_read", socket.established["seq"] + 3)


async def test_every_connection_of_the_user_is_told_the_same_in_the_same_order(
    stack: LaunchedStack, client: NotificationsClient, user: str
) -> None:
    async with AsyncExitStack() as sockets:
        devices = [await sockets.enter_async_context(joined(stack, user)) for _ in range(3)]
        ids = [await notify(client, user, str(number)) for number in range(4)]
        await devices[0].send(type="mark_read", notification_ids=ids[:2])
        told = [
            [frame for frame in await device.until(lambda frame: frame.get("seq") == 6) if "op_id" not in frame]
            for device in devices
        ]
    events = [[frame for frame in frames if frame["type"] != "unread_count"] for frames in told]
    assert [seqs(frames) for frames in events] == [[1, 2, 3, 4, 5, 6]] * 3


async def test_a_count_is_never_ahead_of_its_event(client: NotificationsClient, socket: Socket, user: str) -> None:
    for number in range(5):
        await notify(client, user, str(number))
    frames = await socket.until(lambda frame: frame["type"] == "unread_count" and frame["count"] == 5)
    seen = 0
    for frame in frames:
        assert frame["seq"] <= (seen if frame["type"] == "unread_count" else seen + 1)
        seen = max(seen, frame["seq"])


async def test_nobody_is_told_what_is_anothers(
    stack: LaunchedStack, client: NotificationsClient, socket: Socket, user: str
) -> None:
    other = f"other-{user}"
    async with joined(stack, other) as theirs:
        await notify(client, user)
        await socket.first("new_notification")
        assert await theirs.everything_until_now() == []


async def test_staff_are_told_only_their_own(
    stack: LaunchedStack, client: NotificationsClient, socket: Socket, user: str
) -> None:
    staff = f"staff-{user}"
    async with joined(stack, staff, token=stack.token(staff, staff=True)) as theirs:
        await notify(client, user)
        await socket.first("new_notification")
        assert await theirs.everything_until_now() == []


async def test_the_state_of_an_external_delivery_arrives_live(
    stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient, socket: Socket, user: str
) -> None:
    await http.put(
        f"/api/v1/drf/notifications/recipients/{user}/",
        json={"email": f"{user}@example.org"},
        headers={"Authorization": f"Bearer {stack.token('staff', staff=True)}"},
    )
    id = await notify(client, user, delivery_channels=["email"])
    frame = await socket.first("notification_update", update_type="delivery")
    assert (frame["data"]["notification_id"], frame["data"]["channel"], frame["data"]["status"]) == (
        id,
        "email",
        "sent",
    )


async def test_mark_read_answers_the_asking_connection(client: NotificationsClient, socket: Socket, user: str) -> None:
    id = await notify(client, user)
    answer = await socket.ask(type="mark_read", notification_id=id)
    assert (answer["type"], answer["notification_id"], answer["unread_count"]) == ("marked_read", id, 0)


async def test_mark_read_of_one_that_was_read_answers_the_same(
    client: NotificationsClient, socket: Socket, user: str
) -> None:
    id = await notify(client, user)
    answers = [await socket.ask(type="mark_read", notification_id=id, op_id=str(number)) for number in range(2)]
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
    answers = [await socket.ask(type="mark_read", notification_id=id, op_id="a-" + id) for id in (foreign, UNKNOWN)]
    assert [(answer["code"], answer["message"]) for answer in answers] == [
        ("not_found", "There is no such notification.")
    ] * 2


async def test_anothers_notification_stays_unread(
    stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient, socket: Socket, user: str
) -> None:
    foreign = await notify(client, f"other-{user}")
    await socket.ask(type="mark_read", notification_id=foreign)
    assert await rest(stack, http, f"other-{user}", "GET", "unread_count/") == {"unread_count": 1}


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


async def test_too_far_behind_is_not_resumed(
    stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient, user: str
) -> None:
    id = await notify(client, user)
    async with joined(stack, user) as first:
        start = {**first.established, "seq": 0}
    for _ in range(150):
        await rest(stack, http, user, "POST", f"{id}/mark_as_read/")
        await rest(stack, http, user, "POST", f"{id}/mark_as_unread/")
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
