"""`notifications/bulk/`: the same notification for many, how far it has come, and stopping it (staff)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.dependencies import IdempotencyKey, PathId, ServicesDep, Staff
from api.pagination import PageDep
from api.presenting import plain
from api.responses import json_response
from api.schemas.bulk import BatchAccepted, BatchDetail, BatchIsOver, BatchPage, BulkCreate
from notifications.contracts.batches import Audience, BatchStatus
from notifications.contracts.errors import NotificationNotFound
from persistence.batches import BatchRepository, Row
from persistence.database import Transaction
from persistence.events import utc

router = APIRouter(prefix="/notifications/bulk", tags=["bulk notifications"])


@router.post(
    "/",
    status_code=202,
    response_model=BatchAccepted,
    responses={200: {"model": BatchAccepted}, 409: {}},
    summary="Create a notification for many users (staff)",
)
async def create_batch(
    request: Request,
    body: BulkCreate,
    _: Staff,
    services: ServicesDep,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """202 when it is accepted, 200 when the key was used before; the recipients are notified in the background."""
    accepted = await services.client.announce(
        users=body.users,
        audience=Audience(locale=body.audience.locale, time_zone=body.audience.time_zone) if body.audience else None,
        idempotency_key=idempotency_key,
        **body.content(),
    )
    headers = {"Location": str(request.url_for("get_batch", id=str(accepted.id)))}
    if accepted.replayed:
        headers["Idempotency-Replayed"] = "true"
    if not accepted.visible:
        return json_response({"id": accepted.id, "status": BatchStatus.PENDING, "total": None}, 202, headers=headers)
    async with services.database.statements() as transaction:
        row = _found(await BatchRepository(transaction).get(accepted.id))
    answer = {name: row[name] for name in ("id", "status", "total")}
    return json_response(answer, 200 if accepted.replayed else 202, headers=headers)


@router.get("/", response_model=BatchPage, summary="All batches, newest first (staff)")
async def list_batches(_: Staff, services: ServicesDep, page: PageDep) -> Response:
    async with services.database.transaction() as transaction:
        batches = BatchRepository(transaction)
        count = await batches.count()
        rows = await batches.page(offset=page.offset(count), limit=page.size)
    return json_response(page.answer(count, [_presented(row) for row in rows]))


@router.get("/{id}/", response_model=BatchDetail, summary="How far a batch has come (staff)")
async def get_batch(_: Staff, id: PathId, services: ServicesDep) -> Response:
    async with services.database.transaction() as transaction:
        return json_response(await _detail(transaction, id))


@router.post(
    "/{id}/cancel/",
    response_model=BatchDetail,
    responses={409: {"model": BatchIsOver}},
    summary="Stop a batch (staff)",
)
async def cancel_batch(_: Staff, id: PathId, services: ServicesDep) -> Response:
    """200 says exactly who was `accepted` before, and how many are `stopped`; 409 when it had ended by itself."""
    async with services.database.transaction() as transaction:
        await BatchRepository(transaction).finish(id, BatchStatus.CANCELLED)
        batch = await _detail(transaction, id)
    if batch["status"] != BatchStatus.CANCELLED:
        return json_response({"detail": "Nothing was left to stop.", **batch}, 409)
    await services.client.wake_batch(id)
    return json_response(batch)


async def _detail(transaction: Transaction, id: UUID) -> dict[str, Any]:
    batches = BatchRepository(transaction)
    row = _found(await batches.get(id))
    counted = await batches.statuses(id)
    return {**_presented(row), "notifications": {status.value: count for status, count in counted.items()}}


def _found(row: Row | None) -> Row:
    if row is None:
        raise NotificationNotFound
    return row


def _presented(row: Row) -> dict[str, Any]:
    content, failed = row["content"], sum(row["failures"].values())
    left = row["total"] - row["accepted"] - failed
    return {
        "id": row["id"],
        "status": row["status"],
        "total": row["total"],
        "accepted": row["accepted"],
        "failed": failed,
        "stopped": left if BatchStatus(row["status"]).is_over else 0,
        "failures": row["failures"],
        "notification_type": content["notification_type"],
        "title": content["title"],
        "template_key": content["template_key"],
        "audience": row["audience"] and {"all": True, **row["audience"]},
        "scheduled_for": content["scheduled_for"] and utc(datetime.fromisoformat(content["scheduled_for"])),
        **{name: plain(row[name]) for name in ("created_at", "started_at", "finished_at")},
    }
