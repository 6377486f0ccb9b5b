"""What routes ask for, by name: the caller, the database, the client.

All are coroutines: FastAPI sends plain functions through a thread pool, which costs more than they do.
"""

from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Header, Query, Request

from api.errors import Forbidden
from api.schemas.fields import Text
from api.services import Services
from identity.caller import Identity, Unauthenticated
from identity.credentials import find_token, joined
from notifications.contracts import limits
from notifications.contracts.errors import NotificationNotFound


async def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


async def _caller(request: Request, services: "ServicesDep") -> Identity:
    try:
        token = find_token(
            joined(request.headers.items()), allowed_origins=services.allowed_origins, method=request.method
        )
        caller = await services.tokens.verify(token)
    except Unauthenticated:
        services.throttling.failures.count(request.client.host if request.client else "")
        raise
    await services.throttling.admit(caller)
    return caller


async def _staff(caller: "Caller") -> Identity:
    if not caller.is_staff:
        raise Forbidden("You do not have permission to perform this action.")
    return caller


async def _path_id(id: str) -> UUID:
    """A path's id; what is not a UUID is as unknown as a UUID that nobody has."""
    try:
        return UUID(id)
    except ValueError:
        raise NotificationNotFound from None


ServicesDep = Annotated[Services, Depends(_services)]
Caller = Annotated[Identity, Depends(_caller)]
Staff = Annotated[Identity, Depends(_staff)]
PathId = Annotated[UUID, Depends(_path_id)]
OfUser = Annotated[Text | None, Query(max_length=limits.USER_CHARS, description="Of this user alone.")]
IdempotencyKey = Annotated[str | None, Header(description="Repeated, it makes nothing new.")]
