"""Whose midnight: the zone asked for, else the one in the person's profile, else UTC."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query

from api.dependencies import Caller, ServicesDep
from api.schemas.recipients import TimeZone
from persistence.recipients import RecipientRepository

UTC_ZONE = ZoneInfo("UTC")
TimeZoneName = Annotated[TimeZone | None, Query(description="An IANA time zone; else the profile's, else UTC.")]


async def zone_of(caller: Caller, services: ServicesDep, asked: str | None) -> ZoneInfo:
    if asked is not None:
        return ZoneInfo(asked)
    async with services.database.transaction() as transaction:
        profile = await RecipientRepository(transaction).get(caller.user_id)
    return ZoneInfo(profile["time_zone"]) if profile else UTC_ZONE
