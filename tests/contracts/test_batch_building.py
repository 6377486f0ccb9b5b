"""From loose arguments to a batch: what is refused, by name, and what makes two requests the same."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.contracts import limits, names
from notifications.contracts.batches import Audience, BatchRequest
from notifications.contracts.building_batches import build_batch
from notifications.contracts.errors import InvalidNotification
from notifications.contracts.vocabulary import Channel

NOON = datetime(2039, 5, 1, 12, tzinfo=UTC)
USER = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)


def build(**fields: Any) -> BatchRequest:
    words = {} if "template_key" in fields else {"title": "Hello", "message": "Words."}
    whom = {} if "audience" in fields else {"users": ["ada", "bob"]}
    return build_batch(**{"notification_type": "system", **whom, **words, **fields})


@pytest.mark.parametrize(
    ("fields", "named", "told"),
    [
        ({"users": None}, "users", "Name either users or an audience."),
        ({"users": ["ada"], "audience": Audience()}, "users", "Name either users or an audience."),
        ({"users": []}, "users", "Name at least one user."),
        ({"users": "ada"}, "users", "Must be a list of users."),
        ({"users": ["ada", ""]}, "users", "This field is required."),
        ({"users": ["ada", "x" * 129]}, "users", "no more than 128 characters"),
        ({"users": ["ada", "a\nb"]}, "users", "Must be a single line of text."),
        ({"users": [object()]}, "users", "An id, or an object with pk or id, is required."),
        ({"users": range(10_001)}, "users", "At most 10000 in one batch; this names 10001."),
        ({"users": ("☀" * 20 + str(n) for n in range(9_000))}, "users", "At most 1000000 bytes of JSON"),
        ({"audience": Audience(locale="x" * 101)}, "audience", "no more than 100 characters"),
        ({"audience": Audience(time_zone="a\0")}, "audience", "Must be a single line of text."),
        ({"supersede_key": "order:1"}, "supersede_key", "A batch supersedes nothing."),
        ({"digest": {"key": "k", "window": {"kind": "daily", "at": "18:00"}}}, "digest", "A batch is not gathered"),
        ({"title": None}, "title", "This field is required."),
        ({"title": "a\nb"}, "title", "Must be a single line of text."),
        ({"notification_type": "gossip"}, "notification_type", "is not one of"),
        ({"delivery_channels": ["pigeon"]}, "delivery_channels", "is not one of"),
        ({"idempotency_key": "x" * 256}, "idempotency_key", "no more than 255 characters"),
        ({"notification_key": "x" * 256}, "notification_key", "no more than 255 characters"),
        ({"scheduled_for": NOON, "expires_at": NOON}, "expires_at", "Must be later than scheduled_for."),
    ],
)
def test_a_bad_field_is_refused_by_its_name(fields: dict[str, Any], named: str, told: str) -> None:
    with pytest.raises(InvalidNotification) as refused:
        build(**fields)
    assert told in " ".join(refused.value.errors.get(named, []))


def test_what_is_wrong_with_users_and_with_words_is_told_at_once() -> None:
    with pytest.raises(InvalidNotification) as refused:
        build(users=[], title="", supersede_key="x", notification_type="gossip")
    assert refused.value.errors.keys() == {"users", "title", "supersede_key", "notification_type"}


def test_the_content_is_a_notification_of_the_batch() -> None:
    batch = build(delivery_channels=["in_app"], scheduled_for=NOON)
    assert batch.content is not None
    assert (batch.content.call_id, batch.content.fingerprint) == (str(batch.batch_id), batch.fingerprint)
    assert (batch.content.channels, batch.content.scheduled_for) == ((Channel.IN_APP,), NOON)


def test_users_may_be_numbers_and_objects() -> None:
    assert build(users=[3, SimpleNamespace(pk=2), SimpleNamespace(id="1"), "3"]).users == ("1", "2", "3")


def test_as_many_users_as_may_be_are_taken() -> None:
    assert len(build(users=range(limits.USERS_PER_BATCH)).users) == limits.USERS_PER_BATCH


@given(users=st.lists(USER, min_size=1), chance=st.randoms())
def test_the_same_users_in_any_order_and_number_are_the_same_request(users: list[str], chance: Any) -> None:
    shuffled = users * 2
    chance.shuffle(shuffled)
    first, second = build(users=users), build(users=shuffled)
    assert first.users == second.users == tuple(sorted(set(users)))
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize(
    "fields",
    [
        {"users": ["ada"]},
        {"title": "Other"},
        {"metadata": {"a": 1}},
        {"scheduled_for": NOON},
        {"audience": Audience()},
        {"audience": Audience(locale="de")},
        {"audience": Audience(time_zone="de")},
    ],
)
def test_another_content_or_another_audience_is_another_request(fields: dict[str, Any]) -> None:
    requests = [build(), build(audience=Audience(locale="pt")), build(**fields)]
    assert len({request.fingerprint for request in requests}) == len(requests)


def test_a_key_stands_for_one_batch_and_none_for_a_new_one() -> None:
    assert build(idempotency_key="k").batch_id == build(notification_key="k", title="Other").batch_id
    assert build().batch_id != build().batch_id


def test_a_batch_and_a_notification_may_have_the_same_key() -> None:
    assert names.keyed_batch_id("k") != names.keyed_notification_id("k")


@given(first=USER, second=USER)
def test_two_users_of_a_batch_never_share_a_notification(first: str, second: str) -> None:
    batch = names.keyed_batch_id("k")
    same = names.batch_notification_id(batch, first) == names.batch_notification_id(batch, second)
    assert same is (first == second)
