"""A send that is asked for again before its time, as after the death of the worker that was to wait."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.asking import Preconditions
from activities.delivery import DeliveryActivities
from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient
from notifications.contracts.delivery import SendInput
from notifications.contracts.names import delivery_id
from notifications.contracts.vocabulary import Channel
from persistence.database import Database
from persistence.due import DueRepository
from providers.provider import Accepted, OutgoingMessage

DEADLINE_SECONDS = 20
RETRY_AFTER_SECONDS = 600


class Witness:
    """A provider that only counts how often it was called."""

    name = "witness"
    calls = 0

    async def send(self, message: OutgoingMessage) -> Accepted:
        self.calls += 1
        return Accepted(message.idempotency_key)


async def test_retry_after_is_kept_even_when_temporal_never_heard_of_it(
    stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient
) -> None:
    user = f"patient-{uuid4().hex[:8]}"
    staff = {"Authorization": f"Bearer {stack.token('staff', staff=True)}"}
    person = {"name": "Patient", "phone_number": "+351912345678"}
    await http.put(f"/api/v1/drf/notifications/recipients/{user}/", json=person, headers=staff)
    busy = {"channel": "sms", "script": [{"status": 429, "retry_after": RETRY_AFTER_SECONDS}]}
    await http.put("/courier-sandbox/faults", json=busy)
    notification = await client.notify(
        user=user, title="Later", message="Not yet.", notification_type="booking", delivery_channels=["sms"]
    )
    delivery = delivery_id(notification.id, Channel.SMS)
    database = Database(stack.environment["DATABASE_URL"], pool_size=1)
    async with asyncio.timeout(DEADLINE_SECONDS), database.statements() as transaction:
        while not (due := await DueRepository(transaction).get(delivery)) or due.next_attempt_at is None:
            await asyncio.sleep(0.05)

    provider = Witness()
    preconditions = Preconditions(database=database, asker=None, patience_seconds=0)
    activities = DeliveryActivities(database=database, provider=provider, preconditions=preconditions)
    with pytest.raises(ApplicationError) as raised:
        await ActivityEnvironment().run(activities.send, SendInput(delivery_id=delivery))
    await database.close()

    assert provider.calls == 0
    assert raised.value.next_retry_delay is not None
    assert timedelta(seconds=RETRY_AFTER_SECONDS - DEADLINE_SECONDS) < raised.value.next_retry_delay
    assert raised.value.next_retry_delay <= timedelta(seconds=RETRY_AFTER_SECONDS)
