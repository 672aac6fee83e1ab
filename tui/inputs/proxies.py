"""Which proxy an address is reached through: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in either case of letters.

The HTTP libraries read these variables too, but fail on an entry that they do not understand. Nothing is sent here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from tui.errors import TuiError

SCHEMES = ("http", "https", "socks5", "socks5h")
_PORTS = {"http": 80, "https": 443}
_BRACKETS = re.compile(r"\[([^\[\]]+)\](/\d+)?(?::(\d+))?")
_NAME = re.compile(r"(?:\*?\.)?([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?")
_SYSTEM = "the proxy of the system's settings"
_LONGEST_ENTRY, _MOST_ENTRIES = 60, 5
"""Of entries that are named in a sentence."""


class BadProxy(TuiError):
    """A variable is not the address of a proxy. Its value is not shown: it may hold a password."""

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"{variable} is not the address of a proxy",
            "It begins with http:// and names a host, as http://proxy.example:3128. In a name or a password, characters "
            "such as [ @ : / # are written with %, as %5B for [.",
        )


@dataclass(frozen=True)
class Route:
    """How an address is reached."""

    proxy: str = field(default="", repr=False)
    """The proxy's URL, maybe with a password in it; "": it is reached without one."""
    variable: str = ""
    """The variable that names the proxy."""
    skipped: tuple[str, ...] = ()
    """Entries of NO_PROXY that are no host, address or network."""
    exceptions: str = "NO_PROXY"
    """The variable that `skipped` is of."""

    @property
    def host(self) -> str:
        """The proxy's host and port, without name and password."""
        return urlsplit(self.proxy).netloc.rpartition("@")[2]

    @property
    def remark(self) -> str:
        """What is to be told of `skipped`, in a sentence, or ""."""
        if not self.skipped:
            return ""
        named = ", ".join(ascii(entry[:_LONGEST_ENTRY]) for entry in self.skipped[:_MOST_ENTRIES])
        rest = f" and {len(self.skipped) - _MOST_ENTRIES} more" if len(self.skipped) > _MOST_ENTRIES else ""
        return f"{self.exceptions}: left out, since it is no host, address or network: {named}{rest}."


def route_for(url: str, env: Mapping[str, str]) -> Route:
    """Return how that address is reached in this environment. Raises BadProxy."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:  # whoever sends there says so
        return Route()
    variable, value = _proxy_variable(parts.scheme, env)
    if not value:
        return _of_the_system(parts.scheme, host, env)
    name, exceptions = _variable("NO_PROXY", env)
    skipped = []
    for entry in re.split(r"[,\s]+", exceptions):
        covers = _covers(entry.lower(), parts.scheme, host, port) if entry else False
        if covers:
            return Route()
        if covers is None:
            skipped.append(entry)
    return Route(_checked(value, variable), variable, tuple(skipped), name)


def _proxy_variable(scheme: str, env: Mapping[str, str]) -> tuple[str, str]:
    """The name and the value of the variable that counts for a scheme."""
    name, value = _variable(f"{scheme.upper()}_PROXY", env)
    if name == "HTTP_PROXY" and "REQUEST_METHOD" in env:  # in a CGI program the client of the web server sets it
        value = ""
    return (name, value) if value else _variable("ALL_PROXY", env)


def _variable(upper: str, env: Mapping[str, str]) -> tuple[str, str]:
    """The name in the spelling that counts, lower case first, and its value. An empty one switches the other off."""
    name = upper.lower() if upper.lower() in env else upper
    return name, env.get(name, "").strip()


def _of_the_system(scheme: str, host: str, env: Mapping[str, str]) -> Route:
    """What macOS and Windows have in their settings; it counts where no variable names a proxy."""
    if sys.platform not in ("darwin", "win32") or any(
        _variable(f"{one}_PROXY", env)[1] for one in ("HTTP", "HTTPS", "ALL")
    ):
        return Route()
    from urllib.request import getproxies, proxy_bypass

    proxy = getproxies().get(scheme, "")
    return Route(_checked(proxy, _SYSTEM), _SYSTEM) if proxy and not proxy_bypass(host) else Route()


def _checked(value: str, variable: str) -> str:
    """The URL of a proxy. Raises BadProxy."""
    url = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in SCHEMES and _is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        usable = False
        parts = SplitResult("", "", "", "", "")
    # An @ behind the host is one of a password with / ? or # in it: what looks like the host is a part of that password.
    rest = url.partition("://")[2][len(parts.netloc) :]
    if not usable or "@" in rest or not url.isprintable() or " " in url:
        raise BadProxy(variable)
    return url


def _covers(entry: str, scheme: str, host: str, port: int) -> bool | None:
    """Whether an entry of NO_PROXY, in lower case, is about that address; None where it cannot be read."""
    if entry == "*":
        return True
    wanted, found, rest = entry.partition("://")
    if found:
        if wanted not in ("http", "https", "all"):
            return None
        inner = _covers(rest.rstrip("/"), scheme, host, port)
        return inner and wanted in (scheme, "all")
    if bracketed := _BRACKETS.fullmatch(entry):
        name, wanted_port = bracketed[1] + (bracketed[2] or ""), bracketed[3]
    elif entry.count(":") == 1:
        name, _, wanted_port = entry.partition(":")
        if not wanted_port.isascii() or not wanted_port.isdigit():
            return None
    else:
        name, wanted_port = entry, None
    inner = _is_within(name, host)
    return inner and (wanted_port is None or wanted_port.lstrip("0") == str(port))


def _is_within(name: str, host: str) -> bool | None:
    """Whether a host is that host, address or network, or a name below that domain; None where it is none of them."""
    try:
        network = ip_network(name, strict=False)
    except ValueError:
        found = _NAME.fullmatch(_ascii(name))
        domain = found[1] if found else ""
        return host == domain or host.endswith(f".{domain}") if domain else None
    try:
        return ip_address(host) in network
    except ValueError:
        return False


def _is_host(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return _NAME.fullmatch(_ascii(name)) is not None


def _ascii(name: str) -> str:
    """A name as it goes over the wire; "" where it cannot."""
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
