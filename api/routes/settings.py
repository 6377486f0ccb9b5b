"""`notification-settings/`: what a user has switched on and off."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.dependencies import Caller, ServicesDep
from api.pagination import PageDep
from api.responses import json_response
from api.schemas.settings import Setting, SettingPage, SettingWrite
from notifications.contracts.vocabulary import Channel, NotificationType
from persistence.events import utc
from persistence.recipients import SettingRepository
from policy.channels import switched_on
from policy.types import policy_of

router = APIRouter(prefix="/notification-settings", tags=["notification settings"])


@router.get("/", response_model=SettingPage, summary="The caller's stored settings")
async def list_settings(caller: Caller, services: ServicesDep, page: PageDep) -> Response:
    async with services.database.transaction() as transaction:
        settings = SettingRepository(transaction, user_id=caller.user_id)
        count = await settings.count()
        rows = await settings.page(offset=page.offset, limit=page.size)
    return json_response(page.answer(count, [_presented(row) for row in rows]))


@router.post(
    "/",
    status_code=201,
    response_model=Setting,
    responses={200: {"model": Setting}},
    summary="Create or update the setting of one type",
)
async def put_setting(body: SettingWrite, caller: Caller, services: ServicesDep) -> Response:
    policy = policy_of(body.notification_type)
    defaults = {_column(channel): switched_on(channel, policy=policy) for channel in Channel}
    switches = body.model_dump(exclude={"notification_type"}, exclude_none=True)
    async with services.database.transaction() as transaction:
        row, is_new = await SettingRepository(transaction, user_id=caller.user_id).put(
            body.notification_type, switches=switches, defaults=defaults
        )
    return json_response(_presented(row), 201 if is_new else 200)


def _column(channel: Channel) -> str:
    return f"{channel}_enabled"


def _presented(row: Mapping[str, Any]) -> dict[str, Any]:
    kind = NotificationType(row["notification_type"])
    return {
        "id": row["id"],
        "notification_type": kind,
        "notification_type_display": policy_of(kind).display,
        **{_column(channel): row[_column(channel)] for channel in Channel},
        "created_at": utc(row["created_at"]),
        "updated_at": utc(row["updated_at"]),
    }
