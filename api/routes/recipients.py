"""`recipients/{user}/`: who people are and where they are reached (staff)."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.dependencies import ServicesDep, Staff
from api.responses import json_response
from api.schemas.recipients import Recipient, RecipientWrite
from notifications.contracts.errors import NotificationNotFound
from notifications.contracts.limits import USER_CHARS
from persistence.events import utc
from persistence.profiles import ProfileRepository
from persistence.recipients import RecipientRepository

router = APIRouter(prefix="/recipients", tags=["recipients"])
UserId = Annotated[str, Path(min_length=1, max_length=USER_CHARS, pattern=r"^[^\x00-\x1f\x7f]+$")]


@router.get("/{user}/", response_model=Recipient, summary="One person (staff)")
async def get_recipient(user: UserId, _: Staff, services: ServicesDep) -> Response:
    async with services.database.transaction() as transaction:
        row = await RecipientRepository(transaction).get(user)
        profile = await ProfileRepository(transaction, user_id=user).get()
    if row is None:
        raise NotificationNotFound
    return json_response(_presented(row, profile))


@router.put(
    "/{user}/",
    response_model=Recipient,
    responses={201: {"model": Recipient}},
    summary="Describe one person in full (staff)",
)
async def replace_recipient(user: UserId, body: RecipientWrite, _: Staff, services: ServicesDep) -> Response:
    return await _write(user, body.model_dump(), services)


@router.patch(
    "/{user}/",
    response_model=Recipient,
    responses={201: {"model": Recipient}},
    summary="Change what is known of one person (staff)",
)
async def change_recipient(user: UserId, body: RecipientWrite, _: Staff, services: ServicesDep) -> Response:
    return await _write(user, body.model_dump(exclude_unset=True), services)


@router.delete("/{user}/", status_code=204, summary="Forget one person's addresses (staff)")
async def delete_recipient(user: UserId, _: Staff, services: ServicesDep) -> Response:
    async with services.database.transaction() as transaction:
        if not await RecipientRepository(transaction).delete(user):
            raise NotificationNotFound
    return Response(status_code=204)


async def _write(user: str, values: Mapping[str, Any], services: ServicesDep) -> Response:
    described = {name: value for name, value in values.items() if name != "opted_out_channels"}
    async with services.database.transaction() as transaction:
        row, is_new = await RecipientRepository(transaction).put(user, described)
        profiles = ProfileRepository(transaction, user_id=user)
        if values.get("opted_out_channels") is not None:
            await profiles.put({"opted_out_channels": values["opted_out_channels"]})
        profile = await profiles.get()
    return json_response(_presented(row, profile), 201 if is_new else 200)


def _presented(row: Mapping[str, Any], profile: Mapping[str, Any]) -> dict[str, Any]:
    fields = ("name", "email", "phone_number", "push_tokens", "locale", "time_zone")
    return {
        "user": row["user_id"],
        **{name: row[name] for name in fields},
        "opted_out_channels": profile["opted_out_channels"] or [],
        "created_at": utc(row["created_at"]),
        "updated_at": utc(row["updated_at"]),
    }
