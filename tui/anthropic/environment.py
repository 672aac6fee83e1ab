"""Proxy and certificate settings of the environment, and errors for values that httpx cannot use."""

from __future__ import annotations

import errno
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tui.anthropic.errors import ConnectionFailed, clean
from tui.inputs.bounded import require_regular_certificate_files
from tui.inputs.proxies import BadProxy, Route, route_for

_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


@dataclass(frozen=True)
class HttpEnvironment:
    """What to create an httpx client with, together with `trust_env=False`: httpx fails on values that it does not
    understand.
    """

    route: Route
    proxy: httpx.Proxy | None
    verify: ssl.SSLContext


@contextmanager
def http_environment(url: str) -> Iterator[HttpEnvironment]:
    """Create an httpx client for that address within this context.

    Raises ConnectionFailed, which names the variables but never shows a value: a proxy's address may contain a password.
    """
    route = Route()
    try:
        route = route_for(url, os.environ)
        require_regular_certificate_files(os.environ)
        _refuse_missing_folder()
        yield HttpEnvironment(route, httpx.Proxy(route.proxy) if route.proxy else None, httpx.create_ssl_context())
    except BadProxy as error:
        raise ConnectionFailed(error.message, error.hint) from None
    except ImportError:
        raise ConnectionFailed(
            f"{route.variable} names a SOCKS proxy, which needs an additional package",
            "Install httpx[socks] in the environment of prx, or use an http:// proxy.",
        ) from None
    except OSError as error:  # ssl.SSLError is one, too
        named = " or ".join(name for name in _CERTIFICATES if os.environ.get(name)) or _CERTIFICATES[0]
        raise ConnectionFailed(
            f"The certificates of {named} cannot be used: {error.strerror or 'unknown error'}",
            "SSL_CERT_FILE names a file of certificates in PEM form, SSL_CERT_DIR a folder of such files.",
        ) from None
    except (ValueError, httpx.InvalidURL):
        bad = BadProxy(route.variable or "The environment")
        raise ConnectionFailed(bad.message, bad.hint) from None


def _refuse_missing_folder() -> None:
    """Raise OSError if SSL_CERT_DIR is not a folder: TLS would treat it as a folder without certificates."""
    folder = os.environ.get("SSL_CERT_DIR", "")
    if folder and not os.environ.get("SSL_CERT_FILE") and not Path(folder).is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def certificate_hint() -> str:
    """Return the hint for a certificate that is not trusted."""
    if named := next((name for name in _CERTIFICATES[:2] if os.environ.get(name)), ""):
        return f"Only the certificates of {named} are trusted"
    return "A proxy's certificate can be named in SSL_CERT_FILE"


def route_and_hint(host: str, route: Route, *, names_skipped: bool = True) -> tuple[str, str]:
    """Describe what a connection goes to first, and what to check if it fails."""
    if not route.proxy:
        return host, "Check the network and `api_url`; behind a proxy, HTTPS_PROXY."
    left_out = f" {clean(route.remark)}" if route.remark and names_skipped else ""
    advice = f"Check the network and {route.variable}; NO_PROXY names hosts to reach without it.{left_out}"
    return f"the proxy {clean(route.host)}", advice
