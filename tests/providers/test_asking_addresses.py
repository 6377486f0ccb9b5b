"""Whom a URL from outside may lead to: nobody in the network of the service, whatever a name is made to say."""

import asyncio
import base64
import ipaddress
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from providers.asking import PreconditionAsker, Unanswered, signature
from providers.destinations import DestinationRefused, Destinations, is_public

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

PUBLIC = ["93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
PRIVATE = [
    *("127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.1.2.3", "100.64.0.1"),
    *("224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1"),
    *("ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::1"),
    *("2001:db8::1", "2001:0:0:1::f5ff:fffe", "fec0::1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
    assert not Destinations().is_refused(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_everything_else_is_not(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    assert Destinations().is_refused(address)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "a.localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1"]
)
def test_no_spelling_of_this_machine_passes(host: str) -> None:
    assert Destinations().is_refused(host)


def test_what_is_allowed_is_allowed_as_it_is_written_and_nothing_else_is() -> None:
    here = Destinations(allowed_hosts=["localhost"])
    assert not here.is_refused("localhost")
    assert here.is_refused("127.0.0.1")


async def test_a_name_that_leads_to_a_private_address_is_refused_when_it_is_looked_up() -> None:
    with pytest.raises(DestinationRefused):
        await Destinations().address("localhost", 80)
    assert await Destinations(allowed_hosts=["localhost"]).address("localhost", 80) in ("127.0.0.1", "::1")


class Rebound(Destinations):
    """The address that was looked at is one; a second look would find another."""

    looks = 0

    async def address(self, host: str, port: int) -> str:  # noqa: ARG002 - whatever is asked for
        self.looks += 1
        return "127.0.0.1" if self.looks == 1 else "127.0.0.2"


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A port of this machine, and the heads of the requests that came to it."""
    heads: list[bytes] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + answer)
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heads


async def test_the_connection_goes_to_the_address_that_was_looked_at() -> None:
    destinations = Rebound()
    asker = PreconditionAsker(secret=SECRET, destinations=destinations, timeout_seconds=2)
    async with answering(b'{"still_true": false}') as (port, heads):
        assert await asker.ask(f"http://shop.example:{port}/still-true/", {}) is False
    await asker.close()
    assert destinations.looks == 1
    assert f"host: shop.example:{port}" in heads[0].decode().lower()


async def test_a_refused_address_is_never_connected_to() -> None:
    asker = PreconditionAsker(secret=SECRET, destinations=Destinations(), timeout_seconds=2)
    async with answering(b'{"still_true": false}') as (port, heads):
        with pytest.raises(Unanswered, match="address"):
            await asker.ask(f"http://localhost:{port}/", {})
    await asker.close()
    assert heads == []


def test_the_signature_is_what_standard_webhooks_expects() -> None:
    key, body = base64.b64decode(SECRET.removeprefix("whsec_")), json.dumps({"user": "ada"}).encode()
    headers = signature(key, body, message_id="ask_1", timestamp=int(time.time()))
    assert Webhook(SECRET).verify(body, headers) == {"user": "ada"}
    for changed in (body + b" ", body.replace(b"ada", b"bob")):
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(changed, headers)
    stale = signature(key, body, message_id="ask_1", timestamp=int(time.time()) - 3_600)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body, stale)
