"""Every shape survives the way through Temporal, field by field and type by type."""

import importlib
import inspect
import pkgutil
from dataclasses import FrozenInstanceError, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from temporalio.converter import DataConverter

from notifications import contracts
from notifications.contracts.batches import AcceptedBatch, Audience, BatchRequest, PageInput, PageResult
from notifications.contracts.changes import Change, ChangeAnswer, ChangeKind, ChannelEffect, Effect
from notifications.contracts.delivery import (
    AcceptResult,
    AdvanceInput,
    AskInput,
    ConcludeInput,
    Conclusion,
    GivenUp,
    Plan,
    PlannedDelivery,
    SendInput,
    SendResult,
)
from notifications.contracts.digests import (
    DigestChoice,
    DigestEntry,
    DigestInput,
    DigestPlan,
    DigestWindow,
    WindowKind,
)
from notifications.contracts.maintenance import RetentionProgress, RetentionReport, RetentionTurn
from notifications.contracts.notification import AcceptedNotification, NotificationRequest
from notifications.contracts.preconditions import IfUnreachable, Precondition
from notifications.contracts.reconsidering import ReconsiderInput, ReconsiderPage
from notifications.contracts.recurring import Firing, FiringPlan, Recurrence, RecurrenceState
from notifications.contracts.reminders import (
    AnchorCancellation,
    AnchorInput,
    AnchorMove,
    AnchorPlan,
    Reminder,
    ReminderRequest,
    Reminders,
    ReminderStatus,
)
from notifications.contracts.snooze import Snooze
from notifications.contracts.summaries import SummaryProgress, SummaryTurn
from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationStatus, NotificationType, Priority

ID = UUID("6f1d1c0c-7f11-4c3b-9a51-8f2f5f0e4f0c")
NOON = datetime(2039, 5, 1, 12, 0, 0, 123_456, tzinfo=UTC)
PLANNED = PlannedDelivery(delivery_id=ID, channel=Channel.SMS, deadline_seconds=3600)
PLAN = Plan(status=NotificationStatus.SENT, wake_at=NOON, waits_for="scheduled", deliveries=(PLANNED, PLANNED))
EFFECT = ChannelEffect(channel=Channel.SMS, effect=Effect.ALREADY_SENT, status=DeliveryStatus.SENT, reason="r", at=NOON)

SMALL = NotificationRequest(
    notification_id=ID, call_id="c", fingerprint="f", user="ada", notification_type=NotificationType.SYSTEM
)
QUIET = DigestWindow(kind=WindowKind.QUIET, seconds=60, at_most_seconds=600)
DIGEST = DigestChoice(key="k", window=QUIET)
REMINDER = Reminder(user="ada", offset=60, fires_at=NOON, status=ReminderStatus.FIRED, notification_id=ID)
WEEKLY = Recurrence(key="k", users=("ada", "☀"), content=SMALL, since=NOON, weekdays=(0, 6), at="09:00", ends_at=NOON)
PRECONDITION = Precondition(url="https://example.org/still-true/", if_unreachable=IfUnreachable.HOLD)

