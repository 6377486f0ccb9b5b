"""`deliveries/`: what left, what failed, and trying again (staff)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.dependencies import PathId, ServicesDep, Staff
from api.pagination import PageDep
from api.presenting import DELIVERY_FIELDS, plain
from api.redriving import redriven, start_redrive
from api.responses import json_response
from api.schemas.deliveries import Delivery, DeliveryDetail, DeliveryPage, StartedRedrives
from api.schemas.fields import Text
from notifications.contracts.errors import NotificationNotFound
from notifications.contracts.names import send_key
from notifications.contracts.vocabulary import Channel, DeliveryStatus
from persistence.delivery_listing import DeliveryFilter, DeliveryListing

router = APIRouter(prefix="/deliveries", tags=["deliveries"])


async def _filter(
    *,
    channel: Channel | None = None,
    reason: Text | None = None,
    user: Text | None = None,
    notification: UUID | None = None,
) -> DeliveryFilter:
    return DeliveryFilter(channel=channel, reason=reason, user=user, notification=notification)


Filter = Annotated[DeliveryFilter, Depends(_filter)]


@router.get("/", response_model=DeliveryPage, summary="Deliveries, newest first (staff)")
async def list_deliveries(
    _: Staff, services: ServicesDep, page: PageDep, filter: Filter, status: DeliveryStatus | None = None
) -> Response:
    """`?status=failed` is what wants looking at."""
    async with services.database.statements() as transaction:
        found = await DeliveryListing(transaction).slice(replace(filter, status=status), page.cursor, limit=page.size)
    return json_response(page.answer_slice(found, [_presented(row) for row in found.rows]))


@router.post(
    "/redrive/",
    status_code=202,
    response_model=StartedRedrives,
    summary="Try a page of failed deliveries again (staff)",
)
async def redrive_deliveries(_: Staff, services: ServicesDep, page: PageDep, filter: Filter) -> Response:
    """For the time after an outage. At most `page_size` of those that the filters let through, newest first."""
    failed = replace(filter, status=DeliveryStatus.FAILED)
    async with services.database.statements() as transaction:
        found = await DeliveryListing(transaction).slice(failed, page.cursor, limit=page.size)
    results = [{"id": row["id"], "detail": await start_redrive(services, row["id"])} for row in found.rows]
    started = sum(result["detail"] is None for result in results)
    return json_response({"next": page.answer_slice(found, [])["next"], "started": started, "results": results}, 202)


@router.get("/{id}/", response_model=DeliveryDetail, summary="One delivery with its attempts (staff)")
async def get_delivery(_: Staff, id: PathId, services: ServicesDep) -> Response:
    async with services.database.statements() as transaction:
        listing = DeliveryListing(transaction)
        row = await listing.get(id)
        attempts = await listing.attempts(id)
    if row is None:
        raise NotificationNotFound
    return json_response({**_presented(row), "attempt_history": [_attempt(attempt) for attempt in attempts]})


@router.post(
    "/{id}/redrive/",
    response_model=Delivery,
    responses={202: {"model": Delivery}, 409: {}},
    summary="Try a failed delivery again (staff)",
)
async def redrive_delivery(_: Staff, id: PathId, services: ServicesDep) -> Response:
    """200 when it is under way, 202 when it soon will be, 409 when it has not failed or would not be sent any more."""
    is_under_way = await redriven(services, id)
    async with services.database.statements() as transaction:
        row = await DeliveryListing(transaction).get(id)
    if row is None:
        raise NotificationNotFound
    return json_response(_presented(row), 200 if is_under_way else 202)


_FIELDS = ("id", *DELIVERY_FIELDS, "redrives", "created_at", "updated_at")
_ATTEMPT_FIELDS = ("number", "outcome", "status_code", "retry_after_seconds", "started_at", "finished_at")


def _presented(row: Mapping[str, Any]) -> dict[str, Any]:
    ids = {"notification": row["notification_id"], "user": row["user_id"]}
    return ids | {name: plain(row[name]) for name in _FIELDS}


def _attempt(row: Mapping[str, Any]) -> dict[str, Any]:
    key = send_key(row["delivery_id"], row["key_generation"])
    return {"idempotency_key": key} | {name: plain(row[name]) for name in _ATTEMPT_FIELDS}
