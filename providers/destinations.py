"""Which addresses a URL from outside may lead to: public ones, and those that the deployment allows by name.

Without this, whoever may create a notification could have the worker knock on doors inside its own network. A name is
resolved once and the connection goes to the address that was looked at: another answer a moment later changes nothing.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Collection

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# RFC 6052: an IPv4 address in the last 32 bits, to which a translator passes it on.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class DestinationRefused(Exception):
    """The host is not one to connect to, or has no address."""


class Destinations:
    """`allowed_hosts` are names and addresses that may be private, as they are written in the URL."""

    def __init__(self, *, allowed_hosts: Collection[str] = ()) -> None:
        self._allowed = {host.lower() for host in allowed_hosts}

    def is_refused(self, host: str) -> bool:
        """Whether a host is wrong as it is written, whatever a resolver would say of it."""
        name = host.lower()
        if name in self._allowed:
            return False
        name = name.rstrip(".")
        address = _written_out(name)
        return name == "localhost" or name.endswith(".localhost") or not (address is None or is_public(address))

    async def address(self, host: str, port: int) -> str:
        """The one address to connect to.

        Raises:
            DestinationRefused: it has none, or one of them is not public.
        """
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            raise DestinationRefused from None
        addresses = [str(each[4][0]) for each in found]
        if host.lower() not in self._allowed and not all(is_public(ipaddress.ip_address(each)) for each in addresses):
            raise DestinationRefused
        return addresses[0]


def is_public(address: Address) -> bool:
    """Of the internet at large, and of no translation into something that is not."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if address in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _written_out(host: str) -> Address | None:
    """The address that a host is, in any spelling that a resolver takes for one: `127.1` and `0x7f000001` are, too."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None
