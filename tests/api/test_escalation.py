"""Channels that are used only if the notification is still unread by then."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from rest_door import Door, create, delivery, person, reachable, refusal, settled, staff

from deploy.local.launch import LaunchedStack


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
async def ada(stack: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> Door:
    return await reachable(boss, person(stack, http), phone_number="+15005550006", push_tokens=[uuid4().hex])


async def channels_used(http: httpx.AsyncClient, owner: Door) -> list[str]:
    found = (await http.get("/courier-sandbox/messages", params={"user": owner.user})).json()["results"]
    return [message["channel"] for message in reversed(found)]


async def escalating(boss: Door, owner: Door, **seconds: int) -> dict[str, Any]:
    return await create(boss, owner.user, delivery_channels=["in_app", *seconds], escalation=seconds)


async def test_what_stays_unread_goes_out_channel_by_channel(boss: Door, ada: Door, http: httpx.AsyncClient) -> None:
    created = await escalating(boss, ada, push=0, sms=1, email=2)
    waits = {each["channel"]: (each["status"], each["reason"]) for each in created["deliveries"]}
    assert (waits["sms"], waits["email"]) == (("scheduled", "unless_read"),) * 2
    await settled(boss, created["id"], lambda found: found["status"] == "sent")
    assert await channels_used(http, ada) == ["push", "sms", "email"]


async def test_reading_in_time_stops_the_rest(boss: Door, ada: Door, http: httpx.AsyncClient) -> None:
    created = await escalating(boss, ada, push=0, sms=1, email=2)
    await settled(boss, created["id"], lambda found: delivery(found, "push")["sent_at"] is not None)
    await ada.call("POST", f"notifications/{created['id']}/mark_as_read/")
    detail = await settled(boss, created["id"], lambda found: found["status"] == "sent")
    assert {(delivery(detail, name)["status"], delivery(detail, name)["reason"]) for name in ("sms", "email")} == {
        ("skipped", "already_read")
    }
    assert await channels_used(http, ada) == ["push"]


async def test_without_a_place_in_the_inbox_there_is_nothing_to_wait_for(
    boss: Door, ada: Door, http: httpx.AsyncClient
) -> None:
    created = await create(boss, ada.user, delivery_channels=["email"], escalation={"email": 3600})
    await settled(boss, created["id"], lambda found: found["status"] == "sent")
    assert await channels_used(http, ada) == ["email"]


async def test_a_type_escalates_by_itself_and_a_caller_may_say_otherwise(boss: Door, ada: Door) -> None:
    message = {"notification_type": "message", "delivery_channels": ["in_app", "email"]}
    by_type = await create(boss, ada.user, **message)
    assert delivery(by_type, "email")["status"] == "scheduled"
    at_once = await create(boss, ada.user, **message, escalation={})
    await settled(boss, at_once["id"], lambda found: found["status"] == "sent")


async def test_expiry_wins_over_the_wait(boss: Door, ada: Door, http: httpx.AsyncClient) -> None:
    expires_at = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
    created = await create(
        boss, ada.user, delivery_channels=["in_app", "email"], escalation={"email": 3600}, expires_at=expires_at
    )
    assert (delivery(created, "email")["status"], delivery(created, "email")["reason"]) == ("skipped", "expired")
    assert await channels_used(http, ada) == []


@pytest.mark.parametrize(
    "escalation",
    [{"in_app": 5}, {"pigeon": 5}, {"email": -1}, {"email": 31 * 24 * 3600}, {"email": "soon"}, {"email": None}, [5]],
)
async def test_nonsense_is_refused(boss: Door, escalation: object) -> None:
    assert (await refusal(boss, escalation=escalation)).keys() == {"escalation"}
