"""From loose arguments to a request: what is refused, by name, and what identifies a request."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.contracts import limits, names
from notifications.contracts.building import build_request, fingerprint
from notifications.contracts.errors import InvalidNotification
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.vocabulary import Channel, NotificationType, Priority

NOON = datetime(2039, 5, 1, 12, tzinfo=UTC)


def build(**fields: Any) -> NotificationRequest:
    words = {} if "template_key" in fields else {"title": "Hello", "message": "Words."}
    return build_request(**{"user": "ada", "notification_type": "booking", **words, **fields})


def errors(**fields: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidNotification) as refused:
        build(**fields)
    return refused.value.errors


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("fields", "named", "told"),
    [
        ({"notification_type": "gossip"}, "notification_type", "is not one of: booking, payment, session, review"),
        ({"notification_type": ""}, "notification_type", "is not one of"),
        ({"notification_type": None}, "notification_type", "is not one of"),
        ({"delivery_channels": ["pigeon"]}, "delivery_channels", '"pigeon" is not one of: in_app, email, sms, push.'),
        ({"delivery_channels": "pigeon"}, "delivery_channels", '"pigeon" is not one of'),
        ({"delivery_channels": []}, "delivery_channels", "Name at least one channel"),
        ({"priority": "extreme"}, "priority", "is not one of: low, normal, high, urgent."),
        ({"title": None}, "title", "This field is required."),
        ({"title": ""}, "title", "This field is required."),
        ({"title": "  "}, "title", "This field may not be blank."),
        ({"title": 7}, "title", "Not a valid string."),
        ({"title": "x" * 201}, "title", "Ensure this field has no more than 200 characters."),
        ({"title": "a\rb"}, "title", "Must be a single line of text."),
        ({"title": "a\nb"}, "title", "Must be a single line of text."),
        ({"title": "a\tb"}, "title", "Must be a single line of text."),
        ({"title": "a\0b"}, "title", "Must be a single line of text."),
        ({"title": "a\ud800b"}, "title", "Must be a single line of text."),
        ({"message": None}, "message", "This field is required."),
        ({"message": "x" * 5_001}, "message", "Ensure this field has no more than 5000 characters."),
        ({"message": "a\0b"}, "message", "Control characters are not allowed."),
        ({"message": "a\x0bb"}, "message", "Control characters are not allowed."),
        ({"user": ""}, "user", "This field is required."),
        ({"user": "x" * 129}, "user", "no more than 128 characters"),
        ({"user": "a\nb"}, "user", "Must be a single line of text."),
        ({"user": None}, "user", "An id, or an object with pk or id, is required."),
        ({"user": object()}, "user", "An id, or an object with pk or id, is required."),
        ({"template_key": "k", "title": "Both"}, "template_key", "not both"),
        ({"template_key": "k", "message": "Both"}, "template_key", "not both"),
        ({"template_key": "x" * 256}, "template_key", "no more than 255 characters"),
        ({"group_key": "x" * 256}, "group_key", "no more than 255 characters"),
        ({"notification_key": "x" * 256}, "notification_key", "no more than 255 characters"),
        ({"notification_key": "a\nb"}, "notification_key", "Must be a single line of text."),
        ({"idempotency_key": "x" * 256}, "idempotency_key", "no more than 255 characters"),
        ({"related_object_type": "x" * 101}, "related_object_type", "no more than 100 characters"),
        ({"related_object_id": "x" * 101}, "related_object_id", "no more than 100 characters"),
        ({"scheduled_for": datetime(2039, 5, 1)}, "scheduled_for", "offset from UTC is required"),  # noqa: DTZ001
        ({"scheduled_for": "2039-05-01"}, "scheduled_for", "offset from UTC is required"),
        ({"scheduled_for": NOON.replace(year=2200)}, "scheduled_for", "Must be in a year from 1970 to 2199."),
        ({"expires_at": NOON.replace(year=1969)}, "expires_at", "Must be in a year from 1970 to 2199."),
        ({"expires_at": datetime(2039, 5, 1)}, "expires_at", "offset from UTC is required"),  # noqa: DTZ001
        ({"scheduled_for": NOON, "expires_at": NOON}, "expires_at", "Must be later than scheduled_for."),
        ({"metadata": ["a"]}, "metadata", "Must be an object."),
        ({"metadata": {"a": object()}}, "metadata", "Must hold only text, numbers"),
        ({"metadata": {"a": NOON}}, "metadata", "Must hold only text, numbers"),
        ({"metadata": {"a": {1, 2}}}, "metadata", "Must hold only text, numbers"),
        ({"metadata": {"a": float("nan")}}, "metadata", "Must hold only text, numbers"),
        ({"metadata": {"a": float("inf")}}, "metadata", "Must hold only text, numbers"),
        ({"metadata": {(1, 2): "a"}}, "metadata", "Must hold only text, numbers"),
        ({"metadata": {"a": "b\0"}}, "metadata", "no NUL characters"),
        ({"metadata": {"a\0": "b"}}, "metadata", "no NUL characters"),
        ({"metadata": {"a": "\ud800"}}, "metadata", "no lone surrogates"),
    ],
)
def test_a_bad_field_is_refused_by_name(fields: dict[str, Any], named: str, told: str) -> None:
    assert told in " ".join(errors(**fields)[named])


def test_every_bad_field_is_named_at_once() -> None:
    assert errors(notification_type="gossip", title="", priority="x", metadata=[]).keys() == {
        "notification_type",
        "title",
        "priority",
        "metadata",
    }


def test_metadata_that_is_too_large_is_refused_with_the_limit_and_its_size() -> None:
    size = len(json.dumps({"a": "x" * 16_384}))
    assert errors(metadata={"a": "x" * 16_384}) == {
        "metadata": [f"Must be at most {limits.METADATA_BYTES} bytes of JSON; this is {size}."]
    }


def test_metadata_of_exactly_the_limit_is_accepted() -> None:
    filler = "x" * (limits.METADATA_BYTES - len(json.dumps({"a": ""})))
    assert build(metadata={"a": filler}).metadata == {"a": filler}


def test_metadata_that_is_too_deep_is_refused_with_the_limit() -> None:
    assert errors(metadata=nested(limits.METADATA_DEPTH + 1)) == {
        "metadata": [f"Must nest at most {limits.METADATA_DEPTH} levels deep."]
    }


def test_metadata_of_exactly_the_depth_is_accepted() -> None:
    assert build(metadata=nested(limits.METADATA_DEPTH)).metadata == nested(limits.METADATA_DEPTH)


def test_lists_count_as_levels() -> None:
    assert "levels deep" in errors(metadata={"a": [[[[[[]]]]]]})["metadata"][0]


def test_metadata_is_a_copy_that_the_caller_cannot_change() -> None:
    mine = {"a": {"b": 1}}
    request = build(metadata=mine)
    mine["a"]["b"] = 2
    assert request.metadata == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("user", "named"),
    [
        ("42", "42"),
        (42, "42"),
        (SimpleNamespace(pk=42, id=7), "42"),
        (SimpleNamespace(pk=None, id=7), "7"),
        (SimpleNamespace(id=UUID(int=7)), str(UUID(int=7))),
    ],
)
def test_a_user_is_an_id_or_an_object_with_one(user: object, named: str) -> None:
    assert build(user=user).user == named


def test_channels_are_kept_once_in_their_order() -> None:
    assert build(delivery_channels=["sms", "in_app", "sms"]).channels == (Channel.SMS, Channel.IN_APP)


def test_no_channels_means_the_types_defaults() -> None:
    assert build().channels == ()


def test_a_message_may_have_lines_and_tabs() -> None:
    assert build(message="a\r\n\tb").message == "a\r\n\tb"


def test_an_objects_id_becomes_text() -> None:
    assert build(related_object_id=7).related_object_id == "7"


def test_an_empty_text_is_as_good_as_none() -> None:
    assert build(group_key="").group_key is None


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-7))])
def test_instants_are_kept_with_their_offset(zone: timezone) -> None:
    moment = datetime(2039, 5, 1, 12, tzinfo=zone)
    assert build(scheduled_for=moment).scheduled_for == moment


def test_without_a_key_every_request_has_an_id_of_its_own() -> None:
    assert build().notification_id != build().notification_id


@pytest.mark.parametrize("name", ["idempotency_key", "notification_key"])
def test_a_key_decides_the_id(name: str) -> None:
    assert build(**{name: "booking-7"}).notification_id == names.keyed_notification_id("booking-7")


def test_the_idempotency_key_decides_when_both_are_given() -> None:
    request = build(idempotency_key="a", notification_key="b")
    assert request.notification_id == names.keyed_notification_id("a")


def test_every_call_has_an_id_of_its_own() -> None:
    assert build(idempotency_key="a").call_id != build(idempotency_key="a").call_id


def test_the_id_of_a_key_never_changes() -> None:
    """It is what Temporal and PostgreSQL remember: another id is another notification."""
    assert names.keyed_notification_id("booking:123:confirmed") == UUID("6e6e3bc6-8ef6-5c89-acfe-7a1616a37bc5")


def test_the_ids_derived_from_a_notification_never_change() -> None:
    notification = names.keyed_notification_id("booking:123:confirmed")
    email = names.delivery_id(notification, Channel.EMAIL)
    assert (names.notification_workflow_id(notification), email, names.send_key(email, 2)) == (
        f"notification:{notification}",
        UUID("a9b1e8bf-5fc2-5ec9-afa7-770ec62d0eb6"),
        "a9b1e8bf-5fc2-5ec9-afa7-770ec62d0eb6:2",
    )


@pytest.mark.parametrize(("channel", "queue"), [(Channel.EMAIL, "delivery-email"), (Channel.SMS, "delivery-sms")])
def test_a_channels_queue_never_changes_its_name(channel: Channel, queue: str) -> None:
    assert names.delivery_queue(channel) == queue


FULL: dict[str, Any] = {
    "user": "ada",
    "notification_type": "booking",
    "title": "Bräunung",
    "message": "Two\nlines",
    "delivery_channels": ["in_app", "email"],
    "metadata": {"b": [1, 2.5, None, True], "a": {"ß": "☀"}},
    "related_object_type": "booking",
    "related_object_id": 7,
    "group_key": "g",
    "notification_key": "k",
    "priority": "high",
    "scheduled_for": NOON,
    "expires_at": NOON + timedelta(hours=1),
}


def test_the_fingerprint_of_a_request_never_changes() -> None:
    """It is kept for ever: another one turns every repeated call into a conflict."""
    assert build(**FULL).fingerprint == "de0044f06bf8f4e71615e73189f69bd39e3138488eea567315a87bbd3f30cd0a"


def test_the_fingerprint_of_a_small_request_never_changes() -> None:
    assert build().fingerprint == "e4067c65dc286dcf138bbc6a113570da2ad530783fa28934ca754e9f534d1e3e"


def test_equal_requests_have_equal_fingerprints() -> None:
    assert build(**FULL).fingerprint == build(**FULL).fingerprint


def test_the_order_of_metadata_does_not_matter() -> None:
    assert build(metadata={"a": 1, "b": 2}).fingerprint == build(metadata={"b": 2, "a": 1}).fingerprint


def test_the_idempotency_key_is_no_part_of_the_fingerprint() -> None:
    assert build(idempotency_key="a").fingerprint == build(idempotency_key="b").fingerprint


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("user", "bob"),
        ("notification_type", NotificationType.SYSTEM),
        ("title", "Other"),
        ("message", "Other"),
        ("template_key", "other"),
        ("channels", (Channel.EMAIL,)),
        ("metadata", {"a": 1}),
        ("related_object_type", "other"),
        ("related_object_id", "8"),
        ("group_key", "other"),
        ("notification_key", "other"),
        ("priority", Priority.LOW),
        ("scheduled_for", NOON + timedelta(seconds=1)),
        ("expires_at", NOON + timedelta(hours=2)),
    ],
)
def test_another_value_of_any_field_is_another_fingerprint(field: str, other: Any) -> None:
    request = build(**FULL)
    changed = replace(request, **{field: other})
    assert fingerprint(changed) != request.fingerprint


@given(
    fields=st.fixed_dictionaries(
        {},
        optional={
            "user": st.text() | st.integers() | st.none(),
            "notification_type": st.sampled_from(NotificationType) | st.text(),
            "title": st.text(max_size=220),
            "message": st.text(max_size=220),
            "delivery_channels": st.none() | st.lists(st.sampled_from(Channel) | st.text(max_size=5), max_size=5),
            "metadata": st.none() | st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.floats(), max_size=4),
            "priority": st.none() | st.sampled_from(Priority) | st.text(max_size=5),
            "scheduled_for": st.none() | st.datetimes() | st.datetimes(timezones=st.just(UTC)),
        },
    )
)
def test_any_arguments_make_a_request_or_are_refused(fields: dict[str, Any]) -> None:
    try:
        request = build(**fields)
    except InvalidNotification as refused:
        assert refused.errors.keys() <= fields.keys()  # noqa: PT017 - either outcome is right, and nothing else
        return
    assert request.fingerprint == fingerprint(request)
