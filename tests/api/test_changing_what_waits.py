"""Cancel, restore, move: the answer is the truth about every channel."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from rest_door import UNKNOWN, Door, create, delivery, person, reachable, settled, staff

from deploy.local.launch import LaunchedStack

LATER = timedelta(days=180)


@pytest.fixture
def boss(stack: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(stack, http)


@pytest.fixture
async def ada(stack: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> Door:
    """Somebody who can be reached by email."""
    return await reachable(boss, person(stack, http), name="Ada")


def moment(*, after: timedelta = LATER) -> str:
    return (datetime.now(UTC) + after).replace(microsecond=0).isoformat().replace("+00:00", "Z")


async def waiting(boss: Door, owner: Door, **fields: Any) -> str:
    fields = {"delivery_channels": ["in_app", "email"], "scheduled_for": moment(), **fields}
    return str((await create(boss, owner.user, **fields))["id"])


async def change(boss: Door, notification: str, verb: str, status: int = 200, **body: Any) -> dict[str, Any]:
    response = await boss.call("POST", f"notifications/{notification}/{verb}/", json=body)
    assert response.status_code == status, response.text
    answer: dict[str, Any] = response.json()
    return answer


def effects(answer: dict[str, Any]) -> dict[str, str]:
    return {told["channel"]: told["effect"] for told in answer["channels"]}


async def mails_to(http: httpx.AsyncClient, owner: Door) -> list[dict[str, Any]]:
    response = await http.get("/courier-sandbox/messages", params={"user": owner.user})
    found: list[dict[str, Any]] = response.json()["results"]
    return found


async def test_a_waiting_notification_says_what_it_waits_for(boss: Door, ada: Door) -> None:
    when = moment()
    detail = await boss.get(f"notifications/{await waiting(boss, ada, scheduled_for=when)}/")
    assert (detail["status"], detail["scheduled_for"]) == ("pending", when)
    assert {(each["status"], each["reason"], each["next_attempt_at"]) for each in detail["deliveries"]} == {
        ("scheduled", "scheduled", when)
    }


async def test_cancelling_stops_every_channel_and_says_so(boss: Door, ada: Door) -> None:
    notification = await waiting(boss, ada)
    answer = await change(boss, notification, "cancel")
    assert answer.keys() == {"id", "status", "channels"}
    assert (answer["id"], answer["status"]) == (notification, "cancelled")
    assert answer["channels"] == [
        {"channel": channel, "effect": "stopped", "status": "cancelled", "reason": "cancelled", "at": None}
        for channel in ("in_app", "email")
    ]


async def test_cancelling_again_is_a_conflict_that_changes_nothing(boss: Door, ada: Door) -> None:
    notification = await waiting(boss, ada)
    await change(boss, notification, "cancel")
    answer = await change(boss, notification, "cancel", 409)
    assert answer.keys() == {"detail", "channels"}
    assert effects(answer) == {"in_app": "not_sent", "email": "not_sent"}


async def test_cancelling_what_has_gone_says_when_it_went(boss: Door, ada: Door) -> None:
    created = await create(boss, ada.user, delivery_channels=["in_app", "email"])
    detail = await settled(boss, created["id"], lambda found: found["status"] == "sent")
    answer = await change(boss, created["id"], "cancel", 409)
    assert effects(answer) == {"in_app": "already_sent", "email": "already_sent"}
    assert [told["at"] for told in answer["channels"]] == [each["sent_at"] for each in detail["deliveries"]]


async def test_cancelling_during_the_retries_stops_the_rest(boss: Door, ada: Door, http: httpx.AsyncClient) -> None:
    await http.put("/courier-sandbox/faults", json={"channel": "email", "script": [{"status": 429, "retry_after": 60}]})
    created = await create(boss, ada.user, delivery_channels=["in_app", "email"])
    await settled(boss, created["id"], lambda found: delivery(found, "email")["next_attempt_at"] is not None)
    answer = await change(boss, created["id"], "cancel")
    assert effects(answer) == {"in_app": "already_sent", "email": "stopped"}
    assert await mails_to(http, ada) == []
    assert (await boss.get(f"notifications/{created['id']}/"))["status"] == "sent"


async def test_cancelling_while_the_provider_is_asked_waits_for_its_answer(
    boss: Door, ada: Door, http: httpx.AsyncClient
) -> None:
    await http.put("/courier-sandbox/faults", json={"channel": "email", "script": ["hang"]})
    created = await create(boss, ada.user, delivery_channels=["email"])
    await settled(boss, created["id"], lambda found: delivery(found, "email")["status"] == "sending")
    answer = await change(boss, created["id"], "cancel", 409)
    assert effects(answer) == {"email": "in_doubt"}
    assert delivery(await boss.get(f"notifications/{created['id']}/"), "email")["reason"] == "in_doubt"


async def test_a_cancellation_can_be_undone_until_the_planned_time(boss: Door, ada: Door) -> None:
    notification = await waiting(boss, ada)
    await change(boss, notification, "cancel")
    answer = await change(boss, notification, "restore")
    assert (answer["status"], effects(answer)) == ("pending", {"in_app": "changed", "email": "changed"})
    # It is alive again, not only said to be.
    moved = await change(boss, notification, "reschedule", scheduled_for=None)
    assert set(effects(moved).values()) == {"changed"}
    await settled(boss, notification, lambda found: found["status"] == "sent")


async def test_nothing_is_restored_that_was_not_cancelled(boss: Door, ada: Door) -> None:
    assert set(effects(await change(boss, await waiting(boss, ada), "restore", 409)).values()) == {"not_sent"}


async def test_moving_to_another_time_is_seen_in_the_detail(boss: Door, ada: Door) -> None:
    notification, when = await waiting(boss, ada), moment(after=timedelta(days=3))
    answer = await change(boss, notification, "reschedule", scheduled_for=when)
    assert [(told["effect"], told["at"]) for told in answer["channels"]] == [("changed", when)] * 2
    detail = await boss.get(f"notifications/{notification}/")
    assert (detail["scheduled_for"], delivery(detail, "email")["next_attempt_at"]) == (when, when)


async def test_moved_nearer_it_comes_at_the_new_time_and_not_before(
    boss: Door, ada: Door, http: httpx.AsyncClient
) -> None:
    notification = await waiting(boss, ada)
    when = datetime.now(UTC) + timedelta(seconds=2)
    await change(boss, notification, "reschedule", scheduled_for=when.isoformat())
    detail = await settled(boss, notification, lambda found: found["status"] == "sent")
    assert datetime.fromisoformat(delivery(detail, "email")["sent_at"]) >= when
    assert len(await mails_to(http, ada)) == 1


async def test_moved_further_it_does_not_come_at_the_old_time(boss: Door, ada: Door, http: httpx.AsyncClient) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    notification = await waiting(boss, ada, scheduled_for=soon.isoformat())
    await change(boss, notification, "reschedule", scheduled_for=moment())
    # Another one, due when the first was, has gone out: so the first would have.
    other = await waiting(boss, ada, scheduled_for=(soon + timedelta(seconds=1)).isoformat(), title="Other")
    await settled(boss, other, lambda found: found["status"] == "sent")
    assert [mail["title"] for mail in await mails_to(http, ada)] == ["Other"]


@pytest.mark.parametrize(
    "when", ["2020-01-01T00:00:00Z", "soon", "", 7.5, "0000-01-01T00:00:00Z", "2200-01-01T00:00:00Z"]
)
async def test_a_time_that_is_past_or_none_is_refused(boss: Door, ada: Door, when: object) -> None:
    notification = await waiting(boss, ada)
    answer = await change(boss, notification, "reschedule", 400, scheduled_for=when)
    assert answer.keys() == {"scheduled_for"}


async def test_the_time_is_required(boss: Door, ada: Door) -> None:
    answer = await change(boss, await waiting(boss, ada), "reschedule", 400)
    assert answer == {"scheduled_for": ["This field is required."]}


@pytest.mark.parametrize("verb", ["cancel", "restore", "reschedule"])
@pytest.mark.parametrize("unknown", [UNKNOWN, "nonsense"])
async def test_what_nobody_knows_is_404(boss: Door, verb: str, unknown: str) -> None:
    assert await change(boss, unknown, verb, 404, scheduled_for=None) == {"detail": "Not found."}


async def test_a_newer_word_on_the_same_matter_takes_the_place_of_one_that_waits(
    boss: Door, ada: Door, http: httpx.AsyncClient
) -> None:
    key = uuid4().hex
    delayed = await waiting(boss, ada, notification_type="session", supersede_key=key)
    arrived = await create(
        boss, ada.user, delivery_channels=["email"], notification_type="booking", supersede_key=key, title="Arrived"
    )
    detail = await boss.get(f"notifications/{delayed}/")
    assert (detail["status"], delivery(detail, "email")["reason"]) == ("cancelled", "superseded")
    await settled(boss, arrived["id"], lambda found: found["status"] == "sent")
    assert [mail["title"] for mail in await mails_to(http, ada)] == ["Arrived"]


async def test_another_persons_matter_is_left_alone(
    boss: Door, ada: Door, stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    key = uuid4().hex
    mine = await waiting(boss, ada, supersede_key=key)
    await create(boss, person(stack, http).user, supersede_key=key)
    assert (await boss.get(f"notifications/{mine}/"))["status"] == "pending"


async def test_the_timeline_tells_every_decision_with_its_reason(boss: Door, ada: Door) -> None:
    notification = await waiting(boss, ada)
    await change(boss, notification, "reschedule", scheduled_for=moment(after=timedelta(days=3)))
    await change(boss, notification, "reschedule", scheduled_for=None)
    await settled(boss, notification, lambda found: found["status"] == "sent")
    story = await boss.get(f"notifications/{notification}/timeline/")
    assert story.keys() == {"id", "status", "entries"}
    assert story["entries"][0].keys() == {
        "at", "event", "channel", "reason", "explanation", "until", "attempt", "status_code"
    }  # fmt: skip
    told = [entry["event"] for entry in story["entries"] if entry["channel"] in (None, "email")]
    assert told[0] == "accepted"
    assert [event for event in told if event.startswith("change")] == ["change_reschedule"] * 2
    assert told[-3:] == ["attempt_started", "sent", "attempt_ended"] or set(told[-3:]) >= {"sent", "attempt_ended"}
    assert [entry["at"] for entry in story["entries"]] == sorted(entry["at"] for entry in story["entries"])


async def test_the_timeline_says_why_something_was_not_sent(boss: Door, ada: Door) -> None:
    await ada.call("POST", "notification-settings/", json={"notification_type": "booking", "email_enabled": False})
    created = await create(boss, ada.user, notification_type="booking", delivery_channels=["in_app", "email"])
    story = await boss.get(f"notifications/{created['id']}/timeline/")
    (why,) = [entry for entry in story["entries"] if entry["channel"] == "email"]
    assert (why["event"], why["reason"]) == ("decided", "preference_off")
    assert why["explanation"] == "The person has switched this channel off for this type."
