"""The same key again is the same notification."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from rest_door import create, person, staff, wanted

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient
from notifications.contracts.names import keyed_notification_id


async def test_the_same_key_again_answers_200_with_the_first_notification(
    stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    call = {"json": wanted("somebody"), "headers": {"Idempotency-Key": uuid4().hex}}
    first, second = [await staff(stack, http).call("POST", "notifications/", **call) for _ in range(2)]
    assert (second.status_code, second.json()) == (200, first.json())


async def test_a_replay_says_so_and_a_first_answer_does_not(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    call = {"json": wanted("somebody"), "headers": {"Idempotency-Key": uuid4().hex}}
    answers = [await staff(stack, http).call("POST", "notifications/", **call) for _ in range(2)]
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, "true"]


async def test_a_replay_names_the_address_too(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    call = {"json": wanted("somebody"), "headers": {"Idempotency-Key": uuid4().hex}}
    first, second = [await staff(stack, http).call("POST", "notifications/", **call) for _ in range(2)]
    assert second.headers["Location"] == first.headers["Location"]


async def test_the_same_key_with_another_body_is_409(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    await staff(stack, http).call("POST", "notifications/", json=wanted("somebody"), headers=headers)
    other = wanted("somebody", title="Other terms")
    response = await staff(stack, http).call("POST", "notifications/", json=other, headers=headers)
    assert (response.status_code, response.json().keys()) == (409, {"detail"})


async def test_a_conflict_leaves_the_first_notification_alone(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    mine, headers = person(stack, http), {"Idempotency-Key": uuid4().hex}
    for title in ("First", "Second"):
        body = wanted(mine.user, title=title)
        await staff(stack, http).call("POST", "notifications/", json=body, headers=headers)
    assert await mine.titles() == ["First"]


async def test_a_notification_key_is_an_idempotency_key(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    body = wanted("somebody", notification_key=uuid4().hex)
    first = await create(staff(stack, http), "somebody", notification_key=body["notification_key"])
    response = await staff(stack, http).call("POST", "notifications/", json=body)
    assert (response.status_code, response.json()["id"]) == (200, first["id"])


async def test_the_header_decides_when_both_keys_are_given(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    body = wanted("somebody", notification_key=uuid4().hex)
    statuses = [
        (
            await staff(stack, http).call("POST", "notifications/", json=body, headers={"Idempotency-Key": uuid4().hex})
        ).status_code
        for _ in range(2)
    ]
    assert statuses == [201, 201]


async def test_without_a_key_every_call_is_a_new_notification(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    mine = person(stack, http)
    for _ in range(2):
        await create(staff(stack, http), mine.user)
    assert len(await mine.titles()) == 2


async def post(stack: LaunchedStack, http: httpx.AsyncClient, key: str, body: dict[str, Any]) -> httpx.Response:
    return await staff(stack, http).call("POST", "notifications/", json=body, headers={"Idempotency-Key": key})


async def test_fifty_equal_requests_at_once_make_one_notification(
    stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    mine, key = person(stack, http), uuid4().hex
    answers = await asyncio.gather(*(post(stack, http, key, wanted(mine.user)) for _ in range(50)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 49}
    replayed = [answer.headers.get("Idempotency-Replayed") for answer in answers if answer.status_code == 200]
    assert replayed == ["true"] * 49
    assert {answer.json()["id"] for answer in answers} == {str(keyed_notification_id(key))}
    assert len(await mine.titles()) == 1


async def test_of_fifty_different_requests_at_once_under_one_key_one_is_accepted(
    stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    mine, key = person(stack, http), uuid4().hex
    answers = await asyncio.gather(*(post(stack, http, key, wanted(mine.user, title=f"{n}")) for n in range(50)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 49}
    (accepted,) = (answer.json()["title"] for answer in answers if answer.status_code == 201)
    assert await mine.titles() == [accepted]


async def test_services_and_the_api_share_their_keys(
    stack: LaunchedStack, http: httpx.AsyncClient, client: NotificationsClient
) -> None:
    mine, key = person(stack, http), uuid4().hex
    body = wanted(mine.user)
    calls = [client.notify(**body, idempotency_key=key) for _ in range(25)]
    posts = [post(stack, http, key, body) for _ in range(25)]
    notifications, answers = await asyncio.gather(asyncio.gather(*calls), asyncio.gather(*posts))
    first_times = [not each.replayed for each in notifications] + [each.status_code == 201 for each in answers]
    assert sum(first_times) == 1
    assert {str(each.id) for each in notifications} == {each.json()["id"] for each in answers}
    assert len(await mine.titles()) == 1


async def test_a_waiting_notification_knows_its_key(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    mine, key = person(stack, http), uuid4().hex
    later = wanted(mine.user, scheduled_for="2035-01-01T00:00:00Z")
    answers = await asyncio.gather(*(post(stack, http, key, later) for _ in range(50)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 49}
    assert (await post(stack, http, key, {**later, "title": "Other"})).status_code == 409


async def test_an_instant_is_the_same_with_any_offset(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    moment = datetime.now(UTC) + timedelta(days=1)
    zones = (UTC, timezone(timedelta(hours=5, minutes=45)))
    bodies = [wanted("somebody", scheduled_for=moment.astimezone(zone).isoformat()) for zone in zones]
    key = uuid4().hex
    assert [(await post(stack, http, key, body)).status_code for body in bodies] == [201, 200]


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
@pytest.mark.parametrize("field", ["scheduled_for", "expires_at"])
async def test_an_instant_that_utc_cannot_write_is_named(
    stack: LaunchedStack, http: httpx.AsyncClient, field: str, instant: str
) -> None:
    response = await post(stack, http, uuid4().hex, wanted("somebody", **{field: instant}))
    assert (response.status_code, list(response.json())) == (400, [field])


async def test_a_refused_request_leaves_its_key_free(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    mine, key = person(stack, http), uuid4().hex
    refused = await post(stack, http, key, wanted(mine.user, template_key="no.such"))
    assert refused.status_code == 400
    assert (await post(stack, http, key, wanted(mine.user))).status_code == 201


async def test_a_call_for_several_has_a_key_for_each_however_long(client: NotificationsClient) -> None:
    tail = uuid4().hex.ljust(250, "x")
    made: set[UUID] = set()
    for head in ("may:", "june"):
        told = await client.notify_many(
            users=["u" * 128, "v" * 128],
            title="Hello",
            message="There.",
            notification_type="system",
            idempotency_key=head + tail,
        )
        made |= {each.id for each in told if not each.replayed}
    assert len(made) == 4


async def test_a_key_that_is_too_long_is_named(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    response = await staff(stack, http).call(
        "POST", "notifications/", json=wanted("somebody"), headers={"Idempotency-Key": "x" * 256}
    )
    assert (response.status_code, list(response.json())) == (400, ["idempotency_key"])
