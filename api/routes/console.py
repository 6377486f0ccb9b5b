"""`console/`: everybody's notifications, and how much goes out, for the staff console's pages."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.dependencies import OfUser, ServicesDep, Staff
from api.pagination import PageDep
from api.presenting import item, plain
from api.responses import json_response
from api.schemas.console import Rates, RecentPage
from api.schemas.fields import Text
from notifications.contracts.vocabulary import NotificationStatus, NotificationType
from persistence.rates import RateRepository
from persistence.recent import RecentFilter, RecentRepository

router = APIRouter(prefix="/console", tags=["console"])
_SEARCH_CHARS = 200
_DAY_MINUTES = 24 * 60


async def _filter(
    *,
    user: OfUser = None,
    notification_type: NotificationType | None = None,
    status: NotificationStatus | None = None,
    search: Annotated[
        Text | None, Query(max_length=_SEARCH_CHARS, description="In title and message, whatever its case.")
    ] = None,
) -> RecentFilter:
    return RecentFilter(user=user, notification_type=notification_type, status=status, search=search)


@router.get("/notifications/", response_model=RecentPage, summary="Everybody's notifications, newest first (staff)")
async def list_recent_notifications(
    _: Staff, services: ServicesDep, page: PageDep, filter: Annotated[RecentFilter, Depends(_filter)]
) -> Response:
    """Also what waits, or was never meant for an inbox. Pages are by `cursor`, and go on towards older ones."""
    async with services.database.statements() as transaction:
        found = await RecentRepository(transaction).slice(filter, page.cursor, limit=page.size)
    return json_response(page.answer_slice(found, [_presented(row) for row in found.rows]))


@router.get("/rates/", response_model=Rates, summary="What went out and what failed, by minute and channel (staff)")
async def get_rates(
    _: Staff, services: ServicesDep, minutes: Annotated[int, Query(ge=1, le=_DAY_MINUTES)] = 60
) -> Response:
    """A minute in which nothing happened on a channel is left out."""
    now = datetime.now(UTC)
    async with services.database.statements() as transaction:
        rates = RateRepository(transaction)
        since = await rates.begin(minutes, now=now)
        found = await rates.per_minute(since, now)
    results = [asdict(rate) | {"at": plain(rate.at)} for rate in found]
    return json_response({"since": plain(since), "until": plain(now), "results": results})


def _presented(row: Mapping[str, Any]) -> dict[str, Any]:
    return item(row) | {
        "user": row["user_id"],
        "status": row["status"],
        "delivery_channels": row["channels"],
        "scheduled_for": plain(row["scheduled_for"]),
    }
