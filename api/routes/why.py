"""What would happen now to a notification for somebody, channel by channel, and which rule says so."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.dependencies import Caller, ServicesDep, Staff
from api.responses import json_response
from api.routes.recipients import UserId
from api.schemas.why import Why
from api.services import Services
from notifications.contracts.vocabulary import Channel, NotificationType
from persistence.attention import AttentionRepository
from persistence.events import utc
from persistence.recipients import Reachability, RecipientRepository
from policy.channels import decide
from policy.explaining import explanation
from policy.planning import Situation, Wait, first_steps
from policy.types import policy_of

router = APIRouter()


@router.get(
    "/recipients/{user}/why/",
    response_model=Why,
    tags=["recipients"],
    summary="What one person would get of a type now, and why (staff)",
)
async def explain_for_user(
    user: UserId, notification_type: NotificationType, _: Staff, services: ServicesDep
) -> Response:
    """By the functions that decide at acceptance and before each send."""
    return await _answer(user, notification_type, services)


@router.get(
    "/notification-settings/why/",
    response_model=Why,
    tags=["notification settings"],
    summary="What the caller would get of a type now, and why",
)
async def explain_for_caller(notification_type: NotificationType, caller: Caller, services: ServicesDep) -> Response:
    return await _answer(caller.user_id, notification_type, services)


async def _answer(user: str, kind: NotificationType, services: Services) -> Response:
    now, priority = datetime.now(UTC), policy_of(kind).priority
    async with services.database.statements() as transaction:
        person = await RecipientRepository(transaction).reachability(user, kind)
        budget = await AttentionRepository(transaction).budget_of_next(
            user, limit=person.daily_limit, priority=priority, now=now
        )
    in_app = replace(person.in_app(kind), budget=budget)
    channels = {channel.value: _channel(channel, in_app, person, now) for channel in Channel}
    return json_response({"user": user, "notification_type": kind, "now": utc(now), "channels": channels})


def _channel(channel: Channel, in_app: Situation, person: Reachability, now: datetime) -> dict[str, Any]:
    """As if it were used beside the inbox alone."""
    policy, has_address = in_app.policy, person.has_address
    decision = decide(channel, policy=policy, preferences=person.preferences, has_address=has_address(channel))
    steps = first_steps(
        in_app, [Channel.IN_APP, channel], has_address=has_address, escalation=policy.escalation, now=now
    )
    step = steps[channel]
    until, reason = (step.until, step.reason) if isinstance(step, Wait) else (None, None)
    return {
        "use": decision.use,
        "rule": decision.rule,
        "explanation": " ".join(filter(None, map(explanation, (decision.rule, reason)))),
        "by_default": channel in policy.default_channels,
        "deferred_until": until and utc(until),
        "deferred_by": reason,
    }
