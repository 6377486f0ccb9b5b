"""What the environment must say, and what is never said of it."""

from typing import Any

import pytest
from pydantic import ValidationError

from settings import Settings

SECRET = "a secret that is at least as long as needed"
KEYS = "https://issuer.example/keys.json"
NEEDED = {"DATABASE_URL": "postgresql+psycopg://nobody@nowhere/nothing", "COURIER_AUTH_TOKEN": "-"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def settings(environment: pytest.MonkeyPatch, **given: str) -> Settings:
    for name, value in given.items():
        environment.setenv(name, value)
    return Settings()


def refusal(environment: pytest.MonkeyPatch, **given: str) -> str:
    with pytest.raises(ValidationError) as refused:
        settings(environment, **given)
    return str(refused.value)


@pytest.mark.parametrize("given", [{}, {"JWT_SECRET": ""}, {"JWT_SECRET": "", "JWT_JWKS_URL": ""}])
def test_without_a_key_for_tokens_nothing_starts(environment: pytest.MonkeyPatch, given: dict[str, str]) -> None:
    assert "set JWT_SECRET, JWT_JWKS_URL or both" in refusal(environment, **given)


@pytest.mark.parametrize(
    ("given", "secrets", "url"),
    [
        ({"JWT_SECRET": SECRET}, (SECRET,), None),
        ({"JWT_JWKS_URL": KEYS}, (), KEYS),
        ({"JWT_JWKS_URL": KEYS, "JWT_SECRET": ""}, (), KEYS),
        ({"JWT_JWKS_URL": KEYS, "JWT_SECRET": SECRET}, (SECRET,), KEYS),
        ({"JWT_SECRET": SECRET, "JWT_PREVIOUS_SECRET": SECRET[::-1]}, (SECRET, SECRET[::-1]), None),
    ],
)
def test_either_kind_of_key_is_enough(
    environment: pytest.MonkeyPatch, given: dict[str, str], secrets: tuple[str, ...], url: Any
) -> None:
    chosen = settings(environment, **given)
    assert (chosen.jwt_secrets, chosen.jwt_jwks_url) == (secrets, url)


@pytest.mark.parametrize("name", ["JWT_SECRET", "JWT_PREVIOUS_SECRET"])
def test_a_secret_that_is_too_short_is_refused_and_not_repeated(environment: pytest.MonkeyPatch, name: str) -> None:
    said = refusal(environment, **{"JWT_SECRET": SECRET, name: "too-short-a-secret"})
    assert name.lower() in said
    assert "too-short-a-secret" not in said


@pytest.mark.parametrize("url", ["issuer.example", "file:///etc/keys.json", "https://", "https://a b"])
def test_keys_are_read_over_http_alone(environment: pytest.MonkeyPatch, url: str) -> None:
    assert "jwt_jwks_url" in refusal(environment, JWT_JWKS_URL=url)


def test_an_empty_variable_is_as_good_as_none(environment: pytest.MonkeyPatch) -> None:
    chosen = settings(environment, JWT_SECRET=SECRET, JWT_AUDIENCE="", JWT_ISSUER="", ALLOWED_ORIGINS="")
    assert (chosen.jwt_audience, chosen.jwt_issuer, chosen.allowed_origins) == (None, None, ())
