"""The same key again is the same notification."""

import asyncio
from collections import Counter
from uuid import uuid4

import httpx
from rest_door import create, person, staff, wanted

from deploy.local.launch import LaunchedStack


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


async def test_twenty_equal_requests_at_once_make_one_notification(
    stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    mine, headers = person(stack, http), {"Idempotency-Key": uuid4().hex}
    answers = await asyncio.gather(
        *(staff(stack, http).call("POST", "notifications/", json=wanted(mine.user), headers=headers) for _ in range(20))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 19}
    assert len(await mine.titles()) == 1


async def test_a_key_that_is_too_long_is_named(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    response = await staff(stack, http).call(
        "POST", "notifications/", json=wanted("somebody"), headers={"Idempotency-Key": "x" * 256}
    )
    assert (response.status_code, list(response.json())) == (400, ["idempotency_key"])
