"""What a user's sockets are told, and in which order."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import httpx
import pytest
from socket_client import Socket, joined, notify, rest, seqs

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient

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


async def test_a_new_notification_arrives_with_its_seq(client: NotificationsClient, socket: Socket, user: str) -> None:
    made = await notify(client, user)
    frame = await socket.first("new_notification")
    assert (frame["seq"], frame["notification"]["id"]) == (socket.established["seq"] + 1, made)


async def test_a_new_notification_has_exactly_the_contracts_keys(
    client: NotificationsClient, socket: Socket, user: str
) -> None:
    await notify(client, user)
    frame = await socket.first("new_notification")
    assert frame.keys() == {"type", "seq", "notification"}
    assert frame["notification"].keys() == NEW_NOTIFICATION_KEYS


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


async def test_a_read_mark_over_rest_reaches_the_socket(
    stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient, socket: Socket, user: str
) -> None:
    made = await notify(client, user)
    await rest(stack, http, user, "POST", f"{made}/mark_as_read/")
    frame = await socket.first("notification_update", update_type="read")
    assert frame["data"] == {"notification_id": made, "is_read": True}


async def test_an_unread_mark_over_rest_reaches_the_socket(
    stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient, socket: Socket, user: str
) -> None:
    made = await notify(client, user)
    for mark in ("read", "unread"):
        await rest(stack, http, user, "POST", f"{made}/mark_as_{mark}/")
    frame = await socket.first("notification_update", update_type="unread")
    assert frame["data"] == {"notification_id": made, "is_read": False}


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
    made = await notify(client, user, delivery_channels=["email"])
    frame = await socket.first("notification_update", update_type="delivery")
    assert (frame["data"]["notification_id"], frame["data"]["channel"], frame["data"]["status"]) == (
        made,
        "email",
        "sent",
    )
