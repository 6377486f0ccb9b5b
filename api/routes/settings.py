"""`notification-settings/`: what a user has switched on and off."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.dependencies import Caller, PathId, ServicesDep
from api.pagination import PageDep
from api.responses import json_response
from api.schemas.settings import (
    BulkUpdate,
    EffectiveSetting,
    EffectiveSettingPage,
    Setting,
    SettingPage,
    SettingWrite,
    Switches,
)
from notifications.contracts.errors import NotificationNotFound
from notifications.contracts.vocabulary import Channel, NotificationType
from persistence.database import Transaction
from persistence.events import utc
from persistence.preferences import SettingRepository
from persistence.profiles import ProfileRepository
from persistence.recipients import preferences_of, switches_of
from policy.channels import decide, switched_on
from policy.types import policy_of

router = APIRouter(prefix="/notification-settings", tags=["notification settings"])


@router.get(
    "/",
    response_model=SettingPage | EffectiveSettingPage,
    summary="The caller's stored settings, or what applies to every type",
)
async def list_settings(
    caller: Caller, services: ServicesDep, page: PageDep, *, effective: Annotated[bool, Query()] = False
) -> Response:
    """With `effective=true`: all seven types, stored or not, each with the rule that decides per channel."""
    async with services.database.transaction() as transaction:
        settings = SettingRepository(transaction, user_id=caller.user_id)
        profile = await ProfileRepository(transaction, user_id=caller.user_id).get()
        if effective:
            stored = await settings.page(offset=0, limit=len(NotificationType))
            return json_response(page.answer(len(NotificationType), page.cut(_effective(stored, profile))))
        count = await settings.count()
        rows = await settings.page(offset=page.offset(count), limit=page.size)
    return json_response(page.answer(count, [_presented(row, profile) for row in rows]))


@router.post(
    "/",
    status_code=201,
    response_model=Setting,
    responses={200: {"model": Setting}},
    summary="Create or update the setting of one type",
)
async def put_setting(request: Request, body: SettingWrite, caller: Caller, services: ServicesDep) -> Response:
    async with services.database.transaction() as transaction:
        settings = SettingRepository(transaction, user_id=caller.user_id)
        row, is_new = await settings.put(body.notification_type, body.given())
        profile = await ProfileRepository(transaction, user_id=caller.user_id).get()
    location = str(request.url_for("get_setting", id=str(row["id"])))
    return json_response(_presented(row, profile), 201 if is_new else 200, headers={"Location": location})


@router.post("/bulk_update/", response_model=list[Setting], summary="Several types at once, all or nothing")
async def update_settings(body: BulkUpdate, caller: Caller, services: ServicesDep) -> Response:
    async with services.database.transaction() as transaction:
        settings = SettingRepository(transaction, user_id=caller.user_id)
        touched = {
            each.notification_type: (await settings.put(each.notification_type, each.given()))[0]
            for each in body.preferences
        }
        profile = await ProfileRepository(transaction, user_id=caller.user_id).get()
    return json_response([_presented(row, profile) for row in touched.values()])


@router.post("/reset_to_defaults/", response_model=list[EffectiveSetting], summary="Back to the types' defaults")
async def reset_settings(caller: Caller, services: ServicesDep) -> Response:
    """Untouches every switch of every type; the profile's switches for all types stay as they are."""
    async with services.database.transaction() as transaction:
        await SettingRepository(transaction, user_id=caller.user_id).delete_all()
        profile = await ProfileRepository(transaction, user_id=caller.user_id).get()
    return json_response(_effective([], profile))


@router.get("/{id}/", response_model=Setting, summary="One stored setting")
async def get_setting(caller: Caller, id: PathId, services: ServicesDep) -> Response:
    async with services.database.transaction() as transaction:
        row = await SettingRepository(transaction, user_id=caller.user_id).get(id)
        return await _found(row, transaction)


@router.put(
    "/{id}/", response_model=Setting, name="replace_setting", summary="Write the switches of one stored setting"
)
@router.patch("/{id}/", response_model=Setting, summary="Change some switches of one stored setting")
async def change_setting(caller: Caller, id: PathId, body: Switches, services: ServicesDep) -> Response:
    async with services.database.transaction() as transaction:
        row = await SettingRepository(transaction, user_id=caller.user_id).change(id, body.given())
        return await _found(row, transaction)


@router.delete("/{id}/", status_code=204, summary="Back to the default for one type")
async def delete_setting(caller: Caller, id: PathId, services: ServicesDep) -> Response:
    async with services.database.transaction() as transaction:
        if not await SettingRepository(transaction, user_id=caller.user_id).delete(id):
            raise NotificationNotFound
    return Response(status_code=204)


async def _found(row: Mapping[str, Any] | None, transaction: Transaction) -> Response:
    if row is None:
        raise NotificationNotFound
    profile = await ProfileRepository(transaction, user_id=row["user_id"]).get()
    return json_response(_presented(row, profile))


def _column(channel: Channel) -> str:
    return f"{channel}_enabled"


def _presented(row: Mapping[str, Any], profile: Mapping[str, Any]) -> dict[str, Any]:
    """An untouched switch is shown as what applies without it."""
    kind = NotificationType(row["notification_type"])
    policy, overall, switches = policy_of(kind), switches_of(profile), switches_of(row)
    return {
        "id": row["id"],
        "notification_type": kind,
        "notification_type_display": policy.display,
        **{
            _column(channel): switches.get(channel, switched_on(channel, policy=policy, overall=overall))
            for channel in Channel
        },
        "created_at": utc(row["created_at"]),
        "updated_at": utc(row["updated_at"]),
    }


def _effective(stored: list[dict[str, Any]], profile: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every type with what applies, by the function that decides when a notification is accepted."""
    rows = {row["notification_type"]: row for row in stored}
    return [_applying(kind, rows.get(kind), profile) for kind in NotificationType]


def _applying(kind: NotificationType, row: Mapping[str, Any] | None, profile: Mapping[str, Any]) -> dict[str, Any]:
    policy, preferences = policy_of(kind), preferences_of(row, profile)
    decisions = {
        channel: decide(channel, policy=policy, preferences=preferences, has_address=True) for channel in Channel
    }
    return {
        "id": None if row is None else row["id"],
        "notification_type": kind,
        "notification_type_display": policy.display,
        **{_column(channel): decision.use for channel, decision in decisions.items()},
        "reasons": {channel.value: decision.rule for channel, decision in decisions.items()},
        "created_at": None if row is None else utc(row["created_at"]),
        "updated_at": None if row is None else utc(row["updated_at"]),
    }
