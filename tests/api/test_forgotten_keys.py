"""A key that Temporal has forgotten, as it does when its retention has passed, stands for what it stood for."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from rest_door import Door, person, staff, wanted
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from deploy.local.launch import LaunchedStack
from notifications import IdempotencyConflict, NotificationsClient
from notifications.contracts.names import keyed_notification_id, notification_workflow_id

KEYS = 5
# Temporal deletes only behind its own bookmark, which it moves twice a minute.
DEADLINE_SECONDS = 90
OTHER = {"metadata": {"room": "garden"}}


@dataclass(frozen=True)
class Forgotten:
    """A notification that was accepted under a key, before Temporal lost its memory of it."""

    key: str
    body: dict[str, Any]
    owner: Door
    boss: Door
    template_id: str

    async def post(self, **changes: Any) -> httpx.Response:
        headers = {"Idempotency-Key": self.key}
        return await self.boss.call("POST", "notifications/", json=self.body | changes, headers=headers)


@pytest.fixture(scope="module")
async def all_forgotten(stack: LaunchedStack, http: httpx.AsyncClient) -> list[Forgotten]:
    """Several, because forgetting takes as long for one as for all."""
    made = [await accepted(person(stack, http), staff(stack, http)) for _ in range(KEYS)]
    temporal = await Client.connect(stack.temporal_address)
    await asyncio.gather(*(delete(temporal, each.key) for each in made))
    return made


@pytest.fixture
async def forgotten(all_forgotten: list[Forgotten]) -> Forgotten:
    return all_forgotten.pop()


async def accepted(owner: Door, boss: Door) -> Forgotten:
    key = uuid4().hex
    await boss.call("PUT", f"recipients/{owner.user}/", json={"email": f"{owner.user}@example.org"})
    template = {
        "key": f"booking.{key}",
        "notification_type": "booking",
        "delivery_channel": "in_app",
        "subject_template": "Confirmed",
        "body_template": "See you.",
    }
    made = await boss.call("POST", "notification-templates/", json=template)
    channels = ["in_app", "email"]
    body = wanted(owner.user, notification_type="booking", template_key=template["key"], delivery_channels=channels)
    notification = Forgotten(key, body, owner, boss, template_id=made.json()["id"])
    assert (await notification.post()).status_code == 201
    return notification


async def delete(temporal: Client, key: str) -> None:
    workflow = notification_workflow_id(keyed_notification_id(key))
    await temporal.get_workflow_handle(workflow).result()
    await temporal.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(
            namespace=temporal.namespace, workflow_execution=WorkflowExecution(workflow_id=workflow)
        )
    )
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await is_known(temporal, workflow):
            await asyncio.sleep(0.2)


async def is_known(temporal: Client, workflow: str) -> bool:
    try:
        await temporal.get_workflow_handle(workflow).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


async def test_equal_requests_at_once_find_the_first_notification(forgotten: Forgotten) -> None:
    answers = await asyncio.gather(*(forgotten.post() for _ in range(50)))
    assert Counter(answer.status_code for answer in answers) == {200: 50}
    assert {answer.headers.get("Idempotency-Replayed") for answer in answers} == {"true"}
    assert {answer.json()["id"] for answer in answers} == {str(keyed_notification_id(forgotten.key))}
    assert await forgotten.owner.titles() == ["Confirmed"]


async def test_another_request_is_a_conflict_and_leaves_the_key_to_the_first(forgotten: Forgotten) -> None:
    # Each meets Temporal in another state: with nothing, with a refused workflow and with a finished one.
    answers = [await forgotten.post(**changes) for changes in (OTHER, {}, OTHER)]
    assert [answer.status_code for answer in answers] == [409, 200, 409]
    assert answers[1].json()["id"] == str(keyed_notification_id(forgotten.key))
    assert await forgotten.owner.titles() == ["Confirmed"]


async def test_a_service_meets_the_same(forgotten: Forgotten, client: NotificationsClient) -> None:
    with pytest.raises(IdempotencyConflict):
        await client.notify(**forgotten.body | OTHER, idempotency_key=forgotten.key)
    again = await client.notify(**forgotten.body, idempotency_key=forgotten.key)
    assert (again.id, again.replayed) == (keyed_notification_id(forgotten.key), True)
    assert await forgotten.owner.titles() == ["Confirmed"]


async def test_nothing_leaves_a_second_time(
    stack: LaunchedStack, http: httpx.AsyncClient, forgotten: Forgotten
) -> None:
    assert (await forgotten.post()).status_code == 200
    temporal = await Client.connect(stack.temporal_address)
    await temporal.get_workflow_handle(notification_workflow_id(keyed_notification_id(forgotten.key))).result()
    sent = await http.get("/courier-sandbox/requests", params={"user": forgotten.owner.user})
    assert len(sent.json()["results"]) == 1


async def test_a_template_that_has_changed_since_changes_nothing(forgotten: Forgotten) -> None:
    template = f"notification-templates/{forgotten.template_id}/"
    changed = await forgotten.boss.call("PATCH", template, json={"body_template": "See you in {{ room }}."})
    assert changed.status_code == 200
    assert (await forgotten.post()).status_code == 200
    await forgotten.boss.call("DELETE", template)
    assert [(await forgotten.post(**changes)).status_code for changes in ({}, OTHER)] == [200, 409]
