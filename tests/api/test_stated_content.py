"""What is said about a notification means the same in every body that may say it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.schemas.bulk import BulkCreate
from api.schemas.changes import NotificationEdit
from api.schemas.content import Content
from api.schemas.notifications import NotificationCreate
from api.schemas.recurring import RecurringChange, RecurringCreate
from api.schemas.reminders import RemindersCreate

STARTS_AT = datetime(2030, 6, 2, 10, tzinfo=UTC)
WEEKLY = {"schedule": {"weekdays": ["monday"], "time": "09:00"}, "time_zone": "Europe/Berlin"}
BODIES: list[tuple[type[Content], dict[str, Any]]] = [
    (NotificationCreate, {"user": "anna", "notification_type": "system"}),
    (BulkCreate, {"users": ["anna"], "notification_type": "system"}),
    (RemindersCreate, {"anchor": "booking:123", "starts_at": STARTS_AT, "offsets": [60]}),
    (RecurringCreate, {"key": "weekly-plan", **WEEKLY}),
    (RecurringChange, {}),
]
SPELLINGS = [
    ({"delivery_channel": "email"}, ["email"]),
    ({"delivery_channels": ["email", "sms"]}, ["email", "sms"]),
    ({"delivery_channel": "email", "delivery_channels": ["sms"]}, ["sms"]),
    ({"delivery_channel": "email", "delivery_channels": None}, ["email"]),
    ({"delivery_channel": None, "delivery_channels": []}, []),
    ({"delivery_channel": None, "delivery_channels": None}, None),
    ({}, None),
]


@pytest.mark.parametrize(("given", "wanted"), SPELLINGS)
@pytest.mark.parametrize(("shape", "needed"), BODIES)
def test_channels_may_be_spelled_in_two_ways(
    shape: type[Content], needed: dict[str, Any], given: dict[str, Any], wanted: list[str] | None
) -> None:
    assert shape.model_validate(needed | given).content().get("delivery_channels") == wanted


@pytest.mark.parametrize(("given", "wanted"), SPELLINGS)
def test_channels_of_an_edit_may_be_spelled_so_too(given: dict[str, Any], wanted: list[str] | None) -> None:
    assert NotificationEdit.model_validate(given).given() == ({} if wanted is None else {"channels": wanted})


@pytest.mark.parametrize(("shape", "needed"), BODIES)
def test_the_client_is_told_all_of_the_content_and_nothing_else(shape: type[Content], needed: dict[str, Any]) -> None:
    said = {
        "title": "Soon",
        "message": "Bring a mat.",
        "metadata": {"deep": [[{"a": None}]]},
        "related_object_type": "booking",
        "related_object_id": 123,
        "group_key": "booking:123",
        "supersede_key": "booking:123",
        "escalation": {"email": 60},
        "priority": "high",
        "notification_type": "booking",
    }
    assert shape.model_validate(needed | said | {"idempotency_key": "nobody's"}).content() == said


@pytest.mark.parametrize("field", ["scheduled_for", "expires_at"])
def test_single_notifications_and_batches_have_times(field: str) -> None:
    for shape, needed in BODIES[:2]:
        assert shape.model_validate(needed | {field: STARTS_AT}).content()[field] == STARTS_AT


@pytest.mark.parametrize("shape", [RemindersCreate, RecurringCreate])
def test_users_and_the_user_are_all_told(shape: type[RemindersCreate | RecurringCreate]) -> None:
    body = dict(BODIES)[shape] | {"user": 42, "users": ["anna"]}
    assert shape.model_validate(body).everybody() == ["anna", 42]
