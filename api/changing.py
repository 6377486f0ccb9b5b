"""Having a notification's workflow apply a change, and answering with the truth by channel."""

from dataclasses import asdict

from starlette.responses import Response

from api.presenting import plain
from api.responses import json_response
from api.services import Services
from notifications.contracts.changes import Change, ChangeAnswer
from notifications.contracts.errors import NotificationError, NotificationNotFound, ServiceUnreachable
from persistence.changes import ChangeRepository
from persistence.due import DueRepository
from persistence.notifications import NotificationRepository
from policy.changing import effect_on

_NOTHING_LEFT = "Nothing was left to change."


async def changed(services: Services, change: Change) -> Response:
    """200 with what the change did to each channel, 409 with what had become of each when it came too late.

    Raises:
        NotificationNotFound: there is no such notification.
    """
    try:
        answer = await services.client.change(change)
    except (NotificationNotFound, ServiceUnreachable) as error:
        answer = await _kept(services, change, error)
    async with services.database.statements() as transaction:
        row = await NotificationRepository(transaction).get(change.notification_id)
    if row is None:
        raise NotificationNotFound
    channels = [{name: plain(value) for name, value in asdict(told).items()} for told in answer.channels]
    if not answer.changed_anything:
        return json_response({"detail": _NOTHING_LEFT, "channels": channels}, 409)
    return json_response({"id": change.notification_id, "status": row["status"], "channels": channels})


async def _kept(services: Services, change: Change, error: NotificationError) -> ChangeAnswer:
    """What the database knows: the change may have been carried out although nobody could say so any more.

    Else, where the workflow has ended, the deliveries tell how, and that nothing of them could be changed.
    """
    async with services.database.statements() as transaction:
        answer = await ChangeRepository(transaction).answer(change.change_id)
        if answer is not None:
            return answer
        if isinstance(error, ServiceUnreachable):
            raise error
        deliveries = await DueRepository(transaction).of(change.notification_id)
    told = (delivery.told(effect_on(delivery.standing(), change.kind)) for delivery in deliveries)
    return ChangeAnswer(change_id=change.change_id, channels=tuple(told))
