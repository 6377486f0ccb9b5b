"""Having a notification's workflow apply a change; the answer is the truth by channel."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from api.presenting import plain
from api.schemas.changes import NotificationEdit
from api.services import Services
from notifications.contracts.building import build_request
from notifications.contracts.changes import Change, ChangeAnswer, ChangeKind, Effect
from notifications.contracts.errors import (
    InvalidNotification,
    NothingLeft,
    NotificationError,
    NotificationNotFound,
    ServiceUnreachable,
)
from persistence.changes import ChangeRepository
from persistence.due import DueRepository
from persistence.notifications import NotificationRepository
from policy.changing import effect_on

_CHANGED_AT_ONCE = 16


async def change(services: Services, wanted: Change) -> dict[str, Any]:
    """What the change did to each channel, as the wire has it.

    Raises:
        NotificationNotFound: there is no such notification.
        NothingLeft: it came too late for every channel; the error says what had become of each.
    """
    told, has_changed = await _told(services, wanted)
    if not has_changed:
        raise NothingLeft(told["channels"])
    return told


async def change_all(services: Services, wanted: Sequence[Change]) -> list[dict[str, Any]]:
    """What each change did, also of one that came too late for every channel; what is deleted meanwhile is left out.

    Raises:
        ServiceUnreachable: some may have been changed; repeating the call changes the others.
    """
    some = asyncio.Semaphore(_CHANGED_AT_ONCE)

    async def one(each: Change) -> dict[str, Any] | None:
        async with some:
            with suppress(NotificationNotFound):
                return (await _told(services, each))[0]
        return None

    answers = await asyncio.gather(*(one(each) for each in wanted), return_exceptions=True)
    for error in answers:
        if isinstance(error, BaseException):
            raise error
    return [told for told in answers if isinstance(told, dict)]


async def _told(services: Services, wanted: Change) -> tuple[dict[str, Any], bool]:
    """What the change did, and whether it did anything."""
    try:
        answer = await services.client.change(wanted)
    except (NotificationNotFound, ServiceUnreachable) as error:
        answer = await _kept(services, wanted, error)
    async with services.database.statements() as transaction:
        row = await NotificationRepository(transaction).get(wanted.notification_id)
    if row is None:
        raise NotificationNotFound
    channels = [{name: plain(value) for name, value in asdict(told).items()} for told in answer.channels]
    return {"id": wanted.notification_id, "status": row["status"], "channels": channels}, answer.changed_anything


async def edit(services: Services, notification_id: UUID, wanted: NotificationEdit) -> None:
    """Other words, channels or times for what has not gone out; what is wanted as it is, is no edit.

    The words wait in the database for the workflow to apply them, since they do not travel through Temporal.

    Raises:
        InvalidNotification: nothing was changed. Else as `change`.
    """
    async with services.database.statements() as transaction:
        row = await NotificationRepository(transaction).get(notification_id)
        if row is None:
            raise NotificationNotFound
        given = {name: value for name, value in wanted.given().items() if value != row[name]}
        if not given:
            return
        edited = Change.of(notification_id, ChangeKind.EDIT)
        await ChangeRepository(transaction).keep_edit(edited.change_id, notification_id, _checked(dict(row), given))
    await change(services, edited)


def _checked(row: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """An edit by columns, checked together with what it leaves as it is."""
    past = [name for name in ("scheduled_for", "expires_at") if given.get(name) and given[name] <= datetime.now(UTC)]
    if past:
        raise InvalidNotification({name: ["Must be in the future; null sends at once what waits."] for name in past})
    whole = {**row, **given}
    key = whole["template_key"]
    request = build_request(
        user=row["user_id"],
        notification_type=row["notification_type"],
        template_key=key,
        title=given.get("title") if key else whole["title"],
        message=given.get("message") if key else whole["message"],
        delivery_channels=whole["channels"],
        metadata=whole["metadata"],
        scheduled_for=given.get("scheduled_for"),
        expires_at=whole["expires_at"],
    )
    checked = {
        "title": request.title,
        "message": request.message,
        "channels": list(request.channels),
        "metadata": request.metadata,
        "scheduled_for": plain(request.scheduled_for),
        "expires_at": plain(request.expires_at),
    }
    return {name: value for name, value in checked.items() if name in given}


async def _kept(services: Services, wanted: Change, error: NotificationError) -> ChangeAnswer:
    """What the database knows: the change may have been carried out although nobody could say so any more.

    Else, where the workflow has ended, the deliveries tell how, and that nothing of them could be changed.
    """
    async with services.database.statements() as transaction:
        answer = await ChangeRepository(transaction).answer(wanted.change_id)
        if answer is not None:
            return answer
        if isinstance(error, ServiceUnreachable):
            raise error
        deliveries = await DueRepository(transaction).of(wanted.notification_id)
    if not all(delivery.status.is_settled for delivery in deliveries):
        # A batch has accepted it, and is still to start the workflow that could change it.
        raise ServiceUnreachable("It has just been accepted; repeat the call in a moment.")
    effects = [(delivery, effect_on(delivery.standing(), wanted.kind)) for delivery in deliveries]
    too_late = {Effect.STOPPED, Effect.CHANGED}  # what could have been done, had anybody been left to do it
    told = (delivery.told(Effect.NOT_SENT if effect in too_late else effect) for delivery, effect in effects)
    return ChangeAnswer(change_id=wanted.change_id, channels=tuple(told))
