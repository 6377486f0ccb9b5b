"""The token matrix: what is let in, and as whom; what is not, and whether that one was good once.

Both the verifier and the two doors are tried with it. They know the secrets and the keys of `issuer`, ask for its
audience and issuer, and have been told of `REVOKED_TOKEN` and `REVOKED_USER`.
"""

import json
from dataclasses import dataclass
from typing import Any

from issuer import (
    AUDIENCE,
    EC,
    ED,
    GOOD,
    ISSUER,
    NOW,
    OTHER_EC,
    OTHER_ED,
    OTHER_RSA,
    PREVIOUS_SECRET,
    RSA,
    SECRET,
    WIDE_EC,
    claims,
    jwk,
    part,
    pem,
    shared,
    signed,
)

from identity.tokens import TOKEN_CHARS

REVOKED_TOKEN = "the-token-that-was-revoked"
REVOKED_USER = "grace"
REVOKED_BEFORE = NOW - 100
PUBLISHED = [jwk(RSA, "rsa"), jwk(EC, "ec"), jwk(ED, "ed", alg="EdDSA", use="sig")]

SIGNATURE = shared().split(".")[2]


@dataclass(frozen=True)
class Refused:
    token: str
    was_good: bool = False
    """Until it expired or was revoked: then a socket is told 4003 instead of 4001."""
    fits_into_a_header: bool = True


def ended(token: str) -> Refused:
    return Refused(token, was_good=True)


def nowhere_near_a_header(token: str) -> Refused:
    return Refused(token, fits_into_a_header=False)


ACCEPTED: dict[str, tuple[str, str]] = {
    # The key
    "HS256 by the secret": (shared(), "ada"),
    "HS256 by the secret before": (shared(secret=PREVIOUS_SECRET), "ada"),
    "HS256 with a kid, which says nothing": (shared(header={"kid": "rsa"}), "ada"),
    "RS256": (signed(RSA, "RS256", "rsa"), "ada"),
    "ES256": (signed(EC, "ES256", "ec"), "ada"),
    "EdDSA": (signed(ED, "EdDSA", "ed"), "ada"),
    "no kid, where one key fits": (signed(RSA, "RS256", None), "ada"),
    # Whose it is
    "a user_id that is a number": (shared(user_id=42), "42"),
    "a user_id of digits": (shared(user_id="42"), "42"),
    "a sub": (shared(user_id=..., sub="bob"), "bob"),
    "a sub that is a number": (shared(user_id=..., sub=42), "42"),
    "user_id before sub": (shared(sub="bob"), "ada"),
    "a user of any script": (shared(user_id="Ørsted 東京"), "Ørsted 東京"),
    "a user of the greatest length": (shared(user_id="x" * 128), "x" * 128),
    "a claim said twice: the last counts": (
        shared(payload=json.dumps(claims(user_id="eve")).replace("}", ', "user_id": "bob"}').encode()),
        "bob",
    ),
    # When
    "an expiry with a fraction": (shared(exp=NOW + 3600.5), "ada"),
    "a start in the past": (shared(nbf=NOW - 60), "ada"),
    "no iat": (shared(iat=...), "ada"),
    "an iat of a clock a little ahead": (shared(iat=NOW + 2), "ada"),
    # What else it says
    "the type of simplejwt": (shared(token_type="access"), "ada"),
    "an audience among others": (shared(aud=["others", AUDIENCE]), "ada"),
    "claims that nobody knows": (shared(scope=["a"]), "ada"),
    "headers that nobody knows": (shared(header={"x": 1}), "ada"),
    # What was revoked
    "another token of the user of the revoked one": (shared(jti="another"), "ada"),
    "issued after the user's tokens were revoked": (shared(user_id=REVOKED_USER, iat=REVOKED_BEFORE + 1), "grace"),
    "issued at the moment they were revoked": (shared(user_id=REVOKED_USER, iat=REVOKED_BEFORE), "grace"),
}

