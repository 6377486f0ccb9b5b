"""A token issuer as the tests need one: it signs what no library would, and publishes its keys over real HTTP."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

SECRET = "a secret of the tests, long enough for HS256 and HS384"
PREVIOUS_SECRET = "the secret that was used before, as long as the other"
NOW = int(time.time())
AUDIENCE, ISSUER = "notifications", "https://issuer.example"
GOOD: dict[str, Any] = {"user_id": "ada", "aud": AUDIENCE, "iss": ISSUER, "iat": NOW - 60, "exp": NOW + 3600}

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
WEAK_RSA = rsa.generate_private_key(public_exponent=65_537, key_size=1024)  # noqa: S505 - to be passed over
EC = ec.generate_private_key(ec.SECP256R1())
OTHER_EC = ec.generate_private_key(ec.SECP256R1())
WIDE_EC = ec.generate_private_key(ec.SECP384R1())
ED = ed25519.Ed25519PrivateKey.generate()
OTHER_ED = ed25519.Ed25519PrivateKey.generate()

_ALGORITHMS = {
    rsa.RSAPrivateKey: jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256),
    ec.EllipticCurvePrivateKey: jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256),
    ed25519.Ed25519PrivateKey: jwt.algorithms.OKPAlgorithm(),
}


def part(content: object) -> str:
    """One part of a token; bytes are taken as they are."""
    plain = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    """The good claims, changed; one of `...` is left out."""
    return {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}


def shared(
    *, secret: str | bytes = SECRET, header: dict[str, Any] | None = None, payload: object = None, **changes: Any
) -> str:
    """A token by a shared secret."""
    head = f"{part({'alg': 'HS256', 'typ': 'JWT', **(header or {})})}.{part(payload or claims(**changes))}"
    key = secret.encode() if isinstance(secret, str) else secret
    return f"{head}.{part(hmac.new(key, head.encode(), hashlib.sha256).digest())}"


def signed(
    key: PrivateKey, algorithm: str, kid: str | None, *, header: dict[str, Any] | None = None, **changes: Any
) -> str:
    """A token by a private key, whatever algorithm and key it says it is by."""
    named = {} if kid is None else {"kid": kid}
    head = f"{part({'alg': algorithm, **named, **(header or {})})}.{part(claims(**changes))}"
    signer: Any = next(signer for kind, signer in _ALGORITHMS.items() if isinstance(key, kind))
    return f"{head}.{part(signer.sign(head.encode(), key))}"


def jwk(key: PrivateKey, kid: str | None, **fields: Any) -> dict[str, Any]:
    """The public key as it is published; a field of `...` is left out."""
    signer: Any = next(signer for kind, signer in _ALGORITHMS.items() if isinstance(key, kind))
    public = signer.to_jwk(key.public_key(), as_dict=True)
    all_fields = {**public, "kid": ... if kid is None else kid, **fields}
    return {name: value for name, value in all_fields.items() if value is not ...}


def pem(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class KeyServer:
    """Serves a JWK set, counts who asks, and can be told to answer otherwise."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.fetches = 0
        self.status = 200
        self.headers: dict[str, str] = {}
        self.document = b""
        self.gate = threading.Event()
        """While it is closed, nobody gets an answer."""
        self.gate.set()

    def publish(self, *keys: dict[str, Any]) -> None:
        self.status, self.headers = 200, {}
        self.document = json.dumps({"keys": keys}).encode()


@contextmanager
def key_server() -> Iterator[KeyServer]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.fetches += 1
            served.gate.wait(10)
            status, headers, document = served.status, served.headers, served.document
            self.send_response(status)
            for name, value in {"Content-Length": str(len(document)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    served = KeyServer(f"http://127.0.0.1:{server.server_port}/keys.json")
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    serving.start()
    try:
        yield served
    finally:
        served.gate.set()
        server.shutdown()
        serving.join()
        server.server_close()
