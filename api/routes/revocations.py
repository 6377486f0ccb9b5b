"""`token-revocations/`: tokens that are to be good no longer, in every process within a second (staff)."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.dependencies import ServicesDep, Staff
from api.pagination import PageDep
from api.responses import json_response
from api.schemas.revocations import Revocation, RevocationCreate, RevocationPage
from persistence.events import utc
from persistence.revocations import RevocationRepository, revocation_in

router = APIRouter(prefix="/token-revocations", tags=["token revocations"])


@router.post("/", status_code=201, response_model=Revocation, summary="Revoke one token, or all of a user's (staff)")
async def revoke_tokens(body: RevocationCreate, caller: Staff, services: ServicesDep) -> Response:
    """Calls with such a token are 401 from then on, and its open sockets close with 4003. Saying it again is fine.

    A token without `iat` counts as issued before any moment.
    """
    async with services.database.transaction() as transaction:
        repository = RevocationRepository(transaction)
        if body.user is None:
            row = await repository.revoke_token(str(body.jti), expires_at=body.expires_at, by=caller.user_id)
        else:
            issued_before = body.issued_before or datetime.now(UTC)
            row = await repository.revoke_user(body.user, issued_before=issued_before, by=caller.user_id)
    services.revocations.learn([revocation_in(row)])
    return json_response(_presented(row), 201)


@router.get("/", response_model=RevocationPage, summary="What has been revoked, the newest first (staff)")
async def list_revocations(_: Staff, services: ServicesDep, page: PageDep) -> Response:
    async with services.database.transaction() as transaction:
        repository = RevocationRepository(transaction)
        count = await repository.count()
        rows = await repository.page(offset=page.offset(count), limit=page.size)
    return json_response(page.answer(count, [_presented(row) for row in rows]))


def _presented(row: dict[str, Any]) -> dict[str, Any]:
    instants = {name: row[name] and utc(row[name]) for name in ("issued_before", "expires_at", "created_at")}
    names = {"id": row["id"], "jti": row["jti"], "user": row["user_id"], "revoked_by": row["revoked_by"]}
    return {**names, **instants}
