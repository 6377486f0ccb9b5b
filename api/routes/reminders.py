"""`reminders/`: what fires at an offset from the time of something, and moves with it (staff)."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.dependencies import OfUser, ServicesDep, Staff
from api.presenting import plain
from api.responses import json_response
from api.schemas import reminders as shapes
from api.schemas.fields import Text
from notifications.contracts import limits
from notifications.contracts.errors import NotificationNotFound
from notifications.contracts.reminders import Reminders
from persistence.reminders import ReminderRepository

router = APIRouter(prefix="/reminders", tags=["reminders"])

Anchor = Annotated[Text, Path(max_length=limits.ANCHOR_CHARS, examples=["booking:123"])]


@router.post("/", status_code=201, response_model=shapes.Reminders, summary="Remind users of something (staff)")
async def create_reminders(request: Request, body: shapes.RemindersCreate, _: Staff, services: ServicesDep) -> Response:
    """Offsets that have passed are `skipped`. Calls for the same anchor add up; repeating one changes nothing."""
    reminders = await services.client.remind(
        anchor=body.anchor,
        starts_at=body.starts_at,
        offsets=body.offsets,
        users=body.everybody(),
        **body.content(),
    )
    location = str(request.url_for("get_reminders", anchor=reminders.anchor))
    return json_response(_presented(reminders), 201, headers={"Location": location})


@router.get("/{anchor}/", response_model=shapes.Reminders, summary="The reminders of an anchor (staff)")
async def get_reminders(anchor: Anchor, _: Staff, services: ServicesDep) -> Response:
    async with services.database.statements() as transaction:
        return json_response(_presented(await ReminderRepository(transaction).of(anchor)))


@router.patch("/{anchor}/", response_model=shapes.Reminders, summary="Move an anchor and its reminders (staff)")
async def move_anchor(anchor: Anchor, body: shapes.AnchorMove, _: Staff, services: ServicesDep) -> Response:
    await _must_exist(anchor, services)
    return json_response(_presented(await services.client.reschedule(anchor, body.starts_at)))


@router.delete("/{anchor}/", response_model=shapes.Reminders, summary="Cancel the reminders of an anchor (staff)")
async def cancel_reminders(
    anchor: Anchor,
    _: Staff,
    services: ServicesDep,
    user: OfUser = None,
) -> Response:
    """What had fired is seen in the answer; of what it fired, whatever still waits is stopped as well."""
    await _must_exist(anchor, services)
    return json_response(_presented(await services.client.cancel_reminders(anchor, user=user)))


async def _must_exist(anchor: str, services: ServicesDep) -> None:
    """A call on an anchor starts its workflow, and for one that nobody knows there is no need."""
    async with services.database.statements() as transaction:
        if not await ReminderRepository(transaction).count(anchor):
            raise NotificationNotFound


def _presented(found: Reminders) -> dict[str, Any]:
    if found.starts_at is None:
        raise NotificationNotFound
    return {
        "anchor": found.anchor,
        "starts_at": plain(found.starts_at),
        "reminders": [
            {
                "user": reminder.user,
                "offset": reminder.offset,
                "fires_at": plain(reminder.fires_at),
                "status": reminder.status,
                "notification_id": reminder.notification_id,
            }
            for reminder in found.reminders
        ],
    }
