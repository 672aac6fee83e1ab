"""Resolve a host name, and check that its addresses are on the public internet.

The name is resolved once, and the connection goes to the address that was checked. A name that resolves differently a
moment later therefore leads nowhere else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

from tui.tools.tool import Failed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""Return the addresses of a host and port, as text."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


async def look_up(host: str, port: int) -> Sequence[str]:
    """Resolve a name with the system's resolver. Raises Failed."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Failed(f"There is no address for the host {host}.") from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def allowed_addresses(host: str, found: Sequence[str], allows: Callable[[Address], bool]) -> list[Address]:
    """Return the addresses that may be connected to. Raises Failed if there is none."""
    addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in found]
    allowed = [address for address in addresses if allows(address)]
    if not allowed:
        raise Failed(
            f"{host} is on this computer or in a private network ({', '.join(map(str, addresses))}). That is not fetched "
            "unless the user sets private_hosts = true under [tools] in the configuration."
        )
    return allowed


def anywhere(address: Address) -> bool:
    """Allow every address."""
    return True


def is_public(address: Address) -> bool:
    """True if an address is on the public internet and does not embed one that is not."""
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address embeds."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
