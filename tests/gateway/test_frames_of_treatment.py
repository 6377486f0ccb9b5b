"""What every open socket of a user hears when a notification leaves the inbox, comes back, or is seen."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
from socket_client import joined, notify

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient


async def patch(stack: LaunchedStack, http: httpx.AsyncClient, user: str, made: str, **fields: Any) -> None:
    response = await http.patch(
        f"/api/v1/drf/notifications/notifications/{made}/",
        json=fields,
        headers={"Authorization": f"Bearer {stack.token(user)}"},
    )
    assert response.status_code == 200, response.text


async def test_archiving_and_taking_back_are_told_with_the_count(
    stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient
) -> None:
    user = f"user-{uuid4().hex}"
    made = await notify(client, user, "Old letter")
    async with joined(stack, user) as socket:
        await patch(stack, http, user, made, is_archived=True)
        left = await socket.first("notification_update", update_type="archived")
        assert left["data"]["archived_at"].endswith("Z")
        assert (await socket.first("unread_count"))["count"] == 0
        await patch(stack, http, user, made, is_archived=False)
        back = await socket.first("notification_update", update_type="archived")
        assert (back["data"]["archived_at"], back["data"]["notification"]["title"]) == (None, "Old letter")
        assert (await socket.first("unread_count"))["count"] == 1


async def test_what_wakes_is_a_new_notification_to_those_who_know_nothing_of_sleep(
    stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient
) -> None:
    user = f"user-{uuid4().hex}"
    made = await notify(client, user, "Not now")
    async with joined(stack, user) as socket:
        until = datetime.now(UTC) + timedelta(seconds=1)
        await patch(stack, http, user, made, snoozed_until=until.isoformat())
        asleep = await socket.first("notification_update", update_type="snoozed")
        assert asleep["data"].keys() == {"notification_id", "snoozed_until"}
        assert (await socket.first("unread_count"))["count"] == 0
        woken = await socket.first("new_notification")
        assert (woken["notification"]["id"], woken["notification"]["is_read"]) == (made, False)
        assert woken["seq"] == asleep["seq"] + 1
        assert (await socket.first("unread_count"))["count"] == 1


async def test_seeing_the_whole_inbox_is_one_frame(
    stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient
) -> None:
    user = f"user-{uuid4().hex}"
    for title in "abc":
        await notify(client, user, title)
    async with joined(stack, user) as socket:
        headers = {"Authorization": f"Bearer {stack.token(user)}"}
        await http.post("/api/v1/drf/notifications/notifications/mark_seen/", headers=headers)
        frame = await socket.first("notification_update", update_type="seen")
        assert (frame["data"], frame["seq"]) == ({"is_seen": True}, socket.established["seq"] + 1)
