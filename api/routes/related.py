"""`related/`: cancelling and moving all that has not gone out about one object, whoever it is for (staff)."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from api.changing import change_all
from api.dependencies import ServicesDep, Staff
from api.responses import json_response
from api.schemas.related import Related, RelatedReschedule, RelatedResult
from api.services import Services
from notifications.contracts import limits
from notifications.contracts.changes import Change, ChangeKind
from persistence.changes import ChangeRepository

router = APIRouter(prefix="/related", tags=["notifications"])


@router.post("/cancel/", response_model=RelatedResult, summary="Stop all that waits about an object (staff)")
async def cancel_related(_: Staff, body: Related, services: ServicesDep) -> Response:
    """200 says for each what was stopped, and what had already gone and when; no results when nothing waited."""
    ids, following = await _waiting(services, body)
    changes = [Change.of(each, ChangeKind.CANCEL) for each in ids]
    return json_response({"results": await change_all(services, changes), "next": following})


@router.post("/reschedule/", response_model=RelatedResult, summary="Move all that waits about an object (staff)")
async def reschedule_related(_: Staff, body: RelatedReschedule, services: ServicesDep) -> Response:
    """To one time; null sends them at once. No results when nothing waited."""
    ids, following = await _waiting(services, body)
    changes = [Change.of(each, ChangeKind.RESCHEDULE, scheduled_for=body.scheduled_for) for each in ids]
    return json_response({"results": await change_all(services, changes), "next": following})


async def _waiting(services: Services, body: Related) -> tuple[list[UUID], UUID | None]:
    """Some that wait, in the order of their ids, and the last of them when there are more."""
    about = (body.related_object_type, body.related_object_id)
    async with services.database.statements() as transaction:
        ids = await ChangeRepository(transaction).waiting_about(
            about, after=body.after, limit=limits.RELATED_PER_CALL + 1
        )
    some = list(ids[: limits.RELATED_PER_CALL])
    return some, some[-1] if len(ids) > len(some) else None
