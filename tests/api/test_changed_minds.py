"""A change of what somebody wants, or where they are reached, finds what is waiting for them at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from rest_door import Door, create, delivery, person, settled, staff
from sqlalchemy import text
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from deploy.local.launch import LaunchedStack
from notifications.connecting import connect
from notifications.contracts.names import reconsider_workflow_id
from notifications.contracts.vocabulary import Weekday
from notifications.digesting import watch_digest
from notifications.reconsidering import reconsider, wake
from persistence.database import Database, Transaction
from persistence.profiles import ProfileRepository
from persistence.waiting import Waking

PROFILE, SETTINGS = "notification-settings/profile/", "notification-settings/"


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
async def temporal(stack: LaunchedStack) -> Client:
    return await connect(stack.temporal_address, namespace="default")


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=2)
    yield database
    await database.close()


@pytest.fixture
async def ada(stack: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> Door:
    owner = person(stack, http)
    assert (await boss.call("PUT", f"recipients/{owner.user}/", json=addresses(owner))).status_code == 201
    return owner


def addresses(owner: Door) -> dict[str, Any]:
    return {"name": "Ada", "email": f"{owner.user}@example.org", "phone_number": "+15005550006"}


def quiet_until_tomorrow(zone: str = "UTC") -> tuple[dict[str, Any], datetime]:
    """Hours that began an hour ago and last for almost a day, and their end."""
    start = datetime.now(ZoneInfo(zone)).replace(second=0, microsecond=0) - timedelta(hours=1)
    end = (start.astimezone(UTC) + timedelta(hours=23)).astimezone(ZoneInfo(zone))
    span = {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}
    return {list(Weekday)[start.weekday()].value: [span]}, end.astimezone(UTC)


async def say(door: Door, method: str, path: str, **body: object) -> None:
    response = await door.call(method, path, json=body)
    assert response.is_success, response.text


async def put_off(boss: Door, ada: Door, *channels: str) -> dict[str, Any]:
    """A notification that waits for tomorrow, when it will not be quiet any more."""
    hours, end = quiet_until_tomorrow()
    await say(ada, "PATCH", PROFILE, quiet_hours=hours)
    made = await create(boss, ada.user, notification_type="booking", delivery_channels=channels or ("email",))
    for each in made["deliveries"]:
        assert (each["status"], each["reason"]) == ("scheduled", "quiet_hours")
        assert datetime.fromisoformat(each["next_attempt_at"]) == end
    return made


async def has_reconsidered(temporal: Client, user: str) -> bool:
    try:
        await temporal.get_workflow_handle(reconsider_workflow_id(user)).describe()
    except RPCError as error:
        return error.status is not RPCStatusCode.NOT_FOUND
    return True


async def test_what_waits_for_tomorrow_goes_out_when_it_is_no_longer_quiet(
    boss: Door, ada: Door, http: httpx.AsyncClient
) -> None:
    made = await put_off(boss, ada)
    await say(ada, "PATCH", PROFILE, quiet_hours={})
    await settled(boss, made["id"], lambda found: found["status"] == "sent")
    sent = (await http.get("/courier-sandbox/messages", params={"user": ada.user})).json()["results"]
    assert len(sent) == 1


async def test_another_time_zone_moves_it(boss: Door, ada: Door) -> None:
    zone = "Asia/Kathmandu"
    hours, end = quiet_until_tomorrow(zone)
    await say(ada, "PATCH", PROFILE, quiet_hours=hours, time_zone=zone)
    made = await create(boss, ada.user, notification_type="booking", delivery_channels=["email"])
    assert datetime.fromisoformat(delivery(made, "email")["next_attempt_at"]) == end
    # Clocks there are a quarter of an hour ahead, so it ends later here.
    await say(boss, "PATCH", f"recipients/{ada.user}/", time_zone="Asia/Kolkata")
    later = (end + timedelta(minutes=15)).isoformat().replace("+00:00", "Z")
    await settled(boss, made["id"], lambda found: delivery(found, "email")["next_attempt_at"] == later)


@pytest.mark.parametrize(
    ("call", "body", "reason"),
    [
        (("ada", "PATCH", PROFILE), {"opted_out_channels": ["email"]}, "opted_out"),
        (("boss", "PATCH", "recipients/{user}/"), {"opted_out_channels": ["email"]}, "opted_out"),
        (("ada", "PATCH", PROFILE), {"email_enabled": False}, "global_preference_off"),
        (("ada", "POST", SETTINGS), {"notification_type": "booking", "email_enabled": False}, "preference_off"),
        (
            ("ada", "POST", f"{SETTINGS}bulk_update/"),
            {"preferences": [{"notification_type": "booking", "email_enabled": False}]},
            "preference_off",
        ),
        (("boss", "PATCH", "recipients/{user}/"), {"email": None}, "no_address"),
        (("boss", "DELETE", "recipients/{user}/"), {}, "no_address"),
    ],
)
async def test_what_is_no_longer_wanted_is_skipped_at_once(
    boss: Door, ada: Door, call: tuple[str, str, str], body: dict[str, Any], reason: str
) -> None:
    who, method, path = call
    made = await put_off(boss, ada)
    await say({"ada": ada, "boss": boss}[who], method, path.format(user=ada.user), **body)
    detail = await settled(boss, made["id"], lambda found: found["status"] == "sent")
    assert (delivery(detail, "email")["status"], delivery(detail, "email")["reason"]) == ("skipped", reason)


async def test_a_stored_setting_that_is_changed_or_deleted_is_heard_of(boss: Door, ada: Door) -> None:
    await say(ada, "PATCH", PROFILE, email_enabled=False)
    stored = await ada.call("POST", SETTINGS, json={"notification_type": "booking", "email_enabled": True})
    setting = f"{SETTINGS}{stored.json()['id']}/"
    changed = await put_off(boss, ada)
    await say(ada, "PATCH", setting, email_enabled=False)
    await settled(boss, changed["id"], lambda found: delivery(found, "email")["reason"] == "preference_off")
    await say(ada, "PATCH", setting, email_enabled=True)
    deleted = await put_off(boss, ada)
    await say(ada, "DELETE", setting)
    await settled(boss, deleted["id"], lambda found: delivery(found, "email")["reason"] == "global_preference_off")


async def test_the_other_channels_go_on_waiting(boss: Door, ada: Door) -> None:
    made = await put_off(boss, ada, "email", "sms")
    await say(ada, "PATCH", PROFILE, opted_out_channels=["email"])
    detail = await settled(boss, made["id"], lambda found: delivery(found, "email")["status"] == "skipped")
    assert (delivery(detail, "sms")["status"], delivery(detail, "sms")["reason"]) == ("scheduled", "quiet_hours")


async def test_the_timeline_tells_of_the_wait_and_of_its_end(boss: Door, ada: Door) -> None:
    made = await put_off(boss, ada)
    await say(ada, "PATCH", PROFILE, opted_out_channels=["email"])
    await settled(boss, made["id"], lambda found: found["status"] == "sent")
    story = await boss.get(f"notifications/{made['id']}/timeline/")
    told = [entry for entry in story["entries"] if entry["channel"] == "email"]
    assert [(entry["event"], entry["reason"]) for entry in told] == [
        ("decided", "quiet_hours"),
        ("waiting", "quiet_hours"),
        ("skipped", "opted_out"),
    ]
    assert told[1]["until"] == delivery(made, "email")["next_attempt_at"]


async def test_where_nothing_waits_nothing_is_started(ada: Door, boss: Door, temporal: Client) -> None:
    planned = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    await create(boss, ada.user, notification_type="booking", delivery_channels=["email"], scheduled_for=planned)
    await say(ada, "PUT", PROFILE, quiet_hours=quiet_until_tomorrow()[0], opted_out_channels=["email"])
    await say(ada, "POST", SETTINGS, notification_type="booking", sms_enabled=False)
    assert not await has_reconsidered(temporal, ada.user)


async def test_what_decides_nothing_starts_nothing(ada: Door, boss: Door, temporal: Client) -> None:
    await put_off(boss, ada)
    await say(ada, "POST", SETTINGS, notification_type="review", email_enabled=False)
    await say(ada, "PATCH", PROFILE, sms_enabled=False, digest_time="18:30")
    await say(boss, "PUT", f"recipients/{ada.user}/", **addresses(ada) | {"name": "Ada Lovelace", "locale": "de"})
    assert not await has_reconsidered(temporal, ada.user)
    await say(ada, "PATCH", PROFILE, email_enabled=False)
    assert await has_reconsidered(temporal, ada.user)


async def test_a_notification_that_has_ended_is_woken_in_vain_and_without_complaint(
    boss: Door, ada: Door, temporal: Client
) -> None:
    made = await create(boss, ada.user)
    await wake(temporal, made["id"])
    await wake(temporal, uuid4())


async def test_a_change_that_was_told_of_and_not_made_changes_nothing(
    boss: Door, ada: Door, stack: LaunchedStack, temporal: Client
) -> None:
    """As when the process dies between the two."""
    made = await put_off(boss, ada)
    waking = Waking(
        reconsider=partial(reconsider, temporal),
        wake=partial(wake, temporal),
        watch=partial(watch_digest, temporal, is_due=False),
    )

    async def tell_and_die(transaction: Transaction) -> None:
        await waking.before_commit(transaction)
        raise ConnectionAbortedError

    database = Database(stack.environment["DATABASE_URL"], pool_size=1, before_commit=tell_and_die)
    with pytest.raises(ConnectionAbortedError):
        async with database.transaction() as transaction:
            await ProfileRepository(transaction, user_id=ada.user).put({"quiet_hours": {}})
    await database.close()
    await temporal.get_workflow_handle(reconsider_workflow_id(ada.user)).result()
    detail = await boss.get(f"notifications/{made['id']}/")
    assert (delivery(detail, "email")["status"], delivery(detail, "email")["reason"]) == ("scheduled", "quiet_hours")


async def test_whoever_is_told_waits_until_the_change_is_made(
    boss: Door, ada: Door, stack: LaunchedStack, temporal: Client, database: Database
) -> None:
    made = await put_off(boss, ada)
    waking = Waking(
        reconsider=partial(reconsider, temporal),
        wake=partial(wake, temporal),
        watch=partial(watch_digest, temporal, is_due=False),
    )

    async def tell_and_dawdle(transaction: Transaction) -> None:
        await waking.before_commit(transaction)
        async with asyncio.timeout(20), database.statements() as other:
            while not await other.connection.scalar(text(_SOMEBODY_WAITS)):
                await asyncio.sleep(0.02)

    slow = Database(stack.environment["DATABASE_URL"], pool_size=1, before_commit=tell_and_dawdle)
    async with slow.transaction() as transaction:
        await ProfileRepository(transaction, user_id=ada.user).put({"quiet_hours": {}})
    await slow.close()
    await settled(boss, made["id"], lambda found: found["status"] == "sent")


_SOMEBODY_WAITS = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO inboxes%')
"""
