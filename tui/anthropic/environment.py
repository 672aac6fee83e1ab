"""What the environment may say about proxies and certificates, and what is wrong with it where httpx cannot use it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from tui.anthropic.errors import ConnectionFailed
from tui.bounded import refuse_unfit_certificates

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


@contextmanager
def usable_environment() -> Iterator[None]:
    """Around the making of an httpx client. Raises ConnectionFailed, which names the variables and never shows a value:
    a proxy's address may hold a password.
    """
    try:
        refuse_unfit_certificates(os.environ)
        yield
    except ImportError:
        raise ConnectionFailed(
            f"{_names(_PROXIES)} asks for a SOCKS proxy, which needs one package more",
            "Install httpx[socks] beside prx, or name an http:// proxy.",
        ) from None
    except OSError as error:  # ssl.SSLError is one, too
        raise ConnectionFailed(
            f"The certificates of {_names(_CERTIFICATES)} cannot be used: {error.strerror or 'unknown error'}",
            "It names a file of certificates in PEM form.",
        ) from None
    except (ValueError, httpx.InvalidURL):
        raise ConnectionFailed(
            f"{_names(_PROXIES)} holds what is no address of a proxy", "It begins with http:// and names a host."
        ) from None


def proxy_for(url: str) -> str:
    """Host and port of the proxy that the environment names for this address; "" where it is reached without one."""
    parts, proxies = urlsplit(url), getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
    if not proxy or not parts.hostname or proxy_bypass(parts.hostname):
        return ""
    return urlsplit(proxy if "://" in proxy else f"http://{proxy}").netloc.rpartition("@")[2]


def _names(variables: tuple[str, ...]) -> str:
    """Those of the variables that are set, in either spelling."""
    found = [name for upper in variables for name in (upper, upper.lower()) if os.environ.get(name)]
    return " or ".join(found) or variables[0]
