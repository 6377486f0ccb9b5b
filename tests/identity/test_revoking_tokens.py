"""A revocation, and everything that it ends: calls, sockets and tickets, at every process, within two seconds."""

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from doors import DEADLINE_SECONDS, Doors, closing
from issuer import RSA, shared, signed
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from deploy.local.launch import CHECKOUT, LaunchedStack

REVOKED_SECONDS = 2.0
NOBODY_LISTENS = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


@pytest.fixture
async def doors(stack: LaunchedStack, http: httpx.AsyncClient) -> Doors:
    return Doors(http, stack.websocket_url, origin=stack.url, staff=stack.token("staff", staff=True))


class Person:
    """Somebody new; each of their tokens was issued some seconds ago, and has an id of its own."""

    def __init__(self, stack: LaunchedStack) -> None:
        self.user = f"user-{uuid4().hex[:12]}"
        self._secret = stack.environment["JWT_SECRET"]

    def token(self, *, jti: str = "", seconds_ago: float = 60, **claims: Any) -> str:
        now = time.time()
        named = {"user_id": self.user, "jti": jti or uuid4().hex, "iat": now - seconds_ago, "exp": now + 600}
        return shared(secret=self._secret, **{**named, **claims})


@pytest.fixture
def ada(stack: LaunchedStack) -> Person:
    return Person(stack)


async def is_alive(connection: ClientConnection) -> bool:
    await connection.send(json.dumps({"type": "ping"}))
    async with asyncio.timeout(DEADLINE_SECONDS):
        return bool(json.loads(await connection.recv())["type"] == "pong")


async def is_ended(connection: ClientConnection) -> bool:
    return (await closing(connection, within_seconds=REVOKED_SECONDS))[0] == 4003


