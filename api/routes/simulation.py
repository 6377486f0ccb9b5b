"""What would be sent when, and why, if a notification came in: nothing is written, and nobody is told (staff)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.dependencies import ServicesDep, Staff
from api.presenting import plain
from api.responses import json_response
from api.schemas.simulation import ReminderSimulation, Simulated, SimulatedReminders, Simulation, StepWord
from api.services import Services
from notifications.contracts.reminders import ReminderStatus
from notifications.contracts.vocabulary import Channel
from persistence.attention import AttentionRepository
from persistence.recipients import Reachability, RecipientRepository
from policy.explaining import explanation
from policy.planning import Go, Situation, Wait
from policy.reminders import expiry, fires_at, first_status
from policy.simulation import Ladder, Reading, Rung, ladder
from policy.types import policy_of

router = APIRouter(prefix="/simulate", tags=["simulation"])


@router.post("/", response_model=Simulated, summary="What would become of a notification, step by step (staff)")
async def simulate(body: Simulation, _: Staff, services: ServicesDep) -> Response:
    """With the person's own wishes, hours, zone and attention as they stand, by the functions that decide for real."""
    now = body.at or datetime.now(UTC)
    person, in_app = await _person(body, services, now)
    walk = _walk(body, person, replace(in_app, scheduled_for=body.scheduled_for, expires_at=body.expires_at), now)
    return json_response(_head(body, now) | _told(walk, body))


@router.post("/reminders/", response_model=SimulatedReminders, summary="What would become of reminders (staff)")
async def simulate_reminders(body: ReminderSimulation, _: Staff, services: ServicesDep) -> Response:
    """The same for every offset of an anchor, each reminder finding the attention that those before it leave."""
    now = body.at or datetime.now(UTC)
    person, in_app = await _person(body, services, now)
    reminders: list[dict[str, Any]] = []
    for offset in sorted(set(body.offsets), reverse=True):
        moment = fires_at(body.starts_at, offset)
        status = first_status(moment, now=now)
        walk = Ladder({})
        if status is ReminderStatus.WAITING:
            expires_at = expiry(body.expires_at, starts_at=body.starts_at, offset_seconds=offset)
            walk = _walk(body, person, replace(in_app, expires_at=expires_at), moment)
            if in_app.budget is not None:
                in_app = replace(in_app, budget=in_app.budget.after_sending(*walk.spent))
        reminders.append({"offset": offset, "fires_at": plain(moment), "status": status} | _told(walk, body))
    return json_response(_head(body, now) | {"starts_at": plain(body.starts_at), "reminders": reminders})


async def _person(body: Simulation, services: Services, now: datetime) -> tuple[Reachability, Situation]:
    async with services.database.statements() as transaction:
        person = await RecipientRepository(transaction).reachability(body.user, body.notification_type)
        in_app = person.in_app(body.notification_type, priority=body.priority)
        budget = await AttentionRepository(transaction).budget_of_next(
            body.user, limit=person.daily_limit, priority=in_app.priority, now=now
        )
    return person, replace(in_app, budget=budget)


def _walk(body: Simulation, person: Reachability, in_app: Situation, now: datetime) -> Ladder:
    policy = policy_of(body.notification_type)
    escalation: Mapping[Channel, int] = policy.escalation
    if body.escalation is not None:
        escalation = {Channel(name): seconds for name, seconds in body.escalation.items()}
    return ladder(
        replace(in_app, goes_alone=body.precondition is not None),
        list(dict.fromkeys(body.channels or policy.default_channels)),
        has_address=person.has_address,
        escalation=escalation,
        reading=Reading(at=body.read_at, after_seconds=body.read_after_seconds),
        now=now,
    )


def _head(body: Simulation, now: datetime) -> dict[str, Any]:
    return {"user": body.user, "notification_type": body.notification_type, "at": plain(now)}


def _told(walk: Ladder, body: Simulation) -> dict[str, Any]:
    channels = {
        channel.value: [_rung(rung, is_asked=channel.is_external and body.precondition is not None) for rung in rungs]
        for channel, rungs in walk.rungs.items()
    }
    return {"read_at": plain(walk.read_at), "channels": channels}


def _rung(rung: Rung, *, is_asked: bool) -> dict[str, Any]:
    step = rung.step
    reason = step.rule if isinstance(step, Go) else step.reason
    return {
        "at": plain(rung.at),
        "step": StepWord.of(step),
        "reason": reason,
        "explanation": explanation(reason),
        "until": plain(step.until) if isinstance(step, Wait) else None,
        "asks_first": is_asked and isinstance(step, Go),
    }
