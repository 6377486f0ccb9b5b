"""`notifications/ws-ticket/`: what a browser puts into the address of its socket instead of a token."""

from fastapi import APIRouter
from starlette.responses import Response

from api.dependencies import Caller, ServicesDep
from api.responses import json_response
from api.schemas.tickets import Ticket
from persistence.tickets import LIFETIME_SECONDS, Holder, TicketRepository

router = APIRouter(tags=["socket"])


@router.post("/ws-ticket/", status_code=201, response_model=Ticket, summary="A ticket for one socket handshake")
async def issue_ticket(caller: Caller, services: ServicesDep) -> Response:
    """Good once, for 30 seconds: `/ws/notifications/?ticket=…`. The socket lives as long as the token would."""
    async with services.database.transaction() as transaction:
        ticket = await TicketRepository(transaction).issue(
            Holder(
                user_id=caller.user_id,
                is_staff=caller.is_staff,
                token_expires_at=caller.expires_at,
                token_id=caller.token_id,
                token_issued_at=caller.issued_at,
            )
        )
    return json_response({"ticket": ticket, "expires_in": LIFETIME_SECONDS}, 201)