SHAPES: list[Any] = [
    NotificationRequest(
        notification_id=ID,
        call_id="c",
        fingerprint="f",
        user="ada",
        notification_type=NotificationType.BOOKING,
        title="Bräunung ☀",
        message="Two\nlines",
        template_key="k",
        channels=(Channel.IN_APP, Channel.EMAIL),
        metadata={"a": [1, 2.5, None, True, {"ß": "☀"}], "empty": {}},
        related_object_type="booking",
        related_object_id="7",
        group_key="g",
        notification_key="n",
        supersede_key="s",
        escalation={Channel.SMS: 300},
        priority=Priority.HIGH,
        scheduled_for=NOON,
        expires_at=NOON,
        digest=DIGEST,
        precondition=PRECONDITION,
        summary_week="2026-W48",
        batch_id=ID,
    ),
    DIGEST,
    QUIET,
    DigestWindow(kind=WindowKind.DAILY, at="18:00"),
    DigestEntry(notification_id=ID),
    DigestInput(digest_id=ID, at_once=True),
    DigestPlan(wake_at=NOON),
    DigestPlan(),
    SMALL,
    AcceptedNotification(notification_id=ID, call_id="c", fingerprint="f", status=NotificationStatus.PENDING),
    PLANNED,
    PLAN,
    Plan(status=NotificationStatus.SENT),
    AcceptResult(call_id="c", plan=PLAN),
    Change(change_id=ID, notification_id=ID, kind=ChangeKind.RESCHEDULE, scheduled_for=NOON),
    EFFECT,
    ChangeAnswer(change_id=ID, channels=(EFFECT, EFFECT)),
    ReminderRequest(anchor="booking:1", starts_at=NOON, offsets_seconds=(60, -60), users=("ada",), content=SMALL),
    AnchorInput(anchor="booking:1"),
    Snooze(notification_id=ID, until=NOON),
    ReconsiderInput(user="ada", after=ID),
    ReconsiderPage(after=ID),
    AnchorMove(anchor="booking:1", starts_at=NOON),
    AnchorCancellation(anchor="booking:1", user="ada"),
    AnchorPlan(wake_at=NOON),
    REMINDER,
    Reminders(anchor="booking:1", starts_at=NOON, reminders=(REMINDER, REMINDER)),
    SendInput(delivery_id=ID),
    AskInput(delivery_id=ID),
    PRECONDITION,
    SendResult(status=DeliveryStatus.FAILED, reason="bounced"),
    AdvanceInput(notification_id=ID),
    GivenUp(delivery_id=ID, reason="deadline_exceeded"),
    ConcludeInput(notification_id=ID, given_up=(GivenUp(delivery_id=ID, reason="r"),)),
    Conclusion(status=NotificationStatus.FAILED),
    Audience(locale="pt-BR", time_zone="America/Sao_Paulo"),
    BatchRequest(batch_id=ID, call_id="c", fingerprint="f", content=SMALL, users=("ada", "☀")),
    BatchRequest(batch_id=ID, call_id="c", fingerprint="f", content=SMALL, audience=Audience(locale="pt")),
    BatchRequest(batch_id=ID, call_id="c", fingerprint="f"),
    AcceptedBatch(batch_id=ID, call_id="c", fingerprint="f", scheduled_for=NOON),
    PageInput(batch_id=ID),
    PageResult(accepted=500, is_last=False),
    WEEKLY,
    Recurrence(key="k", users=("ada",), content=SMALL, since=NOON, cron="0 9 1 * *", time_zone="Europe/Berlin"),
    Firing(key="k", scheduled_at=NOON),
    FiringPlan(wake_at=NOON),
    SummaryTurn(moment=NOON, begun=7),
    SummaryProgress(begun=7, is_done=True),
    RecurrenceState(recurrence=WEEKLY, paused=True, next_at=(NOON, NOON)),
    RetentionTurn(run_id=ID),
    RetentionTurn(run_id=ID, listed_at=NOON, notification_id=ID),
    RetentionProgress(),
    RetentionProgress(next_turn=RetentionTurn(run_id=ID, listed_at=NOON, notification_id=ID)),
    RetentionReport(removed={"notifications/system": 12, "anchors": 3}),
]
TYPES = list(dict.fromkeys(type(shape) for shape in SHAPES))


async def there_and_back(shape: Any) -> Any:
    converter = DataConverter.default
    return (await converter.decode(await converter.encode([shape]), [type(shape)]))[0]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: type(shape).__name__)
async def test_a_shape_comes_back_as_it_went(shape: Any) -> None:
    assert await there_and_back(shape) == shape


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: type(shape).__name__)
async def test_every_field_comes_back_with_its_type(shape: Any) -> None:
    back = await there_and_back(shape)
    went = [type(getattr(shape, field.name)) for field in fields(shape)]
    assert [type(getattr(back, field.name)) for field in fields(back)] == went


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: type(shape).__name__)
async def test_a_field_that_a_later_version_added_is_passed_over(shape: Any) -> None:
    converter = DataConverter.default
    (payload,) = await converter.encode([shape])
    payload.data = payload.data.replace(b"{", b'{"added_later": 1, ', 1)
    assert await converter.decode([payload], [type(shape)]) == [shape]


def test_every_shape_of_the_contracts_is_tried_here() -> None:
    names = [f"{contracts.__name__}.{module.name}" for module in pkgutil.iter_modules(contracts.__path__)]
    items = [(name, item) for name in names for item in vars(importlib.import_module(name)).values()]
    defined = {
        item for name, item in items if isinstance(item, type) and is_dataclass(item) and item.__module__ == name
    }
    assert defined == set(TYPES)


@pytest.mark.parametrize("shape", TYPES)
def test_a_shape_is_filled_by_name_only(shape: type) -> None:
    kinds = {parameter.kind for parameter in inspect.signature(shape).parameters.values()}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: type(shape).__name__)
def test_a_shape_cannot_be_changed(shape: Any) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(shape, fields(shape)[0].name, None)
