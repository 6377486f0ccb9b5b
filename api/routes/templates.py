"""`notification-templates/`: the words that staff keep, and how they would come out."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.dependencies import PathId, ServicesDep, Staff
from api.errors import InvalidFields
from api.pagination import PageDep
from api.responses import json_response
from api.schemas.fields import Text
from api.schemas.templates import (
    ExpectedVersion,
    Locale,
    Preview,
    PreviewData,
    Template,
    TemplateChange,
    TemplateCreate,
    TemplatePage,
    TemplateReplace,
    TemplateVersionPage,
)
from notifications.contracts.errors import InvalidNotification, NotificationNotFound, StaleVersion
from notifications.contracts.vocabulary import Channel, NotificationType
from persistence.events import utc
from persistence.templates import TemplateFilter, TemplateRepository
from templating.composing import Words, rendered

router = APIRouter(prefix="/notification-templates", tags=["notification templates"])

_VERSION_DIGITS = 9
_STALE: dict[int | str, dict[str, Any]] = {409: {}}
_TAKEN = {"key": ["This key already has a template for this channel and locale."]}


async def _filter(
    *,
    key: Text | None = None,
    locale: Locale | None = None,
    notification_type: NotificationType | None = None,
    delivery_channel: Channel | None = None,
    is_active: bool | None = None,
) -> TemplateFilter:
    return TemplateFilter(
        key=key, locale=locale, notification_type=notification_type, channel=delivery_channel, is_active=is_active
    )


async def _number(number: str) -> int:
    """A path's version; what is not a number is as unknown as a number that was never reached."""
    if not number.isdecimal() or len(number) > _VERSION_DIGITS:
        raise NotificationNotFound
    return int(number)


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


@router.put(
    "/{id}/", response_model=Template, responses=_STALE, summary="Write a template's next version in full (staff)"
)
async def replace_template(_: Staff, id: PathId, body: TemplateReplace, services: ServicesDep) -> Response:
    """What changes nothing is no new version."""
    return await _change(id, body.model_dump(exclude={"version"}), services, written_for=body.version)


@router.patch("/{id}/", response_model=Template, responses=_STALE, summary="Write a template's next version (staff)")
async def change_template(_: Staff, id: PathId, body: TemplateChange, services: ServicesDep) -> Response:
    """What changes nothing is no new version."""
    values = body.model_dump(exclude={"version"}, exclude_none=True)
    return await _change(id, values, services, written_for=body.version)


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
        templates = TemplateRepository(transaction)
        row = await _stored(templates, id)
        spoken = row if body.locale is None else await templates.nearest(row, locale=body.locale)
    if spoken is None:
        raise InvalidFields({"locale": ["Neither this locale nor the default one has an active template."]})
    try:
        words = rendered(_draft(spoken, body), body.data)
    except InvalidNotification as error:
        raise InvalidFields({"data": error.errors["metadata"]}) from None
    told = {"subject": words.subject, "body": words.body, "locale": spoken["locale"], "version": spoken["version"]}
    return json_response(told)


@router.get("/{id}/versions/", response_model=TemplateVersionPage, summary="All that a template ever was (staff)")
async def list_versions(_: Staff, id: PathId, services: ServicesDep, page: PageDep) -> Response:
    """Newest first, so that the current one is on top."""
    async with services.database.transaction() as transaction:
        templates = TemplateRepository(transaction)
        await _stored(templates, id)
        count = await templates.count_versions(id)
        rows = await templates.versions(id, offset=page.offset(count), limit=page.size)
    return json_response(page.answer(count, [_presented_version(row) for row in rows]))


@router.post(
    "/{id}/versions/{number}/restore/",
    response_model=Template,
    responses=_STALE,
    summary="Write an earlier version again, as the next one (staff)",
)
async def restore_version(
    _: Staff,
    id: PathId,
    number: Annotated[int, Depends(_number)],
    services: ServicesDep,
    body: ExpectedVersion | None = None,
) -> Response:
    async with services.database.transaction() as transaction:
        content = await TemplateRepository(transaction).content(id, number)
    if content is None:
        raise NotificationNotFound
    return await _change(id, content, services, written_for=body.version if body else None)


async def _stored(templates: TemplateRepository, id: PathId) -> dict[str, Any]:
    row = await templates.get(id)
    if row is None:
        raise NotificationNotFound
    return row


async def _change(id: PathId, values: Mapping[str, Any], services: ServicesDep, *, written_for: int | None) -> Response:
    async with services.database.transaction() as transaction:
        templates = TemplateRepository(transaction)
        await templates.lock()
        current = await _stored(templates, id)
        if written_for not in (None, current["version"]):
            raise StaleVersion(f"The change was written for version {written_for}; this is {current['version']}.")
        wanted = {**current, **values}
        if wanted == current:
            return json_response(_presented(current))
        if await templates.is_taken(wanted["key"], wanted["delivery_channel"], wanted["locale"], by_other_than=id):
            raise InvalidFields(_TAKEN)
        changed = await templates.change(id, values)
    return json_response(_presented(changed))


def _draft(stored: Mapping[str, Any], body: PreviewData) -> Words:
    """What is stored, less what is being written in place of it."""
    subject, text = body.subject_template, body.body_template
    return Words(
        stored["subject_template"] if subject is None else subject, stored["body_template"] if text is None else text
    )


def _presented(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "created_at": utc(row["created_at"]), "updated_at": utc(row["updated_at"])}


def _presented_version(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: value for name, value in row.items() if name != "template_id"},
        "created_at": utc(row["created_at"]),
    }
