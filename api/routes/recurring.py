"""`recurring/`: notifications that come again, each on a schedule of Temporal's (staff)."""

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.dependencies import ServicesDep, Staff
from api.presenting import plain
from api.responses import json_response
from api.schemas import recurring as shapes
from api.schemas.fields import Text
from api.services import Services
from notifications.contracts import limits
from notifications.contracts.building_recurring import RECIPIENTS_ZONE, build_recurrence, content_of, schedule_of
from notifications.contracts.recurring import Recurrence, RecurrenceState
from persistence.templates import TemplateRepository
from policy.recurring import upcoming
from templating.composing import compose

router = APIRouter(prefix="/recurring", tags=["recurring notifications"])

Key = Annotated[Text, Path(max_length=limits.ANCHOR_CHARS, examples=["weekly-plan"])]
_NEXT = 5
_LISTED = 1_000
_SHOWN = ("notification_type", "title", "message", "template_key", "delivery_channels", "metadata")


@router.post(
    "/",
    status_code=201,
    response_model=shapes.Recurring,
    responses={200: {"model": shapes.Recurring}, 409: {}},
    summary="Tell users again and again (staff)",
)
async def create_recurring(request: Request, body: shapes.RecurringCreate, _: Staff, services: ServicesDep) -> Response:
    """The same call again answers 200 and changes nothing; another one with its key is 409."""
    asked: dict[str, Any] = {
        "key": body.key,
        "users": body.everybody(),
        "schedule": body.recurs.model_dump(),
        "time_zone": body.time_zone,
        "ends_at": body.ends_at,
    }
    await _check_words(services, build_recurrence(content=body.content(), **asked))
    made = await services.client.recur(**asked, **body.content())
    location = str(request.url_for("get_recurring", key=made.recurrence.key))
    return json_response(_presented(made), 201 if made.is_new else 200, headers={"Location": location})


@router.get("/", response_model=shapes.RecurringItems, summary="What comes again (staff)")
async def list_recurring(_: Staff, services: ServicesDep) -> Response:
    """By key, at most 1,000; a moment behind what was just made or deleted."""
    found = await services.client.recurring.every(most=_LISTED)
    return json_response({"results": [{"key": item.key, "paused": item.paused} for item in found]})


@router.get("/{key}/", response_model=shapes.Recurring, summary="What comes again, and when next (staff)")
async def get_recurring(key: Key, _: Staff, services: ServicesDep) -> Response:
    return json_response(_presented(await services.client.recurring.get(key)))


@router.patch("/{key}/", response_model=shapes.Recurring, summary="Change, pause or resume it (staff)")
async def change_recurring(key: Key, body: shapes.RecurringChange, _: Staff, services: ServicesDep) -> Response:
    """What has not gone out follows the change. What was due while it was paused is not made up for."""
    changed = await services.client.recurring.change(key, body.changes(), paused=body.paused)
    return json_response(_presented(changed))


@router.delete("/{key}/", status_code=204, summary="Tell nothing more of it (staff)")
async def delete_recurring(key: Key, _: Staff, services: ServicesDep) -> Response:
    """What it has told already stays."""
    await services.client.recurring.delete(key)
    return Response(status_code=204)


async def _check_words(services: Services, recurrence: Recurrence) -> None:
    """Better refused now than found out when it should be told."""
    content = recurrence.content
    if content.template_key is not None:
        async with services.database.statements() as transaction:
            templates = await TemplateRepository(transaction).texts(content.template_key, locale="en")
        compose(content, templates, channels=content.channels, recipient_name="-")


def _presented(state: RecurrenceState) -> dict[str, Any]:
    found, content = state.recurrence, content_of(state.recurrence)
    return {
        "key": found.key,
        "users": found.users,
        "schedule": schedule_of(found),
        "time_zone": found.time_zone or RECIPIENTS_ZONE,
        "ends_at": plain(found.ends_at),
        "paused": state.paused,
        "next": [] if state.paused else _next(state),
        **{name: content[name] for name in _SHOWN},
    }


def _next(state: RecurrenceState) -> list[dict[str, Any]]:
    found = state.recurrence
    if found.time_zone is None:
        walls = upcoming(found, None, now=datetime.now(UTC), most=_NEXT)
        return [{"local": wall.isoformat(), "at": None} for wall in walls]
    zone = ZoneInfo(found.time_zone)
    times = state.next_at[:_NEXT] if found.cron else upcoming(found, zone, now=datetime.now(UTC), most=_NEXT)
    return [
        {"local": moment.astimezone(zone).replace(tzinfo=None).isoformat(), "at": plain(moment)} for moment in times
    ]