REFUSED: dict[str, Refused] = {
    # No token
    "garbage": Refused("garbage"),
    "three dots": Refused("..."),
    "two parts": Refused(".".join(shared().split(".")[:2])),
    "four parts": Refused(f"{shared()}.x"),
    "five parts, as encrypted": Refused(".".join([part({"alg": "dir", "enc": "A256GCM"}), "", "AA", "AA", "AA"])),
    "a header that is a list": Refused(f"{part(['HS256'])}.{part(GOOD)}.{SIGNATURE}"),
    "claims that are a list": Refused(shared(payload=["ada"])),
    "claims that are no JSON": Refused(shared(payload=b"{")),
    "claims nested without end": Refused(shared(payload=b"[" * 4_000)),
    "a token within a token": Refused(shared(header={"cty": "JWT"}, payload=shared().encode())),
    "more than eight kilobytes": nowhere_near_a_header(shared(padding="x" * TOKEN_CHARS)),
    "not ascii": nowhere_near_a_header("ünïcode.ünïcode.ünïcode"),
    "a lone surrogate": nowhere_near_a_header("\ud800.a.b"),
    "a NUL": nowhere_near_a_header("\0"),
    # No signature of ours
    "algorithm none": Refused(f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(GOOD)}."),
    "algorithm none in capitals": Refused(f"{part({'alg': 'NONE'})}.{part(GOOD)}."),
    "algorithm none with a signature": Refused(f"{part({'alg': 'none'})}.{part(GOOD)}.{SIGNATURE}"),
    "algorithm none of a published key": Refused(f"{part({'alg': 'none', 'kid': 'rsa'})}.{part(GOOD)}."),
    "no algorithm": Refused(f"{part({})}.{part(GOOD)}.{SIGNATURE}"),
    "an algorithm that is a list": Refused(f"{part({'alg': ['HS256']})}.{part(GOOD)}.{SIGNATURE}"),
    "no signature": Refused(f"{'.'.join(shared().split('.')[:2])}."),
    "a signature cut short": Refused(shared()[:-4]),
    "claims exchanged": Refused(f"{shared().split('.')[0]}.{part({**GOOD, 'is_staff': True})}.{SIGNATURE}"),
    "another secret": Refused(shared(secret="another secret of the same length, or nearly so")),
    "an empty secret": Refused(shared(secret="")),
    "RS256 by another key": Refused(signed(OTHER_RSA, "RS256", "rsa")),
    "ES256 by another key": Refused(signed(OTHER_EC, "ES256", "ec")),
    "EdDSA by another key": Refused(signed(OTHER_ED, "EdDSA", "ed")),
    "a kid that nobody published": Refused(signed(RSA, "RS256", "unknown")),
    "a kid that is a number": Refused(signed(RSA, "RS256", None, header={"kid": 1})),
    "a kid that is a path": Refused(signed(RSA, "RS256", "../../dev/null")),
    "an empty kid": Refused(signed(RSA, "RS256", "")),
    # An algorithm that is not the key's
    "HMAC with the published RSA key": Refused(shared(secret=pem(RSA), header={"kid": "rsa"})),
    "HMAC with the published EC key": Refused(shared(secret=pem(EC), header={"kid": "ec"})),
    "HMAC with the modulus as published": Refused(shared(secret=jwk(RSA, None)["n"], header={"kid": "rsa"})),
    "HMAC with an empty secret and a published kid": Refused(shared(secret="", header={"kid": "ed"})),
    "HS384 by the secret": Refused(shared(header={"alg": "HS384"})),
    "RS256 by the secret": Refused(shared(header={"alg": "RS256", "kid": "rsa"})),
    "RS512 of an RS256 key": Refused(signed(RSA, "RS512", "rsa")),
    "PS256 of an RS256 key": Refused(signed(RSA, "PS256", "rsa")),
    "ES256 with the kid of the RSA key": Refused(signed(EC, "ES256", "rsa")),
    "RS256 with the kid of the EC key": Refused(signed(RSA, "RS256", "ec")),
    "ES256 on another curve": Refused(signed(WIDE_EC, "ES256", "ec")),
    # A key that the token brings along
    "a key in the header": Refused(signed(OTHER_RSA, "RS256", "other", header={"jwk": jwk(OTHER_RSA, "other")})),
    "a key in the header under a known id": Refused(
        signed(OTHER_RSA, "RS256", "rsa", header={"jwk": jwk(OTHER_RSA, "rsa")})
    ),
    "the address of a key set": Refused(
        signed(OTHER_RSA, "RS256", "other", header={"jku": "https://evil.example/keys.json"})
    ),
    "the address of a certificate": Refused(
        signed(OTHER_RSA, "RS256", "other", header={"x5u": "https://evil.example/chain.pem"})
    ),
    "a certificate": Refused(signed(OTHER_RSA, "RS256", "other", header={"x5c": ["MIIB"]})),
    "a secret in the header": Refused(shared(secret="mine", header={"jwk": {"kty": "oct", "k": part(b"mine")}})),
    "a critical header that nobody knows": Refused(shared(header={"crit": ["x"], "x": 1})),
    "critical headers that are none": Refused(shared(header={"crit": []})),
    "a payload that is elsewhere": Refused(shared(header={"b64": False, "crit": ["b64"]})),
    # When
    "expired": ended(shared(exp=NOW - 1)),
    "expired, by a published key": ended(signed(EC, "ES256", "ec", exp=NOW - 1)),
    "expired since 1970": ended(shared(exp=0)),
    "expired, and by another key": Refused(shared(secret="another secret of the same length", exp=NOW - 1)),
    "no expiry": Refused(shared(exp=...)),
    "an expiry of null": Refused(shared(exp=None)),
    "an expiry in words": Refused(shared(exp="tomorrow")),
    "an expiry of digits in quotes": Refused(shared(exp=str(NOW + 3600))),
    "an expiry that is true": Refused(shared(exp=True)),
    "an expiry that is a list": Refused(shared(exp=[NOW + 3600])),
    "an expiry in milliseconds": Refused(shared(exp=NOW * 1000)),
    "an expiry beyond all bounds": Refused(shared(exp=10**400)),
    "an expiry before all bounds": Refused(shared(exp=-(10**30))),
    "an infinite expiry": Refused(shared(exp=float("inf"))),
    "an expiry that is no number": Refused(shared(exp=float("nan"))),
    "not valid yet": Refused(shared(nbf=NOW + 3600)),
    "a start in words": Refused(shared(nbf="yesterday")),
    "issued in the future": Refused(shared(iat=NOW + 3600)),
    "issued at null": Refused(shared(iat=None)),
    "issued in words": Refused(shared(iat="today")),
    # For whom and by whom
    "no audience": Refused(shared(aud=...)),
    "another audience": Refused(shared(aud="others")),
    "other audiences": Refused(shared(aud=["others", f"{AUDIENCE}x"])),
    "an empty list of audiences": Refused(shared(aud=[])),
    "an audience of null": Refused(shared(aud=None)),
    "an audience that is an object": Refused(shared(aud={AUDIENCE: 1})),
    "an audience among things that are none": Refused(shared(aud=[AUDIENCE, 1])),
    "no issuer": Refused(shared(iss=...)),
    "another issuer": Refused(shared(iss=f"{ISSUER}.evil.example")),
    "an issuer among others": Refused(shared(iss=[ISSUER])),
    "expired, and of another issuer": Refused(shared(iss="others", exp=NOW - 1)),
    # What it is
    "a refresh token": Refused(shared(token_type="refresh")),
    "a token of no type": Refused(shared(token_type=None)),
    "a token of several types": Refused(shared(token_type=["access"])),
    # Whose it is
    "no user": Refused(shared(user_id=...)),
    "a user of null, in spite of a sub": Refused(shared(user_id=None, sub="ada")),
    "an empty user": Refused(shared(user_id="")),
    "a user that is true": Refused(shared(user_id=True)),
    "a user that is a number with a point": Refused(shared(user_id=4.2)),
    "a user that is a list": Refused(shared(user_id=["ada"])),
    "a user that is an object": Refused(shared(user_id={"id": "ada"})),
    "a user that is too long": Refused(shared(user_id="x" * 129)),
    "a user of a number that is too long": Refused(shared(user_id=10**128)),
    "a user with a line break": Refused(shared(user_id="ada\nbob")),
    "a user with a NUL": Refused(shared(user_id="ada\0")),
    "a user with a lone surrogate": Refused(shared(user_id="\ud800")),
    "a user with a mark that turns the reading around": Refused(shared(user_id="ada\u202e")),
    # What was revoked
    "revoked": ended(shared(jti=REVOKED_TOKEN)),
    "revoked, by a published key": ended(signed(ED, "EdDSA", "ed", jti=REVOKED_TOKEN)),
    "revoked, for another user": ended(shared(jti=REVOKED_TOKEN, user_id="bob")),
    "issued before the user's tokens were revoked": ended(shared(user_id=REVOKED_USER, iat=REVOKED_BEFORE - 1)),
    "of a user whose tokens were revoked, without iat": ended(shared(user_id=REVOKED_USER, iat=...)),
    "of that user by sub": ended(shared(user_id=..., sub=REVOKED_USER, iat=REVOKED_BEFORE - 1)),
    "an id that is a number": Refused(shared(jti=1)),
    "an id of null": Refused(shared(jti=None)),
    "an empty id": Refused(shared(jti="")),
    "an id too long to be revoked": Refused(shared(jti="x" * 256)),
    "an id that cannot be stored": Refused(shared(jti="\0")),
}


def secrets_of(token: str) -> set[str]:
    """What of a token must be in no answer."""
    said: dict[str, Any] = claims()
    return {token, *(each for each in token.split(".") if len(each) > 8), str(said["user_id"]), REVOKED_TOKEN, SECRET}
