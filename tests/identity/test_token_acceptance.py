"""Which tokens are accepted, and whom they stand for."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from identity.tokens import TOKEN_CHARS, TokenVerifier, Unauthenticated

SECRET = "a secret of the tests, long enough for HS256 and HS384"
NOW = int(time.time())
GOOD: dict[str, Any] = {"user_id": "ada", "exp": NOW + 3600}
PLAIN = TokenVerifier(secret=SECRET)
NAMED = TokenVerifier(secret=SECRET, audience="notifications", issuer="marketplace")


def token(*, key: str = SECRET, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token of the good claims, changed; a claim of `...` is left out."""
    chosen = {name: value for name, value in {**GOOD, **claims}.items() if value is not ...}
    # Encoded by hand where PyJWT would refuse to make what it must refuse to take.
    return jwt.api_jws.encode(json.dumps(chosen).encode(), key, algorithm=algorithm, headers=headers)


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def public_key() -> str:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def signed_with_hmac_by(key: str, claims: dict[str, Any]) -> str:
    """PyJWT refuses to sign with a public key as if it were a secret; an attacker does not."""
    head = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}"
    digest = hmac.new(key.encode(), head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def rs256() -> str:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    return jwt.encode(GOOD, key, algorithm="RS256")


REFUSED: dict[str, str] = {
    "nothing": "",
    "garbage": "garbage",
    "three dots": "...",
    "two parts": ".".join(token().split(".")[:2]),
    "four parts": f"{token()}.x",
    "not ascii": "ünïcode.ünïcode.ünïcode",
    "a lone surrogate": "\ud800.a.b",
    "a NUL": "\0",
    "algorithm none": f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(GOOD)}.",
    "algorithm None in capitals": f"{part({'alg': 'NONE'})}.{part(GOOD)}.",
    "no algorithm": f"{part({})}.{part(GOOD)}.{token().split('.')[2]}",
    "another algorithm of the same key": token(algorithm="HS384"),
    "RS256 by a key of its own": rs256(),
    "HMAC with a public key": signed_with_hmac_by(public_key(), GOOD),
    "another key": token(key="another secret of the same length, or nearly so"),
    "a signature cut short": token()[:-4],
    "claims exchanged": ".".join([token().split(".")[0], part({**GOOD, "is_staff": True}), token().split(".")[2]]),
    "claims that are a list": jwt.api_jws.encode(b"[]", SECRET, algorithm="HS256"),
    "claims that are no JSON": jwt.api_jws.encode(b"{", SECRET, algorithm="HS256"),
    "an unknown critical header": token(headers={"crit": ["exp"], "exp": 1}),
    "expired": token(exp=NOW - 1),
    "no expiry": token(exp=...),
    "an expiry of null": token(exp=None),
    "an expiry in words": token(exp="tomorrow"),
    "an expiry that is true": token(exp=True),
    "an expiry in milliseconds": token(exp=NOW * 1000 * 1000),
    "an infinite expiry": token(exp=float("inf")),
    "not valid yet": token(nbf=NOW + 3600),
    "issued in the future": token(iat=NOW + 3600),
    "a refresh token": token(token_type="refresh"),
    "a token of no type": token(token_type=None),
    "no user": token(user_id=...),
    "a user of null": token(user_id=None),
    "an empty user": token(user_id=""),
    "a user that is true": token(user_id=True),
    "a user that is a number with a point": token(user_id=4.2),
    "a user that is a list": token(user_id=["ada"]),
    "a user that is an object": token(user_id={"id": "ada"}),
    "a user that is too long": token(user_id="x" * 129),
    "a user with a line break": token(user_id="ada\nbob"),
    "a user with a NUL": token(user_id="ada\0"),
    "a user with a lone surrogate": token(user_id="\ud800"),
    "more than eight kilobytes": token(padding="x" * TOKEN_CHARS),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_token_is_refused_with(case: str) -> None:
    with pytest.raises(Unauthenticated):
        PLAIN.verify(REFUSED[case])


ACCEPTED: dict[str, tuple[str, str]] = {
    "a user_id": (token(), "ada"),
    "a user_id that is a number": (token(user_id=42), "42"),
    "a user_id of digits": (token(user_id="42"), "42"),
    "a sub": (token(user_id=..., sub="bob"), "bob"),
    "a sub that is a number": (token(user_id=..., sub=42), "42"),
    "user_id before sub": (token(sub="bob"), "ada"),
    "a user of any script": (token(user_id="Ørsted 東京"), "Ørsted 東京"),
    "a user of the greatest length": (token(user_id="x" * 128), "x" * 128),
    "the type of simplejwt": (token(token_type="access"), "ada"),
    "an audience that nobody asked for": (token(aud="others"), "ada"),
    "an issuer that nobody asked for": (token(iss="others"), "ada"),
    "claims that nobody knows": (token(jti="1", scope=["a"]), "ada"),
    "a start in the past": (token(nbf=NOW - 60, iat=NOW - 60), "ada"),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_token_is_accepted_with(case: str) -> None:
    text, user = ACCEPTED[case]
    assert PLAIN.verify(text).user_id == user


@pytest.mark.parametrize("claim", ["true", 1, "True", [True], None, False])
def test_only_true_itself_makes_staff(claim: object) -> None:
    assert not PLAIN.verify(token(is_staff=claim)).is_staff


def test_true_makes_staff() -> None:
    assert PLAIN.verify(token(is_staff=True)).is_staff


def test_nobody_is_staff_without_the_claim() -> None:
    assert not PLAIN.verify(token()).is_staff


def test_an_identity_ends_when_its_token_does() -> None:
    assert PLAIN.verify(token()).expires_at == datetime.fromtimestamp(GOOD["exp"], UTC)


@pytest.mark.parametrize(("exp", "expired"), [(NOW - 1, True), ("tomorrow", False)])
def test_a_token_that_was_good_until_now_is_told_apart(exp: object, *, expired: bool) -> None:
    with pytest.raises(Unauthenticated) as refused:
        PLAIN.verify(token(exp=exp))
    assert refused.value.expired is expired


def test_configured_audience_and_issuer_are_accepted() -> None:
    assert NAMED.verify(token(aud="notifications", iss="marketplace")).user_id == "ada"


def test_an_audience_among_others_is_accepted() -> None:
    assert NAMED.verify(token(aud=["others", "notifications"], iss="marketplace")).user_id == "ada"


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": "notifications"},
        {"iss": "marketplace"},
        {"aud": "others", "iss": "marketplace"},
        {"aud": "notifications", "iss": "others"},
        {"aud": [], "iss": "marketplace"},
        {"aud": None, "iss": "marketplace"},
    ],
)
def test_a_configured_audience_and_issuer_are_enforced(claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        NAMED.verify(token(**claims))


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_quotes_nothing_of_the_token(case: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        PLAIN.verify(REFUSED[case])
    assert "ada" not in str(refused.value)


@given(text=st.text(max_size=200))
def test_any_text_is_accepted_or_refused_and_nothing_else(text: str) -> None:
    with pytest.raises(Unauthenticated):
        PLAIN.verify(text)
