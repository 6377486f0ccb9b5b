"""`notifications/`: the inbox of the caller, and creation for staff."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query, Request
from starlette.responses import Response

from api.dependencies import Caller, IdempotencyKey, PathId, ServicesDep, Staff
from api.filters import ListFilterDep
from api.pagination import PageDep
from api.presenting import detail, item
from api.responses import json_response
from api.schemas.notifications import (
    AcceptedSoon,
    BulkDelete,
    Confirmation,
    DeletedCount,
    MarkRead,
    MarkSeen,
    NotificationCreate,
    NotificationDetail,
    NotificationPage,
    NotificationSlice,
    Stats,
    UnreadCount,
    UpdatedCount,
)
from api.treating import acting_for
from notifications.contracts import limits
from notifications.contracts.errors import NotificationNotFound
from notifications.contracts.vocabulary import NotificationType
from persistence.filters import ListFilter
from persistence.inbox import InboxRepository
from persistence.listing import ListingRepository
from persistence.notifications import NotificationRepository
from persistence.reading import ReadingRepository
from persistence.treatment import TreatmentRepository

router = APIRouter(prefix="/notifications", tags=["notifications"])
_RECENT = 5

UpToSeq = Annotated[
    int | None,
    Query(ge=0, le=limits.SEQ, description="Leaves alone what arrived after this event, as nobody can have seen it."),
]


@router.get("/", response_model=NotificationPage | NotificationSlice, summary="The caller's inbox, newest first")
async def list_notifications(
    caller: Caller, services: ServicesDep, filter: ListFilterDep, page: PageDep, afterwards: BackgroundTasks
) -> Response:
    async with services.database.statements() as transaction:
        listing = ListingRepository(transaction, user_id=caller.user_id)
        if page.by_cursor:
            found = await listing.slice(filter, page.cursor, limit=page.size)
            answer = page.answer_slice(found, [item(row) for row in found.rows])
        else:
            count = await listing.count(filter)
            rows = await listing.page(filter, offset=page.offset(count), limit=page.size)
            answer = page.answer(count, [item(row) for row in rows])
    if listing.is_worth_indexing:
        afterwards.add_task(services.words.index, caller.user_id)
    return json_response(answer)


@router.post(
    "/",
    status_code=201,
    response_model=NotificationDetail,
    responses={200: {"model": NotificationDetail}, 202: {"model": AcceptedSoon}, 404: {}, 409: {}},
    summary="Create a notification for a user (staff)",
)
async def create_notification(
    request: Request,
    body: NotificationCreate,
    _: Staff,
    services: ServicesDep,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """201 when it is readable, 202 when it is accepted and will be soon, 200 when the key was used before."""
    accepted = await services.client.notify(user=body.user, idempotency_key=idempotency_key, **body.content())
    headers = {"Location": str(request.url_for("get_notification", id=str(accepted.id)))}
    if accepted.replayed:
        headers["Idempotency-Replayed"] = "true"
    if not accepted.visible:
        return json_response({"id": accepted.id, "status": accepted.status}, 202, headers=headers)
    async with services.database.statements() as transaction:
        found = await NotificationRepository(transaction).detail(accepted.id, owner=None)
    if found is None:
        raise NotificationNotFound  # deleted since; the key stays taken
    return json_response(detail(found), 200 if accepted.replayed else 201, headers=headers)


@router.get("/unread_count/", response_model=UnreadCount, summary="How many are unread, exactly")
async def get_unread_count(caller: Caller, services: ServicesDep) -> Response:
    async with services.database.statements() as transaction:
        count = await InboxRepository(transaction).unread_count(caller.user_id)
    return json_response({"unread_count": count})


@router.post("/mark_read/", response_model=UpdatedCount, summary="Mark several, or all, read or unread")
async def mark_read(caller: Caller, services: ServicesDep, body: MarkRead | None = None) -> Response:
    wanted = body or MarkRead()
    if wanted.notification_ids is None:
        return await _mark_all(caller, services, is_read=wanted.is_read)
    async with services.database.statements() as transaction:
        reading = ReadingRepository(transaction)
        change = await reading.mark_read(caller.user_id, wanted.notification_ids, is_read=wanted.is_read)
    return _marked(change.changed, "read" if wanted.is_read else "unread")


@router.post("/mark_all_read/", response_model=UpdatedCount, summary="Mark the whole inbox read")
async def mark_all_read(caller: Caller, services: ServicesDep, up_to_seq: UpToSeq = None) -> Response:
    return await _mark_all(caller, services, is_read=True, up_to_seq=up_to_seq)


@router.post("/mark_seen/", response_model=UpdatedCount, summary="Mark several, or all, seen")
async def mark_seen(caller: Caller, services: ServicesDep, body: MarkSeen | None = None) -> Response:
    ids = body.notification_ids if body else None
    async with services.database.transaction() as transaction:
        count = await ReadingRepository(transaction).mark_seen(caller.user_id, ids)
    return _marked(count, "seen")


@router.post("/bulk_delete/", response_model=DeletedCount, summary="Delete several")
async def delete_notifications(body: BulkDelete, caller: Caller, services: ServicesDep) -> Response:
    async with services.database.transaction() as transaction:
        count = await TreatmentRepository(transaction).delete(caller.user_id, body.notification_ids)
    return json_response({"message": f"Deleted {count}.", "deleted_count": count})


@router.get("/stats/", response_model=Stats, summary="Counts by type, and the newest five")
async def get_stats(caller: Caller, services: ServicesDep) -> Response:
    async with services.database.statements() as transaction:
        drawers = await InboxRepository(transaction).drawers(caller.user_id)
        listing = ListingRepository(transaction, user_id=caller.user_id)
        recent = await listing.page(ListFilter(), offset=0, limit=_RECENT)
    return json_response(
        {
            "unread_count": drawers.count(is_read=False),
            "total_count": drawers.count(),
            "by_type": {
                kind.value: {"total": drawers.count([kind]), "unread": drawers.count([kind], is_read=False)}
                for kind in NotificationType
            },
            "recent_notifications": [item(row) for row in recent],
        }
    )


@router.get("/{id}/", response_model=NotificationDetail, summary="One notification with its deliveries")
async def get_notification(caller: Caller, id: PathId, services: ServicesDep) -> Response:
    owner = None if caller.is_staff else caller.user_id
    async with services.database.transaction() as transaction:
        found = await NotificationRepository(transaction).detail(id, owner=owner)
    if found is None:
        raise NotificationNotFound
    return json_response(detail(found))


@router.delete("/{id}/", status_code=204, summary="Delete one; what is still to be sent of it is not")
async def delete_notification(caller: Caller, id: PathId, services: ServicesDep) -> Response:
    owner = await acting_for(caller, id, services)
    async with services.database.transaction() as transaction:
        if not await TreatmentRepository(transaction).delete(owner, [id]):
            raise NotificationNotFound
    return Response(status_code=204)


@router.post("/{id}/mark_as_read/", response_model=Confirmation, summary="Mark one read")
async def mark_as_read(caller: Caller, id: PathId, services: ServicesDep) -> Response:
    return await _mark_one(id, caller, services, is_read=True)


@router.post("/{id}/mark_as_unread/", response_model=Confirmation, summary="Mark one unread")
async def mark_as_unread(caller: Caller, id: PathId, services: ServicesDep) -> Response:
    return await _mark_one(id, caller, services, is_read=False)


async def _mark_one(id: PathId, caller: Caller, services: ServicesDep, *, is_read: bool) -> Response:
    async with services.database.statements() as transaction:
        change = await ReadingRepository(transaction).mark_read(caller.user_id, [id], is_read=is_read)
    if id not in change.found:
        raise NotificationNotFound
    return json_response({"message": f"Notification marked as {'read' if is_read else 'unread'}."})


async def _mark_all(caller: Caller, services: ServicesDep, *, is_read: bool, up_to_seq: int | None = None) -> Response:
    async with services.database.transaction() as transaction:
        reading = ReadingRepository(transaction)
        change = await reading.mark_all(caller.user_id, is_read=is_read, up_to_seq=up_to_seq)
    return _marked(change.changed, "read" if is_read else "unread")


def _marked(count: int, word: str) -> Response:
    return json_response({"message": f"Marked {count} as {word}.", "updated_count": count})
