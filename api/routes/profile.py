"""`notification-settings/profile/`: what a user wants whatever the type."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.dependencies import Caller, ServicesDep
from api.responses import json_response
from api.schemas.profile import Profile, ProfileWrite
from api.services import Services
from persistence.profiles import ProfileRepository

router = APIRouter(prefix="/notification-settings/profile", tags=["notification settings"])

_UNTOUCHED = ProfileWrite().model_dump(mode="json")


@router.get("/", response_model=Profile, summary="The caller's time zone, quiet hours and switches for all types")
async def get_profile(caller: Caller, services: ServicesDep) -> Response:
    return await _answer(caller.user_id, {}, services)


@router.put("/", response_model=Profile, summary="Write the caller's profile in full")
async def replace_profile(caller: Caller, body: ProfileWrite, services: ServicesDep) -> Response:
    """What is left out goes back to its default, except for the time zone and the opt-outs, which stay."""
    return await _answer(caller.user_id, body.in_full(), services)


@router.patch("/", response_model=Profile, summary="Change a part of the caller's profile")
async def change_profile(caller: Caller, body: ProfileWrite, services: ServicesDep) -> Response:
    return await _answer(caller.user_id, body.given(), services)


async def _answer(user: str, values: Mapping[str, Any], services: Services) -> Response:
    """The profile, as it is after the values were written."""
    async with services.database.transaction() as transaction:
        profiles = ProfileRepository(transaction, user_id=user)
        await profiles.put(values)
        row = await profiles.get()
    return json_response({name: default if row[name] is None else row[name] for name, default in _UNTOUCHED.items()})
