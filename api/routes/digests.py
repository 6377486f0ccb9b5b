"""`digests/`: what is gathered for whom, and telling it now (staff)."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from api.dependencies import OfUser, PathId, ServicesDep, Staff
from api.pagination import PageDep
from api.presenting import plain
from api.responses import json_response
from api.schemas import digests as shapes
from api.services import Services
from notifications.contracts import names
from notifications.contracts.errors import DigestClosed, NotificationNotFound, ServiceUnreachable
from persistence.digest_entries import DigestEntryRepository, Entry
from persistence.digests import DigestRepository, Window

router = APIRouter(prefix="/digests", tags=["digests"])
_ENTRIES = 100


@router.get("/", response_model=shapes.DigestPage, summary="Digests, open and closed, newest first (staff)")
async def list_digests(
    _: Staff,
    services: ServicesDep,
    page: PageDep,
    user: OfUser = None,
) -> Response:
    async with services.database.statements() as transaction:
        digests = DigestRepository(transaction)
        count = await digests.count(user)
        found = await digests.page(user, offset=page.offset(count), limit=page.size)
    return json_response(page.answer(count, [_presented(digest) for digest in found]))


@router.get("/{id}/", response_model=shapes.DigestDetail, summary="One digest with its entries (staff)")
async def get_digest(_: Staff, id: PathId, services: ServicesDep) -> Response:
    return json_response(await _detail(id, services))


@router.post(
    "/{id}/flush/",
    response_model=shapes.DigestDetail,
    responses={409: {}},
    summary="Tell now what was gathered (staff)",
)
async def flush_digest(_: Staff, id: PathId, services: ServicesDep) -> Response:
    """200 with the digest as it was closed; without entries it tells nothing. 409 when it was closed before."""
    if (await _detail(id, services))["status"] == "closed":
        raise DigestClosed("The digest is closed already.")
    await services.client.flush_digest(id)
    flushed = await _detail(id, services)
    if flushed["status"] == "open":
        raise ServiceUnreachable("The digest is still being closed. Repeat the call.")
    return json_response(flushed)


async def _detail(digest_id: UUID, services: Services) -> dict[str, Any]:
    async with services.database.statements() as transaction:
        digest = await DigestRepository(transaction).get(digest_id)
        entries = await DigestEntryRepository(transaction).newest(digest_id, limit=_ENTRIES)
    if digest is None:
        raise NotificationNotFound
    return _presented(digest) | {"entries": [_entry(entry, digest) for entry in entries]}


def _presented(digest: Window) -> dict[str, Any]:
    has_told = digest.closed_at is not None and digest.entries > 0
    return {
        "id": digest.id,
        "user": digest.user_id,
        "key": digest.key,
        "notification_type": digest.notification_type,
        "window": {name: value for name, value in asdict(digest.window).items() if value is not None},
        "status": "open" if digest.closed_at is None else "closed",
        "opened_at": plain(digest.opened_at),
        "closes_at": plain(digest.closes_at),
        "closed_at": plain(digest.closed_at),
        "total": digest.entries,
        "notification_id": names.digest_notification_id(digest.id) if has_told else None,
    }


def _entry(entry: Entry, digest: Window) -> dict[str, Any]:
    status = ("waiting" if digest.closed_at is None else "digested") if entry.is_in else "left"
    shown = {name: plain(value) for name, value in asdict(entry).items() if name != "is_in"}
    return shown | {"status": status}
