"""The matrix again from the outside, at REST and at the socket."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import httpx
import pytest
from doors import BASE, Doors
from issuer import AUDIENCE, EC, ISSUER, PREVIOUS_SECRET, SECRET, KeyServer, jwk, key_server, shared, signed
from token_cases import ACCEPTED, PUBLISHED, REFUSED, REVOKED_BEFORE, REVOKED_TOKEN, REVOKED_USER, secrets_of

from deploy.local.launch import LaunchedStack, launched
from deploy.local.state import State

AT_THE_DOORS = [name for name, case in REFUSED.items() if case.fits_into_a_header]


@pytest.fixture(scope="module")
def issuer() -> Iterator[KeyServer]:
    with key_server() as server:
        server.publish(*PUBLISHED)
        yield server


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, issuer: KeyServer) -> Iterator[LaunchedStack]:
    """A stack that knows the secrets and keys of the matrix, and asks for its audience and issuer."""
    folder = tmp_path_factory.mktemp("guarded") / "state"
    State(folder).write("secrets.json", {"JWT_SECRET": SECRET})
    environment = {
        "JWT_PREVIOUS_SECRET": PREVIOUS_SECRET,
        "JWT_JWKS_URL": issuer.url,
        "JWT_AUDIENCE": AUDIENCE,
        "JWT_ISSUER": ISSUER,
        "LOG_LEVEL": "debug",
    }
    with launched(folder, "edge", environment=environment) as running:
        yield running


@pytest.fixture(scope="module")
async def doors(guarded: LaunchedStack) -> AsyncIterator[Doors]:
    async with httpx.AsyncClient(base_url=guarded.url, timeout=20) as http:
        staff = shared(user_id="a-member-of-staff", is_staff=True)
        doors = Doors(http, guarded.websocket_url, origin=guarded.url, staff=staff)
        await doors.revoke(jti=REVOKED_TOKEN)
        await doors.revoke(user=REVOKED_USER, issued_before=datetime.fromtimestamp(REVOKED_BEFORE, UTC).isoformat())
        yield doors


@pytest.mark.parametrize("case", ACCEPTED)
async def test_a_token_opens_both_doors(doors: Doors, case: str) -> None:
    token, _ = ACCEPTED[case]
    assert (await doors.read(token)).status_code == 200
    async with doors.socket(token):
        pass


@pytest.mark.parametrize("case", AT_THE_DOORS)
async def test_a_token_is_401_over_rest(doors: Doors, case: str) -> None:
    answer = await doors.read(REFUSED[case].token)
    assert (answer.status_code, answer.headers["WWW-Authenticate"], answer.json().keys()) == (
        401,
        "Bearer",
        {"detail"},
    )
    assert not any(secret in answer.text for secret in secrets_of(REFUSED[case].token))


@pytest.mark.parametrize("case", AT_THE_DOORS)
async def test_a_token_is_refused_a_socket(doors: Doors, case: str) -> None:
    refused = REFUSED[case]
    status, words = await doors.refusal(refused.token)
    code, reason = await doors.code_for_a_page(refused.token)
    assert (status, code) == (401, 4003 if refused.was_good else 4001)
    assert not any(secret in words + reason for secret in secrets_of(refused.token))


@pytest.mark.parametrize("tokens", [[shared(), shared(user_id="bob")], [shared(), "x"], ["x", shared()]])
async def test_two_tokens_are_none(doors: Doors, tokens: list[str]) -> None:
    headers = [("Authorization", f"Bearer {token}") for token in tokens]
    answer = await doors.http.get(f"{BASE}/notifications/unread_count/", headers=headers)
    assert answer.status_code == 401


async def test_no_token_is_in_a_log(guarded: LaunchedStack, doors: Doors) -> None:
    tokens = [*(token for token, _ in ACCEPTED.values()), *(REFUSED[case].token for case in AT_THE_DOORS)]
    for token in tokens:
        await doors.read(token)
        await doors.refusal(token)
    log = guarded.log.read_text()
    assert "api" in log
    assert not [part for token in tokens for part in token.split(".") if len(part) > 60 and part in log]


async def test_a_new_key_of_the_issuer_opens_both_doors_without_a_restart(doors: Doors, issuer: KeyServer) -> None:
    """Last of all: whoever named an unknown key before has used up the one question in ten seconds."""
    issuer.publish(*PUBLISHED, jwk(EC, "new"))
    token = signed(EC, "ES256", "new")
    asked = issuer.fetches
    async with asyncio.timeout(30):
        while (await doors.read(token)).status_code != 200 or (await doors.refusal(token))[0] != 101:
            await asyncio.sleep(0.2)
    assert issuer.fetches - asked <= 2 * 3
