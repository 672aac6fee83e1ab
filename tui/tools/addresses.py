"""Which machine a host name means, and whether it is on the open internet.

The name is looked up once, and the connection goes to the address that was judged: a name that means something else a moment
later leads nowhere new.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

from tui.tools.tool import Failed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host and port, as text."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


async def look_up(host: str, port: int) -> Sequence[str]:
    """What the system says. Raises Failed."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Failed(f"There is no address for the host {host}.") from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def judged(host: str, found: Sequence[str], allows: Callable[[Address], bool]) -> list[Address]:
    """Those of its addresses that may be connected to. Raises Failed where there is none."""
    addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in found]
    allowed = [address for address in addresses if allows(address)]
    if not allowed:
        raise Failed(
            f"{host} is on this computer or in a private network ({', '.join(map(str, addresses))}). That is not fetched "
            "unless the user sets private_hosts = true under [tools] in the configuration."
        )
    return allowed


def anywhere(address: Address) -> bool:
    """Any address will do."""
    return True


def is_public(address: Address) -> bool:
    """Whether an address is on the open internet, and does not stand for one that is not."""
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    """The old-style address that a new-style one carries."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
