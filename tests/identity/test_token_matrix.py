"""Every case of the matrix at the verifier, which both doors ask; and what it reads of those that it lets in."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from issuer import AUDIENCE, GOOD, ISSUER, NOW, PREVIOUS_SECRET, RSA, SECRET, key_server, shared, signed
from token_cases import (
    ACCEPTED,
    PUBLISHED,
    REFUSED,
    REVOKED_BEFORE,
    REVOKED_TOKEN,
    REVOKED_USER,
    secrets_of,
)

from identity.caller import CannotVerify, TokenEnded, Unauthenticated
from identity.keys import KeySet
from identity.revocations import Revocation, Revocations
from identity.tokens import TokenVerifier

REVOKED = [
    Revocation(seq=1, token_id=REVOKED_TOKEN),
    Revocation(seq=2, user_id=REVOKED_USER, issued_before=datetime.fromtimestamp(REVOKED_BEFORE, UTC)),
]


async def revoked(after: int) -> Sequence[Revocation]:
    return [each for each in REVOKED if each.seq > after]


@pytest.fixture(scope="module")
async def verifier() -> AsyncIterator[TokenVerifier]:
    with key_server() as issuer:
        issuer.publish(*PUBLISHED)
        yield TokenVerifier(
            secrets=[SECRET, PREVIOUS_SECRET],
            keys=KeySet(issuer.url),
            revocations=Revocations(revoked),
            audience=AUDIENCE,
            issuer=ISSUER,
        )


def plain(*secrets: str) -> TokenVerifier:
    """One that knows no keys, and asks for neither audience nor issuer."""
    return TokenVerifier(secrets=secrets, keys=None, revocations=Revocations(revoked))


@pytest.mark.parametrize("case", ACCEPTED)
async def test_a_token_is_let_in(verifier: TokenVerifier, case: str) -> None:
    token, user = ACCEPTED[case]
    assert (await verifier.verify(token)).user_id == user


@pytest.mark.parametrize("case", REFUSED)
async def test_a_token_is_refused(verifier: TokenVerifier, case: str) -> None:
    refused = REFUSED[case]
    with pytest.raises(Unauthenticated) as refusal:
        await verifier.verify(refused.token)
    assert isinstance(refusal.value, TokenEnded) == refused.was_good
    assert not any(secret in str(refusal.value) for secret in secrets_of(refused.token))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=200))
async def test_any_text_is_refused_and_nothing_else(verifier: TokenVerifier, text: str) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.verify(text)


@pytest.mark.parametrize("claim", ["true", 1, "True", [True], None, False, ...])
async def test_only_true_itself_makes_staff(verifier: TokenVerifier, claim: object) -> None:
    assert not (await verifier.verify(shared(is_staff=claim))).is_staff


async def test_true_makes_staff(verifier: TokenVerifier) -> None:
    assert (await verifier.verify(shared(is_staff=True))).is_staff


async def test_an_identity_has_its_tokens_times_and_id(verifier: TokenVerifier) -> None:
    identity = await verifier.verify(shared(jti="j"))
    assert (identity.token_id, identity.issued_at, identity.expires_at) == (
        "j",
        datetime.fromtimestamp(GOOD["iat"], UTC),
        datetime.fromtimestamp(GOOD["exp"], UTC),
    )


@pytest.mark.parametrize(
    "claims", [{"aud": "others"}, {"iss": "others"}, {"aud": ["others"]}, {"aud": ..., "iss": ...}]
)
async def test_an_audience_or_issuer_that_nobody_asks_for_may_be_anything(claims: dict[str, Any]) -> None:
    assert (await plain(SECRET).verify(shared(**claims))).user_id == "ada"


async def test_without_a_key_set_no_public_key_is_good() -> None:
    with pytest.raises(Unauthenticated):
        await plain(SECRET).verify(signed(RSA, "RS256", "rsa"))


async def test_without_a_secret_no_shared_one_is_good() -> None:
    with pytest.raises(Unauthenticated):
        await plain().verify(shared())


async def test_nobody_is_let_in_while_it_cannot_be_told_what_was_revoked() -> None:
    async def away(_: int) -> Sequence[Revocation]:
        raise CannotVerify

    verifier = TokenVerifier(secrets=[SECRET], keys=None, revocations=Revocations(away))
    with pytest.raises(CannotVerify):
        await verifier.verify(shared())
    with pytest.raises(TokenEnded):
        await verifier.verify(shared(exp=NOW - 1))
