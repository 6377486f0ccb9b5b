"""`POST notifications/`: what is accepted, what it answers, and what is refused by name."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from rest_door import DETAIL_KEYS, create, delivery, person, refusal, staff, wanted

from deploy.local.launch import LaunchedStack

DELIVERY_KEYS = {
    "channel",
    "status",
    "reason",
    "provider",
    "provider_message_id",
    "attempts",
    "sent_at",
    "delivered_at",
    "next_attempt_at",
}
LATER = (datetime.now(UTC) + timedelta(hours=1)).isoformat()


async def test_creation_answers_201_with_exactly_the_details_keys(
    stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    assert (await create(staff(stack, http), person(stack, http).user)).keys() == DETAIL_KEYS


async def test_every_delivery_has_exactly_the_contracts_keys(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    detail = await create(staff(stack, http), "somebody", delivery_channels=["in_app", "email"])
    assert [item.keys() for item in detail["deliveries"]] == [DELIVERY_KEYS] * 2


async def test_creation_names_the_new_notifications_address(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    mine = person(stack, http)
    response = await staff(stack, http).call("POST", "notifications/", json=wanted(mine.user))
    found = await http.get(response.headers["Location"], headers=mine.headers)
    assert found.json() == response.json()


async def test_the_owner_lists_a_notification_right_after_its_creation(
    stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    mine = person(stack, http)
    await create(staff(stack, http), mine.user, title="At once")
    assert await mine.titles() == ["At once"]


async def test_everything_asked_for_is_in_the_detail(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    asked: dict[str, Any] = {
        "title": "Bräunung ☀",
        "message": "Two\nlines",
        "metadata": {"a": [1, 2.5, None, True, {"b": "ß"}]},
        "related_object_type": "booking",
        "related_object_id": "123",
        "group_key": "booking:123",
        "priority": "urgent",
    }
    detail = await create(staff(stack, http), "somebody", **asked)
    assert {name: detail[name] for name in asked} == asked


async def test_a_number_names_the_same_user_as_its_digits(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    mine = person(stack, http, str(datetime.now(UTC).timestamp()).replace(".", ""))
    response = await staff(stack, http).call("POST", "notifications/", json=wanted(mine.user, user=int(mine.user)))
    assert await mine.titles() == [response.json()["title"]]


async def test_times_are_in_utc_with_z(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    detail = await create(staff(stack, http), "somebody", expires_at="2039-05-01T12:00:00+02:00")
    assert detail["expires_at"] == "2039-05-01T10:00:00Z"


async def test_a_time_without_an_offset_is_utc(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    detail = await create(staff(stack, http), "somebody", expires_at="2039-05-01T12:00:00")
    assert detail["expires_at"] == "2039-05-01T12:00:00Z"


async def test_an_in_app_notification_is_sent_and_delivered_at_once(
    stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    detail = await create(staff(stack, http), "somebody")
    assert (detail["status"], detail["deliveries"][0]["status"]) == ("sent", "delivered")


async def test_delivery_channel_alone_is_a_list_of_one(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    detail = await create(staff(stack, http), "somebody", delivery_channels=None, delivery_channel="email")
    assert (detail["delivery_channel"], detail["delivery_channels"]) == ("email", ["email"])


async def test_without_channels_the_types_defaults_are_used(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    detail = await create(staff(stack, http), "somebody", notification_type="review", delivery_channels=None)
    assert detail["delivery_channels"] == ["in_app", "email"]


async def test_the_recipients_name_is_in_the_detail(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    mine = person(stack, http)
    await staff(stack, http).call("PUT", f"recipients/{mine.user}/", json={"name": "Ada"})
    assert (await create(staff(stack, http), mine.user))["user_name"] == "Ada"


async def test_a_template_gives_title_and_message(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    detail = await create(
        staff(stack, http),
        "somebody",
        notification_type="payment",
        template_key="payment.received",
        metadata={"amount": "40 €", "service_name": "Yoga"},
    )
    assert (detail["title"], detail["message"]) == (
        "We have received 40 €",
        "Your payment of 40 € for Yoga has arrived. Thank you.",
    )


async def test_a_templates_missing_variable_is_named(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    errors = await refusal(staff(stack, http), template_key="payment.received", metadata={"amount": "40 €"})
    assert errors == {"metadata": ["The variable 'service_name' is missing."]}


async def test_a_refused_key_is_free_for_the_corrected_request(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    key = {"notification_key": f"corrected-{person(stack, http).user}", "template_key": "payment.received"}
    await refusal(staff(stack, http), metadata={}, **key)
    detail = await create(
        staff(stack, http), "nobody-in-particular", metadata={"amount": 1, "service_name": "Yoga"}, **key
    )
    assert detail["title"] == "We have received 1"


async def test_an_unknown_template_is_named(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    errors = await refusal(staff(stack, http), template_key="no.such")
    assert errors == {"template_key": ["There is no active template 'no.such'."]}


async def test_a_line_break_that_a_variable_puts_into_a_subject_is_refused(
    stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    errors = await refusal(
        staff(stack, http),
        template_key="payment.received",
        metadata={"amount": "1\r\nBcc: all@example.org", "service_name": "Yoga"},
    )
    assert errors == {"metadata": ["A variable puts a line break into the subject."]}


@pytest.mark.parametrize(
    ("fields", "named", "told"),
    [
        ({"notification_type": "gossip"}, "notification_type", '"gossip" is not one of: booking, payment'),
        ({"delivery_channels": ["in_app", "pigeon"]}, "delivery_channels", '"pigeon" is not one of: in_app, email'),
        ({"delivery_channels": []}, "delivery_channels", "Name at least one channel"),
        ({"delivery_channels": None, "delivery_channel": "pigeon"}, "delivery_channels", '"pigeon" is not one of'),
        ({"priority": "extreme"}, "priority", '"extreme" is not one of: low, normal, high, urgent'),
        ({"title": None}, "title", "This field is required."),
        ({"title": "x" * 201}, "title", "no more than 200 characters"),
        ({"title": "Hello\r\nBcc: all@example.org"}, "title", "Must be a single line of text."),
        ({"title": "Hello\nthere"}, "title", "Must be a single line of text."),
        ({"title": "nul \0"}, "title", "Must be a single line of text."),
        ({"message": "x" * 5001}, "message", "no more than 5000 characters"),
        ({"message": "nul \0"}, "message", "Control characters are not allowed."),
        ({"message": 5}, "message", "valid string"),
        ({"metadata": {"blob": "x" * 16_400}}, "metadata", "Must be at most 16384 bytes of JSON"),
        ({"metadata": {"a": {"b": {"c": {"d": {"e": {"f": {}}}}}}}}, "metadata", "at most 6 levels deep"),
        ({"metadata": {"a": "\0"}}, "metadata", "no NUL characters"),
        ({"metadata": ["a"]}, "metadata", "valid dictionary"),
        ({"template_key": "payment.received", "title": "Both"}, "template_key", "not both"),
        ({"scheduled_for": "tomorrow"}, "scheduled_for", "valid datetime"),
        ({"scheduled_for": LATER, "expires_at": LATER}, "expires_at", "Must be later than scheduled_for."),
        ({"user": None}, "user", "valid string"),
        ({"user": True}, "user", "valid string"),
        ({"user": ""}, "user", "This field is required."),
        ({"user": "x" * 129}, "user", "no more than 128 characters"),
        ({"group_key": "x" * 256}, "group_key", "no more than 255 characters"),
        ({"notification_key": "x" * 256}, "notification_key", "no more than 255 characters"),
        ({"related_object_id": "x" * 101}, "related_object_id", "no more than 100 characters"),
    ],
)
async def test_a_bad_field_is_400_by_its_name(
    stack: LaunchedStack, http: httpx.AsyncClient, fields: dict[str, Any], named: str, told: str
) -> None:
    errors = await refusal(staff(stack, http), **fields)
    assert told in " ".join(errors.get(named, []))


async def test_every_bad_field_is_named_at_once(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    errors = await refusal(staff(stack, http), notification_type="gossip", title="", priority="extreme")
    assert errors.keys() == {"notification_type", "title", "priority"}


async def test_a_user_nobody_has_described_gets_no_email(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    detail = await create(staff(stack, http), person(stack, http).user, delivery_channels=["in_app", "email"])
    assert (delivery(detail, "email")["status"], delivery(detail, "email")["reason"]) == ("skipped", "no_address")


@pytest.mark.parametrize("channel", ["in_app", "email"])
async def test_a_channel_that_the_user_switched_off_is_skipped(
    stack: LaunchedStack, http: httpx.AsyncClient, channel: str
) -> None:
    mine = person(stack, http)
    await mine.call(
        "POST", "notification-settings/", json={"notification_type": "booking", f"{channel}_enabled": False}
    )
    detail = await create(staff(stack, http), mine.user, notification_type="booking", delivery_channels=[channel])
    assert (detail["deliveries"][0]["status"], detail["deliveries"][0]["reason"]) == ("skipped", "preference_off")


async def test_what_is_switched_off_in_app_never_enters_the_inbox(
    stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    mine = person(stack, http)
    await mine.call("POST", "notification-settings/", json={"notification_type": "booking", "in_app_enabled": False})
    await create(staff(stack, http), mine.user, notification_type="booking", delivery_channels=["in_app"])
    assert await mine.titles() == []


async def test_a_required_channel_cannot_be_switched_off(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    mine = person(stack, http)
    await mine.call("POST", "notification-settings/", json={"notification_type": "system", "in_app_enabled": False})
    await create(staff(stack, http), mine.user, title="Outage tonight")
    assert await mine.titles() == ["Outage tonight"]


async def test_a_channel_that_the_type_forbids_is_skipped(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    detail = await create(staff(stack, http), "somebody", notification_type="review", delivery_channels=["sms"])
    assert (detail["deliveries"][0]["status"], detail["deliveries"][0]["reason"]) == ("skipped", "forbidden_by_type")


async def test_a_scheduled_notification_is_pending_and_not_listed(
    stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    mine = person(stack, http)
    detail = await create(staff(stack, http), mine.user, scheduled_for=LATER)
    assert (detail["status"], detail["deliveries"][0]["status"], await mine.titles()) == ("pending", "scheduled", [])
