"""Two API processes on one database hold a caller to one limit, as exactly as they promise."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from typing import TypeVar
from uuid import uuid4

import httpx
import pytest
from api_process import api_process
from rest_door import BASE, Door, anybody, person

from api.throttling import MINUTE_SECONDS, SHARES
from deploy.local.launch import LaunchedStack

USER_LIMIT, STAFF_LIMIT, FAILURE_LIMIT = 100, 160, 20
SHARE = USER_LIMIT // SHARES
AT_ONCE = 20
UNREAD = "notifications/unread_count/"

Result = TypeVar("Result")
Pair = tuple[httpx.AsyncClient, httpx.AsyncClient]


@pytest.fixture(scope="module")
def urls(stack: LaunchedStack) -> Iterator[list[str]]:
    limits = {
        "RATE_LIMIT_USER_PER_MINUTE": str(USER_LIMIT),
        "RATE_LIMIT_STAFF_PER_MINUTE": str(STAFF_LIMIT),
        "RATE_LIMIT_FAILED_LOGINS_PER_MINUTE": str(FAILURE_LIMIT),
    }
    with ExitStack() as processes:
        yield [processes.enter_context(api_process(stack, **limits)) for _ in range(2)]


@pytest.fixture
async def pair(urls: list[str]) -> AsyncIterator[Pair]:
    async with httpx.AsyncClient(base_url=urls[0]) as one, httpx.AsyncClient(base_url=urls[1]) as other:
        yield one, other


async def in_one_minute(attempt: Callable[[], Awaitable[Result]]) -> Result:
    """An attempt that no new minute interrupted. Each is somebody new's, so that it can be made again."""
    while True:
        minute = time.time() // MINUTE_SECONDS
        result = await attempt()
        if time.time() // MINUTE_SECONDS == minute:
            return result


async def granted(*doors: Door) -> int:
    """How many calls are served, of one door after another in turn, until every door refuses."""
    count, open_doors = 0, list(doors)
    while open_doors:
        for door in list(open_doors):
            if (await door.call("GET", UNREAD)).status_code == 200:
                count += 1
            else:
                open_doors.remove(door)
    return count


async def test_one_process_grants_the_limit_exactly(stack: LaunchedStack, pair: Pair) -> None:
    assert await in_one_minute(lambda: granted(person(stack, pair[0]))) == USER_LIMIT


async def test_a_caller_is_told_as_drf_would_when_to_come_back(stack: LaunchedStack, pair: Pair) -> None:
    async def refused() -> httpx.Response:
        somebody = person(stack, pair[0])
        await granted(somebody)
        return await somebody.call("GET", UNREAD)

    response = await in_one_minute(refused)
    seconds = int(response.headers["Retry-After"])
    assert response.status_code == 429
    assert 1 <= seconds <= MINUTE_SECONDS
    assert response.json()["detail"].startswith(f"Request was throttled. Expected available in {seconds} second")
    assert "WWW-Authenticate" not in response.headers


async def test_processes_in_turn_grant_one_limit_and_at_most_a_share_more(stack: LaunchedStack, pair: Pair) -> None:
    async def both() -> int:
        user = person(stack, pair[0]).user
        return await granted(person(stack, pair[0], user), person(stack, pair[1], user))

    assert USER_LIMIT <= await in_one_minute(both) <= USER_LIMIT + SHARE


async def test_processes_at_once_grant_one_limit_and_at_most_a_share_more(stack: LaunchedStack, pair: Pair) -> None:
    async def both() -> int:
        user = person(stack, pair[0]).user
        sides = [person(stack, http, user) for http in pair for _ in range(AT_ONCE)]
        return sum(await asyncio.gather(*(granted(side) for side in sides)))

    assert USER_LIMIT <= await in_one_minute(both) <= USER_LIMIT + SHARE


async def test_a_process_that_comes_last_still_grants_its_own_share(stack: LaunchedStack, pair: Pair) -> None:
    async def one_after_the_other() -> tuple[int, int]:
        user = person(stack, pair[0]).user
        return await granted(person(stack, pair[0], user)), await granted(person(stack, pair[1], user))

    assert await in_one_minute(one_after_the_other) == (USER_LIMIT, SHARE)


async def test_what_lies_in_a_process_that_is_left_is_less_than_a_share(stack: LaunchedStack, pair: Pair) -> None:
    async def leave_the_first() -> int:
        user = person(stack, pair[0]).user
        for _ in range(SHARE + 1):  # one more than its own share, so that it leases
            assert (await person(stack, pair[0], user).call("GET", UNREAD)).status_code == 200
        return SHARE + 1 + await granted(person(stack, pair[1], user))

    assert USER_LIMIT - SHARE < await in_one_minute(leave_the_first) <= USER_LIMIT


async def test_one_callers_limit_is_nobody_elses(stack: LaunchedStack, pair: Pair) -> None:
    await granted(person(stack, pair[0]))
    assert (await person(stack, pair[0]).call("GET", UNREAD)).status_code == 200


async def test_staff_have_a_limit_of_their_own(stack: LaunchedStack, pair: Pair) -> None:
    async def as_staff_and_as_a_person() -> tuple[int, int]:
        user = f"staff-{uuid4().hex[:12]}"
        headers = {"Authorization": f"Bearer {stack.token(user, staff=True)}"}
        return await granted(Door(pair[0], user, headers)), await granted(person(stack, pair[0], user))

    assert await in_one_minute(as_staff_and_as_a_person) == (STAFF_LIMIT, USER_LIMIT)


async def test_failed_authentications_of_an_address_are_limited(stack: LaunchedStack, pair: Pair) -> None:
    stranger = Door(pair[0], "", {"Authorization": "Bearer nonsense"})
    # More than two minutes could hold, so that a new minute amid them changes nothing.
    answers = [await stranger.call("GET", UNREAD) for _ in range(2 * FAILURE_LIMIT + 2)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {401, 429}
    assert all(1 <= int(answer.headers["Retry-After"]) <= MINUTE_SECONDS for answer in refused)
    assert (await person(stack, pair[0]).call("GET", UNREAD)).status_code == 200


async def test_the_webhook_is_limited_by_nobodys_budget(pair: Pair) -> None:
    calls = [anybody(pair[1]).call("POST", "webhooks/courier/", json={}) for _ in range(2 * FAILURE_LIMIT + 2)]
    assert {answer.status_code for answer in await asyncio.gather(*calls)} == {401}


@pytest.mark.parametrize("path", ["/healthz", "/openapi.json", f"{BASE}/nothing/"])
async def test_what_needs_no_token_has_no_limit(pair: Pair, path: str) -> None:
    answers = await asyncio.gather(*(pair[1].get(path) for _ in range(FAILURE_LIMIT + 1)))
    assert 429 not in {answer.status_code for answer in answers}
