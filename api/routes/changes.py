"""Changing one notification, cancelling, restoring and moving what has not gone out of it; and its story."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.changing import change, edit
from api.dependencies import Caller, PathId, ServicesDep, Staff
from api.presenting import detail, plain
from api.responses import json_response
from api.schemas.changes import (
    ChangeResult,
    NothingToChange,
    NotificationChange,
    NotInTheInbox,
    Reschedule,
    Timeline,
)
from api.schemas.notifications import NotificationDetail
from api.treating import acting_for, treat
from notifications.contracts.changes import Change, ChangeKind
from notifications.contracts.errors import NotificationNotFound
from persistence.notifications import NotificationRepository
from persistence.timeline import TimelineRepository
from policy.explaining import explanation

router = APIRouter(prefix="/notifications", tags=["notifications"])
_TOO_LATE: dict[int | str, Any] = {409: {"model": NothingToChange}}
_NOT_NOW: dict[int | str, Any] = {409: {"model": NothingToChange | NotInTheInbox}}


@router.post("/{id}/cancel/", response_model=ChangeResult, responses=_TOO_LATE, summary="Stop what has not gone out")
async def cancel_notification(_: Staff, id: PathId, services: ServicesDep) -> Response:
    """200 says per channel what was stopped, and what had already gone and when; 409 when nothing was left (staff)."""
    return json_response(await change(services, Change.of(id, ChangeKind.CANCEL)))


@router.post("/{id}/restore/", response_model=ChangeResult, responses=_TOO_LATE, summary="Undo a cancellation")
async def restore_notification(_: Staff, id: PathId, services: ServicesDep) -> Response:
    """Until the planned time; 409 when there is nothing to restore (staff)."""
    return json_response(await change(services, Change.of(id, ChangeKind.RESTORE)))


@router.post("/{id}/reschedule/", response_model=ChangeResult, responses=_TOO_LATE, summary="Move to another time")
async def reschedule_notification(_: Staff, id: PathId, body: Reschedule, services: ServicesDep) -> Response:
    """Whatever has not gone out; null sends it at once; 409 when nothing was left (staff)."""
    return json_response(await change(services, Change.of(id, ChangeKind.RESCHEDULE, scheduled_for=body.scheduled_for)))


@router.patch("/{id}/", response_model=NotificationDetail, responses=_NOT_NOW, summary="Change one")
async def change_notification(caller: Caller, id: PathId, body: NotificationChange, services: ServicesDep) -> Response:
    """Its owner's marks (read, seen, archived, snoozed), and for staff what has not gone out: words, channels, times.

    409 when no channel was left to edit, or when it is to leave an inbox that it has not come into.
    """
    owner = await acting_for(caller, id, services)
    if caller.is_staff:
        await edit(services, id, body)
    return json_response(detail(await treat(services, owner, id, body.wish())))


@router.put("/{id}/", response_model=NotificationDetail, responses=_NOT_NOW, summary="Change one, as PATCH does")
async def put_notification(caller: Caller, id: PathId, body: NotificationChange, services: ServicesDep) -> Response:
    """A detail may be put back as it was read, with what is to be changed in it."""
    return await change_notification(caller, id, body, services)


@router.get("/{id}/timeline/", response_model=Timeline, summary="Every decision, attempt and change, and why (staff)")
async def get_timeline(_: Staff, id: PathId, services: ServicesDep) -> Response:
    async with services.database.statements() as transaction:
        notification = await NotificationRepository(transaction).get(id)
        moments = await TimelineRepository(transaction).of(id)
    if notification is None:
        raise NotificationNotFound
    entries = [
        {**{name: plain(value) for name, value in asdict(moment).items()}, "explanation": explanation(moment.reason)}
        for moment in moments
    ]
    return json_response({"id": id, "status": notification["status"], "entries": entries})
