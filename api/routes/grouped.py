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
from persistence.grouping import Group, GroupingRepository
from policy.periods import Period, midnight

router = APIRouter(prefix="/notifications", tags=["notifications"])

_ENTRIES_PER_GROUP = 10
_GROUPS = 100


class Grouping(StrEnum):
    DATE = "date"
    GROUP_KEY = "group_key"


@router.get("/grouped/", response_model=list[NotificationGroup], summary="The inbox in groups")
async def list_groups(
    caller: Caller, services: ServicesDep, by: Grouping = Grouping.DATE, tz: TimeZoneName = None
) -> Response:
    """`today` and `yesterday` of the caller's own days, then what is older by type; or by `group_key`."""
    zone = await zone_of(caller, services, tz)
    async with services.database.transaction() as transaction:
        grouping = GroupingRepository(transaction, user_id=caller.user_id, entries_per_group=_ENTRIES_PER_GROUP)
        if by is Grouping.GROUP_KEY:
            groups = [("group_key", group) for group in await grouping.by_key(most=_GROUPS)]
        else:
            groups = await _by_date(grouping, zone)
    return json_response([_presented(group_type, group) for group_type, group in groups if group.rows])


async def _by_date(grouping: GroupingRepository, zone: ZoneInfo) -> list[tuple[str, Group]]:
    """Groups with their type, in the order of the answer."""
    now = datetime.now(UTC)
    today, yesterday = (midnight(days_ago, now=now, zone=zone) for days_ago in (0, 1))
    return [
        ("date", await grouping.day(Period.TODAY, since=today, until=None)),
        ("date", await grouping.day(Period.YESTERDAY, since=yesterday, until=today)),
        *(("notification_type", group) for group in await grouping.older(than=yesterday)),
    ]


def _presented(group_type: str, group: Group) -> dict[str, Any]:
    entries = [item(row) for row in group.rows]
    return {
        "group_key": group.key,
        "group_type": group_type,
        "count": group.count,
        "latest_notification": entries[0],
        "notifications": entries,
    }
