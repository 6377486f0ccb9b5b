"""`notifications/grouped/`: the inbox in groups, by day and type or by group key."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import Response

from api.dependencies import Caller, ServicesDep
from api.presenting import item
from api.responses import json_response
from api.schemas.notifications import NotificationGroup
from api.zones import TimeZoneName, zone_of
from notifications.contracts.vocabulary import NotificationType
from persistence.listing import Group, ListFilter, ListingRepository
from policy.periods import Period, span_of

router = APIRouter(prefix="/notifications", tags=["notifications"])

_ENTRIES_PER_GROUP = 10
_GROUPS = 100


class Grouping(StrEnum):
    DATE = "date"
    GROUP_KEY = "group_key"


@router.get("/grouped/", response_model=list[NotificationGroup], summary="The inbox in groups")
async def grouped(
    caller: Caller, services: ServicesDep, by: Grouping = Grouping.DATE, tz: TimeZoneName = None
) -> Response:
    """`today` and `yesterday` of the caller's own days, then what is older by type; or by `group_key`."""
    zone = await zone_of(caller, services, tz)
    async with services.database.transaction() as transaction:
        listing = ListingRepository(transaction, user_id=caller.user_id)
        if by is Grouping.GROUP_KEY:
            wanted = {("group_key", key): ListFilter(group_key=key) for key in await listing.group_keys(limit=_GROUPS)}
        else:
            wanted = _by_date(zone)
        groups = {name: await listing.group(each, limit=_ENTRIES_PER_GROUP) for name, each in wanted.items()}
    return json_response([_presented(*name, group) for name, group in groups.items() if group.count])


def _by_date(zone: ZoneInfo) -> dict[tuple[str, str], ListFilter]:
    """By type and key of the group, in the order of the answer."""
    now = datetime.now(UTC)
    today, yesterday = (span_of(day, now=now, zone=zone) for day in (Period.TODAY, Period.YESTERDAY))
    return {
        ("date", Period.TODAY.value): ListFilter(since=today.since),
        ("date", Period.YESTERDAY.value): ListFilter(since=yesterday.since, until=yesterday.until),
        **{
            ("notification_type", kind.value): ListFilter(types=[kind], until=yesterday.since)
            for kind in NotificationType
        },
    }


def _presented(group_type: str, group_key: str, group: Group) -> dict[str, Any]:
    entries = [item(row) for row in group.rows]
    return {
        "group_key": group_key,
        "group_type": group_type,
        "count": group.count,
        "latest_notification": entries[0],
        "notifications": entries,
    }
