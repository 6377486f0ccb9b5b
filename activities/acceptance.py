"""What accepting one notification comes to: the rows to write and the plan to carry out. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifications.contracts import names
from notifications.contracts.delivery import PlannedDelivery
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationStatus
from persistence.recipients import Reachability
from policy.channels import Decision, decide
from policy.outcomes import notification_status
from policy.types import policy_of
from templating.composing import Words, compose


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Rows keyed by column; `item` is the inbox entry, None while it waits or without in_app."""

    notification: Mapping[str, Any]
    deliveries: list[dict[str, Any]]
    item: Mapping[str, Any] | None
    status: NotificationStatus
    not_before: datetime | None
    planned: tuple[PlannedDelivery, ...]


def draft(
    request: NotificationRequest, *, person: Reachability, templates: Mapping[Channel, Words], now: datetime
) -> Acceptance:
    """Decides every channel and composes every word.

    Raises:
        InvalidNotification: the template or its variables are at fault.
    """
    policy = policy_of(request.notification_type)
    channels = request.channels or policy.default_channels
    decisions = {
        channel: decide(channel, policy=policy, switches=person.switches, has_address=person.has_address(channel))
        for channel in channels
    }
    waits = request.scheduled_for is not None and request.scheduled_for > now
    statuses = {channel: _first_status(channel, decisions[channel], waits=waits) for channel in channels}
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
        notification={
            **{name: value for name, value in item.items() if name != "is_read"},
            "user_id": request.user,
            "channels": list(channels),
            "status": status,
            "priority": request.priority or policy.priority,
            "template_key": request.template_key,
            "notification_key": request.notification_key,
            "scheduled_for": request.scheduled_for,
            "expires_at": request.expires_at,
            "sent_at": now if status is NotificationStatus.SENT else None,
            "published_at": now if published else None,
            "listed_at": now,
            "fingerprint": request.fingerprint,
            "call_id": request.call_id,
        },
        deliveries=[
            {
                "id": names.delivery_id(request.notification_id, channel),
                "channel": channel,
                "status": statuses[channel],
                "reason": None if decision.use else decision.rule,
                "rule": decision.rule,
                "subject": words[channel].subject,
                "body": words[channel].body,
                "sent_at": now if statuses[channel] is DeliveryStatus.DELIVERED else None,
                "delivered_at": now if statuses[channel] is DeliveryStatus.DELIVERED else None,
            }
            for channel, decision in decisions.items()
        ],
        item=item if published else None,
        status=status,
        not_before=request.scheduled_for if waits else None,
        planned=tuple(
            planned_delivery(request, channel) for channel in channels if channel.is_external and decisions[channel].use
        ),
    )


def planned_delivery(request: NotificationRequest, channel: Channel) -> PlannedDelivery:
    return PlannedDelivery(
        delivery_id=names.delivery_id(request.notification_id, channel),
        channel=channel,
        deadline_seconds=policy_of(request.notification_type).deadline_seconds[channel],
    )


def _first_status(channel: Channel, decision: Decision, *, waits: bool) -> DeliveryStatus:
    if not decision.use:
        return DeliveryStatus.SKIPPED
    if waits:
        return DeliveryStatus.SCHEDULED
    # The inbox is ours: what is written there has arrived.
    return DeliveryStatus.DELIVERED if channel is Channel.IN_APP else DeliveryStatus.PENDING
