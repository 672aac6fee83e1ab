"""Find the proxy for a URL: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in upper or lower case.

The HTTP libraries read these variables too, but fail on an entry that they do not understand. Sends nothing.
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
_SYSTEM = "the proxy of the system settings"
_ENTRY_CHARS, _MAX_ENTRIES = 60, 5
"""How much of the entries an error message quotes."""


class BadProxy(TuiError):
    """A variable is not the URL of a proxy. Its value is not shown, because it may contain a password."""

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"{variable} is not the address of a proxy",
            "Use a URL such as http://proxy.example:3128. In a user name or a password, escape characters such as "
            "[ @ : / # with %, for example %5B for [.",
        )


@dataclass(frozen=True)
class Route:
    """How a URL is reached."""

    proxy: str = field(default="", repr=False)
    """The URL of the proxy, which may contain a password; "" for a direct connection."""
    variable: str = ""
    """The variable with the proxy."""
    skipped: tuple[str, ...] = ()
    """Entries of NO_PROXY that are not a host, address or network."""
    exceptions: str = "NO_PROXY"
    """The variable with the skipped entries, NO_PROXY or no_proxy."""

    @property
    def host(self) -> str:
        """The host and port of the proxy, without user name and password."""
        return urlsplit(self.proxy).netloc.rpartition("@")[2]

    @property
    def remark(self) -> str:
        """A warning about the skipped entries, or ""."""
        if not self.skipped:
            return ""
        named = ", ".join(ascii(entry[:_ENTRY_CHARS]) for entry in self.skipped[:_MAX_ENTRIES])
        rest = f" and {len(self.skipped) - _MAX_ENTRIES} more" if len(self.skipped) > _MAX_ENTRIES else ""
        return f"{self.exceptions}: ignored, because it is not a host, address or network: {named}{rest}."


def route_for(url: str, env: Mapping[str, str]) -> Route:
    """Return how to reach a URL in this environment. Raises BadProxy."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:  # the client reports an invalid URL
        return Route()
    variable, value = _proxy_variable(parts.scheme, env)
    if not value:
        return _system_route(parts.scheme, host, env)
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
    """Return name and value of the variable for a scheme."""
    name, value = _variable(f"{scheme.upper()}_PROXY", env)
    if name == "HTTP_PROXY" and "REQUEST_METHOD" in env:  # in a CGI program an HTTP client can set it (httpoxy)
        value = ""
    return (name, value) if value else _variable("ALL_PROXY", env)


def _variable(upper: str, env: Mapping[str, str]) -> tuple[str, str]:
    """Return name and value of a variable. Lower case comes first, even if empty."""
    name = upper.lower() if upper.lower() in env else upper
    return name, env.get(name, "").strip()


def _system_route(scheme: str, host: str, env: Mapping[str, str]) -> Route:
    """Return the proxy from the settings of macOS or Windows, which applies if no variable is set."""
    if sys.platform not in ("darwin", "win32") or any(
        _variable(f"{one}_PROXY", env)[1] for one in ("HTTP", "HTTPS", "ALL")
    ):
        return Route()
    from urllib.request import getproxies, proxy_bypass

    proxy = getproxies().get(scheme, "")
    return Route(_checked(proxy, _SYSTEM), _SYSTEM) if proxy and not proxy_bypass(host) else Route()


def _checked(value: str, variable: str) -> str:
    """Return the URL of a proxy. Raises BadProxy."""
    url = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in SCHEMES and _is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        usable = False
        parts = SplitResult("", "", "", "", "")
    # An @ after the host belongs to a password with / ? or #. What looks like the host is a part of that password.
    rest = url.partition("://")[2][len(parts.netloc) :]
    if not usable or "@" in rest or not url.isprintable() or " " in url:
        raise BadProxy(variable)
    return url


def _covers(entry: str, scheme: str, host: str, port: int) -> bool | None:
    """True if an entry of NO_PROXY, in lower case, covers this host and port; None if the entry is invalid."""
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
    """True if the host is this host or address, or within this network or domain; None if the name is invalid."""
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
    """Return a host name in its ASCII form (IDNA), or ""."""
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
