"""The issuer's keys over real HTTP: when it is asked, what is kept, and which keys count."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from issuer import EC, ED, OTHER_RSA, RSA, WEAK_RSA, WIDE_EC, KeyServer, PrivateKey, jwk, key_server
from jwt import PyJWK
from jwt.algorithms import RSAAlgorithm

from identity.caller import CannotVerify
from identity.keys import KeySet, published

COOLED_DOWN_SECONDS = 11.0
DAY_SECONDS = 86_400.0


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Iterator[KeyServer]:
    with key_server() as server:
        server.publish(jwk(RSA, "first"))
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(issuer: KeyServer, clock: Clock) -> KeySet:
    return KeySet(issuer.url, clock=clock)


def is_of(found: PyJWK | None, private: PrivateKey) -> bool:
    return found is not None and found.key.public_numbers() == private.public_key().public_numbers()  # type: ignore[union-attr]


async def test_a_key_is_found_by_its_id(keys: KeySet) -> None:
    assert is_of(await keys.find("first", "RS256"), RSA)


async def test_a_key_is_found_for_its_own_algorithm_alone(keys: KeySet) -> None:
    assert [await keys.find("first", other) for other in ("ES256", "EdDSA", "HS256", "none")] == [None] * 4


async def test_without_an_id_the_only_key_of_an_algorithm_is_found(issuer: KeyServer, keys: KeySet) -> None:
    issuer.publish(jwk(RSA, "first"), jwk(EC, "second"))
    assert is_of(await keys.find(None, "RS256"), RSA)


async def test_without_an_id_none_of_several_keys_is_found(issuer: KeyServer, keys: KeySet) -> None:
    issuer.publish(jwk(RSA, "first"), jwk(OTHER_RSA, "second"))
    assert await keys.find(None, "RS256") is None


async def test_a_key_that_is_known_is_not_asked_for_again(issuer: KeyServer, clock: Clock, keys: KeySet) -> None:
    for _ in range(100):
        await keys.find("first", "RS256")
        clock.now += COOLED_DOWN_SECONDS
    assert issuer.fetches == 1


async def test_a_new_key_is_found_as_soon_as_a_token_names_it(issuer: KeyServer, clock: Clock, keys: KeySet) -> None:
    await keys.find("first", "RS256")
    issuer.publish(jwk(RSA, "first"), jwk(OTHER_RSA, "second"))
    clock.now += COOLED_DOWN_SECONDS
    assert is_of(await keys.find("second", "RS256"), OTHER_RSA)


async def test_a_withdrawn_key_is_gone_when_the_keys_have_been_read(
    issuer: KeyServer, clock: Clock, keys: KeySet
) -> None:
    await keys.find("first", "RS256")
    issuer.publish(jwk(OTHER_RSA, "second"))
    clock.now += COOLED_DOWN_SECONDS
    await keys.find("second", "RS256")
    assert await keys.find("first", "RS256") is None


async def test_no_keys_at_all_is_an_answer_too(issuer: KeyServer, clock: Clock, keys: KeySet) -> None:
    await keys.find("first", "RS256")
    issuer.publish()
    clock.now += COOLED_DOWN_SECONDS
    await keys.find("second", "RS256")
    assert await keys.find("first", "RS256") is None


async def test_random_ids_have_the_issuer_asked_once_per_cool_down(
    issuer: KeyServer, clock: Clock, keys: KeySet
) -> None:
    for _ in range(3):
        assert await asyncio.gather(*(keys.find(f"random-{n}", "RS256") for n in range(50))) == [None] * 50
        assert [await keys.find(f"random-{n}", "RS256") for n in range(50)] == [None] * 50
        clock.now += COOLED_DOWN_SECONDS
    assert issuer.fetches == 3


async def test_all_who_come_at_once_share_one_reading(issuer: KeyServer, keys: KeySet) -> None:
    issuer.gate.clear()
    asking = [asyncio.create_task(keys.find("first", "RS256")) for _ in range(50)]
    await until(lambda: issuer.fetches == 1)
    asking.pop().cancel()
    issuer.gate.set()
    assert all(is_of(found, RSA) for found in await asyncio.gather(*asking))
    assert issuer.fetches == 1


async def until(holds: Any) -> None:
    async with asyncio.timeout(8):
        while not holds():
            await asyncio.sleep(0.005)


@pytest.fixture
async def kept_current(issuer: KeyServer) -> AsyncIterator[KeySet]:
    keys = KeySet(issuer.url, refresh_seconds=0.02)
    running = asyncio.create_task(keys.run())
    yield keys
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_the_keys_are_read_again_and_again_without_anybody_asking(
    issuer: KeyServer, kept_current: KeySet
) -> None:
    await until(lambda: issuer.fetches > 1)
    issuer.publish(jwk(OTHER_RSA, "second"))
    fetches = issuer.fetches
    await until(lambda: issuer.fetches > fetches + 1)
    assert await kept_current.find("first", "RS256") is None
    assert is_of(await kept_current.find("second", "RS256"), OTHER_RSA)


def redirect(issuer: KeyServer) -> None:
    issuer.status, issuer.headers = 302, {"Location": f"{issuer.url}?again"}


def answer(status: int, document: bytes) -> Any:
    def change(issuer: KeyServer) -> None:
        issuer.status, issuer.document = status, document

    return change


def cut_short(issuer: KeyServer) -> None:
    issuer.headers = {"Content-Length": str(len(issuer.document) + 10)}


def compressed(issuer: KeyServer) -> None:
    issuer.headers = {"Content-Encoding": "gzip"}
    issuer.document = b"\x1f\x8b" + b"\0" * 100


NO_ANSWERS: dict[str, Any] = {
    "an error": answer(500, b"{}"),
    "an error with keys": answer(503, json.dumps({"keys": []}).encode()),
    "nothing there": answer(404, b""),
    "a redirect": redirect,
    "a page": answer(200, b"<html>"),
    "nothing": answer(200, b""),
    "another object": answer(200, b'{"error": "busy"}'),
    "keys that are no list": answer(200, b'{"keys": {}}'),
    "a list": answer(200, b"[]"),
    "more than a key set": answer(200, json.dumps({"keys": [], "padding": "x" * 200_000}).encode()),
    "an end too early": cut_short,
    "something compressed": compressed,
}


@pytest.mark.parametrize("case", NO_ANSWERS)
async def test_the_last_keys_are_kept_when_the_issuer_answers_with(
    issuer: KeyServer, clock: Clock, keys: KeySet, case: str
) -> None:
    await keys.find("first", "RS256")
    NO_ANSWERS[case](issuer)
    clock.now += COOLED_DOWN_SECONDS
    with pytest.raises(CannotVerify):
        await keys.find("second", "RS256")
    assert is_of(await keys.find("first", "RS256"), RSA)
    assert issuer.fetches == 2


async def test_the_last_keys_are_kept_when_the_issuer_is_away_but_not_for_ever(clock: Clock) -> None:
    with key_server() as issuer:
        issuer.publish(jwk(RSA, "first"))
        keys = KeySet(issuer.url, clock=clock)
        await keys.find("first", "RS256")
    clock.now += DAY_SECONDS - 1
    assert is_of(await keys.find("first", "RS256"), RSA)
    clock.now += 2
    with pytest.raises(CannotVerify):
        await keys.find("first", "RS256")


async def test_nobody_waits_long_for_an_issuer_that_hangs(issuer: KeyServer, keys: KeySet) -> None:
    issuer.gate.clear()
    async with asyncio.timeout(5):
        with pytest.raises(CannotVerify):
            await keys.find("first", "RS256")


async def test_an_issuer_that_comes_back_is_believed_again(issuer: KeyServer, clock: Clock, keys: KeySet) -> None:
    issuer.status = 500
    with pytest.raises(CannotVerify):
        await keys.find("first", "RS256")
    issuer.status = 200
    with pytest.raises(CannotVerify):
        await keys.find("first", "RS256")
    clock.now += COOLED_DOWN_SECONDS
    assert is_of(await keys.find("first", "RS256"), RSA)
    assert issuer.fetches == 2


PASSED_OVER: dict[str, object] = {
    "a secret": {"kty": "oct", "kid": "bad", "k": "c2VjcmV0"},
    "a secret that calls itself public": {"kty": "oct", "kid": "bad", "alg": "RS256", "k": "c2VjcmV0"},
    "a private key": json.loads(RSAAlgorithm.to_jwk(OTHER_RSA)) | {"kid": "bad", "key_ops": ["verify"]},
    "a public key for a shared secret's algorithm": jwk(OTHER_RSA, "bad", alg="HS256"),
    "a key for no algorithm": jwk(OTHER_RSA, "bad", alg="none"),
    "a key for an algorithm that is not allowed": jwk(OTHER_RSA, "bad", alg="PS256"),
    "a key for an algorithm of another type": jwk(EC, "bad", alg="RS256"),
    "a key to encrypt with": jwk(OTHER_RSA, "bad", use="enc"),
    "a key to sign with": jwk(OTHER_RSA, "bad", key_ops=["sign"]),
    "a key that is too weak": jwk(WEAK_RSA, "bad"),
    "a curve that is not allowed": jwk(WIDE_EC, "bad"),
    "a curve that is called another": jwk(WIDE_EC, "bad", crv="P-256"),
    "a point that is not on its curve": jwk(EC, "bad", x=jwk(EC, None)["y"]),
    "a key of no type": jwk(OTHER_RSA, "bad", kty=...),
    "a key of an unknown type": jwk(OTHER_RSA, "bad", kty="PQ"),
    "a type that is a list": jwk(OTHER_RSA, "bad", kty=["RSA"]),
    "a key without its modulus": jwk(OTHER_RSA, "bad", n=...),
    "a modulus that is no text": jwk(OTHER_RSA, "bad", n=7),
    "an id that is a number": jwk(OTHER_RSA, None) | {"kid": 7},
    "no object": "key",
    "null": None,
}


@pytest.mark.parametrize("case", PASSED_OVER)
def test_a_key_set_is_good_in_spite_of(case: str) -> None:
    keys = published(json.dumps({"keys": [PASSED_OVER[case], jwk(ED, "good")]}).encode())
    assert keys.keys() == {("good", "EdDSA")}


def test_of_two_keys_with_one_name_the_first_counts() -> None:
    keys = published(json.dumps({"keys": [jwk(RSA, "twin"), jwk(OTHER_RSA, "twin")]}).encode())
    assert is_of(keys["twin", "RS256"], RSA)


def test_two_keys_of_different_types_may_share_a_name() -> None:
    keys = published(json.dumps({"keys": [jwk(RSA, "twin"), jwk(EC, "twin")]}).encode())
    assert keys.keys() == {("twin", "RS256"), ("twin", "ES256")}
