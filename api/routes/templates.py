"""`notification-templates/`: the words that staff keep, and how they would come out."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.dependencies import PathId, ServicesDep, Staff
from api.errors import InvalidFields
from api.pagination import PageDep
from api.responses import json_response
from api.schemas.templates import Preview, PreviewData, Template, TemplateChange, TemplateCreate, TemplatePage
from notifications.contracts.errors import InvalidNotification, NotificationNotFound
from notifications.contracts.vocabulary import Channel, NotificationType
from persistence.events import utc
from persistence.templates import TemplateFilter, TemplateRepository
from templating.composing import Words, rendered

router = APIRouter(prefix="/notification-templates", tags=["notification templates"])

_TAKEN = {"key": ["This key already has a template for this channel and locale."]}


async def _filter(
    *,
    notification_type: NotificationType | None = None,
    delivery_channel: Channel | None = None,
    is_active: bool | None = None,
) -> TemplateFilter:
    return TemplateFilter(notification_type=notification_type, channel=delivery_channel, is_active=is_active)


@router.get("/", response_model=TemplatePage, summary="All templates (staff)")
async def list_templates(
    _: Staff, services: ServicesDep, page: PageDep, filter: Annotated[TemplateFilter, Depends(_filter)]
) -> Response:
    async with services.database.transaction() as transaction:
        templates = TemplateRepository(transaction)
        count = await templates.count(filter)
        rows = await templates.page(filter, offset=page.offset(count), limit=page.size)
    return json_response(page.answer(count, [_presented(row) for row in rows]))


@router.post("/", status_code=201, response_model=Template, summary="Add a template (staff)")
async def create_template(request: Request, body: TemplateCreate, _: Staff, services: ServicesDep) -> Response:
    async with services.database.transaction() as transaction:
        row = await TemplateRepository(transaction).add(body.model_dump())
    if row is None:
        raise InvalidFields(_TAKEN)
    location = str(request.url_for("get_template", id=str(row["id"])))
    return json_response(_presented(row), 201, headers={"Location": location})


@router.get("/{id}/", response_model=Template, summary="One template (staff)")
async def get_template(_: Staff, id: PathId, services: ServicesDep) -> Response:
    async with services.database.transaction() as transaction:
        return json_response(_presented(await _stored(TemplateRepository(transaction), id)))


@router.put("/{id}/", response_model=Template, summary="Write a template's next version in full (staff)")
async def replace_template(_: Staff, id: PathId, body: TemplateCreate, services: ServicesDep) -> Response:
    return await _change(id, body.model_dump(), services)


@router.patch("/{id}/", response_model=Template, summary="Write a template's next version (staff)")
async def change_template(_: Staff, id: PathId, body: TemplateChange, services: ServicesDep) -> Response:
    return await _change(id, body.model_dump(exclude_none=True), services)


@router.delete("/{id}/", status_code=204, summary="Remove a template (staff)")
async def delete_template(_: Staff, id: PathId, services: ServicesDep) -> Response:
    async with services.database.transaction() as transaction:
        if not await TemplateRepository(transaction).delete(id):
            raise NotificationNotFound
    return Response(status_code=204)


@router.post("/{id}/preview/", response_model=Preview, summary="How a template comes out with given data (staff)")
async def preview_template(_: Staff, id: PathId, body: PreviewData, services: ServicesDep) -> Response:
    """Rendered by the same function as a notification; a missing variable is a 400 that names it."""
    async with services.database.transaction() as transaction:
        row = await _stored(TemplateRepository(transaction), id)
    try:
        words = rendered(Words(row["subject_template"], row["body_template"]), body.data)
    except InvalidNotification as error:
        raise InvalidFields({"data": error.errors["metadata"]}) from None
    return json_response({"subject": words.subject, "body": words.body})


async def _stored(templates: TemplateRepository, id: PathId) -> dict[str, Any]:
    row = await templates.get(id)
    if row is None:
        raise NotificationNotFound
    return row


async def _change(id: PathId, values: dict[str, Any], services: ServicesDep) -> Response:
    async with services.database.transaction() as transaction:
        templates = TemplateRepository(transaction)
        wanted = {**await _stored(templates, id), **values}
        if await templates.is_taken(wanted["key"], wanted["delivery_channel"], wanted["locale"], by_other_than=id):
            raise InvalidFields(_TAKEN)
        row = await templates.change(id, values)
    if row is None:
        raise NotificationNotFound
    return json_response(_presented(row))


def _presented(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "created_at": utc(row["created_at"]), "updated_at": utc(row["updated_at"])}
