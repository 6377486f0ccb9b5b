"""`maintenance/`: what the housekeeping has removed (staff)."""

from fastapi import APIRouter
from starlette.responses import Response

from api.dependencies import ServicesDep, Staff
from api.presenting import plain
from api.responses import json_response
from api.schemas.maintenance import RetentionRuns
from persistence.retention import latest_runs

router = APIRouter(prefix="/maintenance", tags=["maintenance"])
_SHOWN = 30


@router.get("/", response_model=RetentionRuns, summary="The last runs of the housekeeping (staff)")
async def list_retention_runs(_: Staff, services: ServicesDep) -> Response:
    """The newest first; one without a `finished_at` is under way, and says what it has removed so far."""
    async with services.database.statements() as transaction:
        runs = await latest_runs(transaction, most=_SHOWN)
    return json_response({"results": [{name: plain(value) for name, value in run.items()} for run in runs]})
