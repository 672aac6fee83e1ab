"""What the environment says about proxies and certificates, and what is wrong with it where httpx cannot use it."""

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
from tui.inputs.bounded import refuse_unfit_certificates
from tui.inputs.proxies import BadProxy, Route, route_for

_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


@dataclass(frozen=True)
class HttpEnvironment:
    """What an httpx client is made with, with `trust_env=False`: httpx itself fails on what it does not understand."""

    route: Route
    proxy: httpx.Proxy | None
    verify: ssl.SSLContext


@contextmanager
def http_environment(url: str) -> Iterator[HttpEnvironment]:
    """Around the making of an httpx client for that address. Raises ConnectionFailed, which names the variables and never
    shows a value: a proxy's address may hold a password.
    """
    route = Route()
    try:
        route = route_for(url, os.environ)
        refuse_unfit_certificates(os.environ)
        _refuse_missing_folder()
        yield HttpEnvironment(route, httpx.Proxy(route.proxy) if route.proxy else None, httpx.create_ssl_context())
    except BadProxy as error:
        raise ConnectionFailed(error.message, error.hint) from None
    except ImportError:
        raise ConnectionFailed(
            f"{route.variable} asks for a SOCKS proxy, which needs one package more",
            "Install httpx[socks] beside prx, or name an http:// proxy.",
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
    """Raise OSError for an SSL_CERT_DIR that is no folder: TLS would take it for one without certificates."""
    folder = os.environ.get("SSL_CERT_DIR", "")
    if folder and not os.environ.get("SSL_CERT_FILE") and not Path(folder).is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def certificate_hint() -> str:
    """What to say of a certificate that is not trusted."""
    if named := next((name for name in _CERTIFICATES[:2] if os.environ.get(name)), ""):
        return f"Only the certificates of {named} are trusted"
    return "A proxy's certificate can be named in SSL_CERT_FILE"


def route_and_hint(host: str, route: Route, *, names_skipped: bool = True) -> tuple[str, str]:
    """Return what a connection goes to first, in words, and what to check if it fails.

    `names_skipped`: the advice names the entries of NO_PROXY that are ignored, since nothing else has.
    """
    if not route.proxy:
        return host, "Check the network and `api_url`; behind a proxy, HTTPS_PROXY."
    left_out = f" {clean(route.remark)}" if route.remark and names_skipped else ""
    advice = f"Check the network and {route.variable}; NO_PROXY names hosts to reach without it.{left_out}"
    return f"the proxy {clean(route.host)}", advice