@asynccontextmanager
async def another(stack: LaunchedStack, module: str, kind: str, **changes: str) -> AsyncIterator[str]:
    """The address of one more process of a kind, beside the stack's own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    environment = {**os.environ, **stack.environment, f"{kind}_PORT": address.split(":")[1], **changes}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, cwd=CHECKOUT, env=environment)
    try:
        async with asyncio.timeout(30), httpx.AsyncClient() as http:
            while not await answers(http, f"http://{address}/healthz"):
                assert process.returncode is None
                await asyncio.sleep(0.05)
        yield address
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def only_rest(address: str) -> AsyncIterator[Doors]:
    async with httpx.AsyncClient(base_url=f"http://{address}") as http:
        yield Doors(http, "", origin="", staff="")


async def answers(http: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await http.get(address)).status_code == 200
    except httpx.TransportError:
        return False


async def test_a_revoked_token_is_401_at_once(doors: Doors, ada: Person) -> None:
    token = ada.token(jti=(jti := uuid4().hex))
    assert (await doors.read(token)).status_code == 200
    await doors.revoke(jti=jti)
    answer = await doors.read(token)
    assert (answer.status_code, answer.json()) == (401, {"detail": "The token has been revoked."})
    assert (await doors.read(ada.token())).status_code == 200


async def test_a_users_tokens_are_401_when_they_were_issued_before(doors: Doors, ada: Person) -> None:
    before = [ada.token(), ada.token(iat=int(time.time())), ada.token(iat=...)]
    await doors.revoke(user=ada.user)
    assert [(await doors.read(token)).status_code for token in before] == [401] * 3
    assert (await doors.read(ada.token(seconds_ago=-2))).status_code == 200


async def test_another_api_process_answers_401_soon(stack: LaunchedStack, doors: Doors, ada: Person) -> None:
    token = ada.token(jti=(jti := uuid4().hex))
    async with another(stack, "api.app", "API") as address, only_rest(address) as elsewhere:
        assert (await elsewhere.read(token)).status_code == 200
        await doors.revoke(jti=jti)
        async with asyncio.timeout(REVOKED_SECONDS):
            while (await elsewhere.read(token)).status_code != 401:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("by", ["jti", "user"])
async def test_a_live_socket_closes_with_4003_at_every_gateway(
    stack: LaunchedStack, doors: Doors, ada: Person, by: str
) -> None:
    token = ada.token(jti=(jti := uuid4().hex))
    async with another(stack, "ws_gateway.server", "GATEWAY") as address:
        elsewhere = f"ws://{address}/ws/notifications/"
        async with (
            doors.socket(token) as here,
            doors.socket(token, url=elsewhere) as there,
            doors.socket(Person(stack).token()) as anothers,
        ):
            await doors.revoke(**({"jti": jti} if by == "jti" else {"user": ada.user}))
            assert all(await asyncio.gather(is_ended(here), is_ended(there)))
            assert await is_alive(anothers)


async def test_a_socket_by_a_newer_token_stays(doors: Doors, ada: Person) -> None:
    async with doors.socket(ada.token()) as old, doors.socket(ada.token(seconds_ago=-4)) as new:
        await doors.revoke(user=ada.user)
        assert await is_ended(old)
        assert await is_alive(new)


async def test_a_socket_that_was_given_another_token_stays(doors: Doors, ada: Person) -> None:
    old, later = uuid4().hex, uuid4().hex
    async with doors.socket(ada.token(jti=old)) as changed, doors.socket(ada.token(jti=old)) as unchanged:
        await changed.send(json.dumps({"type": "refresh_token", "token": ada.token(jti=later)}))
        assert json.loads(await changed.recv())["type"] == "token_refreshed"
        await doors.revoke(jti=old)
        assert await is_ended(unchanged)
        assert await is_alive(changed)
        await doors.revoke(jti=later)
        assert await is_ended(changed)


async def test_a_revoked_token_closes_the_socket_that_is_given_it(doors: Doors, ada: Person) -> None:
    await doors.revoke(jti=(jti := uuid4().hex))
    async with doors.socket(ada.token()) as connection:
        await connection.send(json.dumps({"type": "refresh_token", "token": ada.token(jti=jti)}))
        assert (await closing(connection))[0] == 4003


@pytest.mark.parametrize("by", ["jti", "user"])
async def test_the_ticket_of_a_revoked_token_is_refused(doors: Doors, ada: Person, by: str) -> None:
    ticket = await doors.ticket(ada.token(jti=(jti := uuid4().hex)))
    async with doors.socket(ada.token(jti=jti)) as witness:
        await doors.revoke(**({"jti": jti} if by == "jti" else {"user": ada.user}))
        assert await is_ended(witness)  # so the gateway knows
    assert await doors.refusal(ticket=ticket) == (401, "The token has been revoked.\n")


async def test_a_socket_by_ticket_ends_with_its_token(doors: Doors, ada: Person) -> None:
    ticket = await doors.ticket(ada.token(jti=(jti := uuid4().hex)))
    async with doors.socket(ticket=ticket) as connection:
        await doors.revoke(jti=jti)
        assert await is_ended(connection)


async def test_no_socket_slips_in_while_its_token_is_revoked(doors: Doors, ada: Person) -> None:
    token = ada.token(jti=(jti := uuid4().hex))

    async def outcome() -> int:
        try:
            async with doors.socket(token) as connection:
                return (await closing(connection))[0]
        except InvalidStatus as refused:
            return refused.response.status_code
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    crowd = [asyncio.create_task(outcome()) for _ in range(25)]
    await doors.revoke(jti=jti)
    assert set(await asyncio.gather(*crowd)) <= {401, 4003}


async def test_an_api_that_cannot_tell_what_was_revoked_lets_nobody_in(stack: LaunchedStack, ada: Person) -> None:
    async with another(stack, "api.app", "API", DATABASE_URL=NOBODY_LISTENS) as address, only_rest(address) as apart:
        answers = [await apart.read(token) for token in (ada.token(), ada.token(exp=1))]
    assert [answer.status_code for answer in answers] == [503, 401]
    assert answers[0].headers["Retry-After"]


async def test_a_gateway_that_cannot_tell_what_was_revoked_lets_nobody_in(
    stack: LaunchedStack, http: httpx.AsyncClient, ada: Person
) -> None:
    async with another(stack, "ws_gateway.server", "GATEWAY", DATABASE_URL=NOBODY_LISTENS) as address:
        apart = Doors(http, f"ws://{address}/ws/notifications/", origin=stack.url, staff="")
        assert [(await apart.refusal(token))[0] for token in (ada.token(), ada.token(exp=1))] == [503, 401]
        assert [(await apart.code_for_a_page(token))[0] for token in (ada.token(), ada.token(exp=1))] == [1012, 4003]


async def test_a_key_that_cannot_be_asked_for_is_503_and_a_known_one_good(stack: LaunchedStack, ada: Person) -> None:
    silent = "http://127.0.0.1:1/keys.json"
    async with another(stack, "api.app", "API", JWT_JWKS_URL=silent) as address, only_rest(address) as apart:
        answers = [await apart.read(token) for token in (signed(RSA, "RS256", "rsa"), ada.token())]
    assert [answer.status_code for answer in answers] == [503, 200]
