"""What accepting one notification comes to: the rows to write and the plan to carry out. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from activities.plans import plan_of, planned
from notifications.contracts import names
from notifications.contracts.delivery import Plan
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationStatus, Priority
from persistence.recipients import Reachability
from policy.attention import Budget, needs_slot
from policy.outcomes import notification_status
from policy.planning import PREFERRED_WAITS, Go, Skip, Step, Wait, WaitReason, first_steps
from policy.types import policy_of
from templating.composing import Words, compose

_WISHES = {*PREFERRED_WAITS, WaitReason.OWN_DIGEST}


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Rows keyed by column, as of `now`; `item` is the inbox entry, None while it waits or without in_app."""

    now: datetime
    notification: Mapping[str, Any]
    deliveries: list[dict[str, Any]]
    item: Mapping[str, Any] | None
    plan: Plan
    slots: tuple[UUID, ...] = ()
    """The deliveries that are given a slot of their person's attention budget."""
    gathered: Mapping[UUID, tuple[Channel, datetime]] = field(default_factory=dict)
    """The deliveries that wait in their person's own digest, and until when."""
    needs_turn: bool = False
    """What it decides rests on what others of the same person do at this moment, or on a wish that may just change."""


def draft(
    request: NotificationRequest,
    *,
    person: Reachability,
    templates: Mapping[Channel, Words],
    now: datetime,
    budget: Budget | None = None,
) -> Acceptance:
    """Decides every channel and composes every word; `budget` is the person's, if they have a daily limit.

    Raises:
        InvalidNotification: the template or its variables are at fault.
    """
    channels = request.channels or policy_of(request.notification_type).default_channels
    steps = _first_steps(request, channels, person, budget, now=now)
    slots = _slots(request, steps) if person.daily_limit is not None else ()
    statuses = {channel: _first_status(channel, step) for channel, step in steps.items()}
    words = compose(request, templates, channels=channels, recipient_name=person.name)
    item = {
        "id": request.notification_id,
        "title": words[Channel.IN_APP].subject,
        "message": words[Channel.IN_APP].body,
        "notification_type": request.notification_type,
        "is_read": False,
        "created_at": now,
        "metadata": request.metadata,
        "related_object_type": request.related_object_type,
        "related_object_id": request.related_object_id,
        "group_key": request.group_key,
    }
    published = statuses.get(Channel.IN_APP) is DeliveryStatus.DELIVERED
    status = notification_status(statuses.values())
    return Acceptance(
        now=now,
        notification={
            **{name: value for name, value in item.items() if name != "is_read"},
            "user_id": request.user,
            "channels": list(channels),
            "status": status,
            "priority": priority_of(request),
            "template_key": request.template_key,
            "notification_key": request.notification_key,
            "supersede_key": request.supersede_key,
            "precondition": None if request.precondition is None else asdict(request.precondition),
            "scheduled_for": request.scheduled_for,
            "expires_at": request.expires_at,
            "sent_at": now if status is NotificationStatus.SENT else None,
            "published_at": now if published else None,
            "listed_at": now,
            "fingerprint": request.fingerprint,
            "call_id": request.call_id,
            "is_digest": request.is_digest,
        },
        deliveries=[
            {
                "id": names.delivery_id(request.notification_id, channel),
                "channel": channel,
                "status": statuses[channel],
                "reason": None if isinstance(step, Go) else step.reason,
                "rule": step.rule if isinstance(step, Go) else step.reason,
                "next_attempt_at": step.until if isinstance(step, Wait) else None,
                "escalates_after_seconds": escalation_of(request).get(channel),
                "subject": words[channel].subject,
                "body": words[channel].body,
                "template_id": words[channel].template_id,
                "template_version": words[channel].template_version,
                "sent_at": now if statuses[channel] is DeliveryStatus.DELIVERED else None,
                "delivered_at": now if statuses[channel] is DeliveryStatus.DELIVERED else None,
            }
            for channel, step in steps.items()
        ],
        item=item if published else None,
        plan=plan_of(
            status,
            (
                planned(names.delivery_id(request.notification_id, channel), channel, request.notification_type)
                for channel, step in steps.items()
                if channel.is_external and isinstance(step, Go)
            ),
            (step for step in steps.values() if isinstance(step, Wait)),
        ),
        slots=slots,
        gathered={
            names.delivery_id(request.notification_id, channel): (channel, step.until)
            for channel, step in steps.items()
            if isinstance(step, Wait) and step.reason is WaitReason.OWN_DIGEST
        },
        needs_turn=bool(slots) or any(isinstance(step, Wait) and step.reason in _WISHES for step in steps.values()),
    )


def escalation_of(request: NotificationRequest) -> Mapping[Channel, int]:
    """Seconds by channel: the caller's own, else the type's."""
    if request.escalation is not None:
        return request.escalation
    return policy_of(request.notification_type).escalation


def priority_of(request: NotificationRequest) -> Priority:
    """The caller's own, else the type's."""
    return request.priority or policy_of(request.notification_type).priority


def _first_steps(
    request: NotificationRequest,
    channels: Collection[Channel],
    person: Reachability,
    budget: Budget | None,
    *,
    now: datetime,
) -> dict[Channel, Step]:
    if request.digest is not None:
        # Until when, the digest says that takes it in; what is decided otherwise, is decided about the digest.
        return dict.fromkeys(channels, Wait(now, WaitReason.DIGEST))
    in_app = replace(
        person.in_app(request.notification_type, priority=request.priority),
        scheduled_for=request.scheduled_for,
        expires_at=request.expires_at,
        budget=budget,
        goes_alone=request.precondition is not None,
        is_digest=request.is_digest,
    )
    return first_steps(in_app, channels, has_address=person.has_address, escalation=escalation_of(request), now=now)


def _slots(request: NotificationRequest, steps: Mapping[Channel, Step]) -> tuple[UUID, ...]:
    return tuple(
        names.delivery_id(request.notification_id, channel)
        for channel, step in steps.items()
        if isinstance(step, Go) and needs_slot(channel, priority_of(request))
    )


def _first_status(channel: Channel, step: Step) -> DeliveryStatus:
    match step:
        case Wait():
            return DeliveryStatus.SCHEDULED
        case Skip():
            return DeliveryStatus.SKIPPED
        case Go():
            # The inbox is ours: what is written there has arrived.
            return DeliveryStatus.PENDING if channel.is_external else DeliveryStatus.DELIVERED
