"""fetch_url: a page from the web as text. It is requested directly, without cookies and credentials.

A proxy (`HTTPS_PROXY`) is not used: it would resolve the name itself, and might connect to another address than the one
that was checked.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

import msgspec

from tui.chat.tools import PermissionRequest
from tui.chat.transcript import Tool, ToolUse
from tui.inputs.bounded import require_regular_certificate_files
from tui.inputs.charset import decode_text
from tui.inputs.limits import MIB, PAGE_BYTES
from tui.inputs.unpacking import CannotUnpack, Unpacker
from tui.tools import addresses
from tui.tools.html_text import html_to_text
from tui.tools.reading import MakeBlock
from tui.tools.rules import for_page
from tui.tools.tool import Content, Failed, Plan, decoded, definition

if TYPE_CHECKING:
    import ssl

    import httpx

_TIMEOUT_S = 30.0
_CONNECT_S = 10.0
_MAX_REDIRECTS = 5
_MAX_CHARS = 50_000
_MAX_URL = 4_000
_SAFE = "/%:@!$&'()*+,;=~-._"
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]*:[0-9a-f:.]*")  # a name, or an IPv6 address
_PORTS = {"http": 80, "https": 443}
_HEADERS = {
    "Accept": "text/html, text/*;q=0.9, */*;q=0.5",
    "Accept-Encoding": "identity",
    "User-Agent": "prx (fetch_url)",
}
_META_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w.-]+)", re.IGNORECASE)
_META_BYTES = 1024
"""Within how many bytes a page has to declare its encoding. Source: HTML Standard, 4.2.5.4."""
_UNFIT_CODECS = frozenset(("punycode", "idna", "undefined"))
_SEEN = ("image/", "application/pdf")
_TEXTS = (
    "text/",
    "application/json",
    "application/xml",
    "application/javascript",
    "application/yaml",
    "application/toml",
)


class Arguments(msgspec.Struct, forbid_unknown_fields=True):
    url: str
    offset: Annotated[int, msgspec.Meta(ge=0, description="Characters to leave out at the start")] = 0


@dataclass(frozen=True)
class _Page:
    status: int
    location: str
    media_type: str
    charset: str
    data: bytes


class FetchUrl:
    is_reading = False
    definition: Tool = definition(
        "fetch_url",
        "Fetch a page with GET over http or https: HTML as readable text with its links, other text as it is, images and "
        "PDF as you see them. Redirects to another host are told, not followed.",
        Arguments,
    )

    def __init__(
        self,
        see: MakeBlock,
        *,
        allows: Callable[[addresses.Address], bool] = addresses.is_public,
        look_up: addresses.LookUp = addresses.look_up,
    ) -> None:
        self._see = see
        self._allows = allows
        self._look_up = look_up

    async def plan(self, call: ToolUse) -> Plan:
        arguments = decoded(call.input, Arguments)
        url = normal(arguments.url)
        question = PermissionRequest(call=call, title="Fetch a page", kind="url", detail=url, rules=for_page(url))
        return Plan(lambda _: self._fetch(url, arguments.offset), question)

    async def _fetch(self, url: str, offset: int) -> Content:
        try:
            url, page = await asyncio.wait_for(self._page(url), _TIMEOUT_S)
        except (TimeoutError, asyncio.TimeoutError) as error:
            raise Failed(f"{url} took longer than {_TIMEOUT_S:g} seconds.") from error
        if page.media_type.startswith(_SEEN):
            return (await self._see(page.data, urlsplit(url).path.rpartition("/")[2] or "page"),)
        text = await asyncio.to_thread(_text, page, url)
        if page.status >= 400:
            raise Failed(f"{url} answered with {page.status}.\n\n{text[:2_000]}".rstrip())
        part = text[offset : offset + _MAX_CHARS]
        end = offset + len(part)
        more = f"\n\n(characters {offset:,} to {end:,} of {len(text):,})" if end < len(text) or offset else ""
        return (part or "The page has no text.") + more

    async def _page(self, url: str) -> tuple[str, _Page]:
        """Return the final address and the page. Each redirect is checked like the first address."""
        for _ in range(_MAX_REDIRECTS + 1):
            page = await self._one(url)
            if not page.location:
                return url, page
            target = normal(urljoin(url, page.location))
            if not _is_same_site(urlsplit(url), urlsplit(target)):
                raise Failed(f"{url} redirects to {target}, on another host. Call fetch_url with that if you want it.")
            url = target
        raise Failed(f"{url}: more than {_MAX_REDIRECTS} redirects.")

    async def _one(self, url: str) -> _Page:
        """Send one request, to a checked address. Raises Failed."""
        import httpx  # loaded with the first page

        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        found = addresses.allowed_addresses(host, await self._look_up(host, port), self._allows)
        timeout = httpx.Timeout(_TIMEOUT_S, connect=_CONNECT_S)
        trust = await asyncio.to_thread(_trust)
        because = ""
        async with httpx.AsyncClient(verify=trust, trust_env=False, timeout=timeout, headers=_HEADERS) as client:
            for address in found:
                try:
                    async with _asked(client, parts, address) as answer:
                        return await _received(answer, url)
                except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                    because = str(error) or type(error).__name__
                except (httpx.HTTPError, httpx.InvalidURL) as error:
                    raise Failed(f"{url} could not be fetched: {error or type(error).__name__}.") from error
        raise Failed(f"No connection to {host} ({because}). fetch_url goes there directly and does not use a proxy.")


def normal(url: str) -> str:
    """Normalise a URL to the form that is shown, matched with rules and sent. Raises Failed if it cannot be fetched."""
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError) as error:
        raise Failed(f"This is not a URL: {error}.") from error
    if parts.scheme not in _PORTS or not host:
        raise Failed("Only URLs that begin with http:// or https:// and name a host are fetched.")
    if "@" in parts.netloc:
        raise Failed("A URL with a user name or a password is not fetched: no credentials are sent.")
    if not _HOST.fullmatch(host) or port == 0:
        raise Failed(f"{parts.netloc!a} is not a valid host name.")
    if len(url) > _MAX_URL:
        raise Failed(f"A URL has at most {_MAX_URL:,} characters.")
    host = f"[{host}]" if ":" in host else host
    where = host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}"
    path = quote(parts.path or "/", safe=_SAFE)
    return urlunsplit((parts.scheme, where, path, quote(parts.query, safe=_SAFE + "?"), ""))


def _asked(
    client: httpx.AsyncClient, parts: SplitResult, address: addresses.Address
) -> AbstractAsyncContextManager[httpx.Response]:
    """Send the request to this address only, with the original host name."""
    import httpx

    return client.stream(
        "GET",
        httpx.URL(urlunsplit(parts)).copy_with(host=str(address)),
        headers={"Host": parts.netloc},
        extensions={"sni_hostname": parts.hostname},  # the name that the server's certificate must have
        follow_redirects=False,
    )


async def _received(answer: httpx.Response, url: str) -> _Page:
    """Return the response. Raises Failed if it is not read completely."""
    kind, _, rest = answer.headers.get("content-type", "text/plain").partition(";")
    media_type = kind.strip().lower()
    location = answer.headers.get("location", "") if answer.is_redirect else ""
    if not location and not media_type.startswith(_SEEN + _TEXTS) and not media_type.endswith(("+xml", "+json")):
        raise Failed(f"{url} is {media_type}, which cannot be shown as text.")
    data = b"" if location else await _body(answer, url)
    charset = re.search(r"charset\s*=\s*[\"']?([\w.-]+)", rest, re.IGNORECASE)
    return _Page(answer.status_code, location, media_type, charset[1] if charset else "", data)


async def _body(answer: httpx.Response, url: str) -> bytes:
    """Decompress the body in pieces: a small response may contain more than fits into memory."""
    data = bytearray()
    try:
        unpacker = Unpacker(answer.headers.get("content-encoding", ""))
        async for chunk in answer.aiter_raw():
            for piece in unpacker.feed(chunk):
                data += piece
                if len(data) > PAGE_BYTES:
                    raise Failed(f"{url} is larger than {PAGE_BYTES // MIB} MB.")
    except CannotUnpack as error:
        raise Failed(f"{url} {error}.") from error
    return bytes(data)


def _text(page: _Page, url: str) -> str:
    """Return the text of a page, in the encoding that the server or the page declares, else in the most likely one."""
    is_html = page.media_type in ("text/html", "application/xhtml+xml")
    declared = _META_CHARSET.search(page.data[:_META_BYTES]) if is_html and not page.charset else None
    charset = _codec(page.charset or (declared[1].decode() if declared else ""))
    guess = None if charset else decode_text(page.data)
    text = guess.text if guess else page.data.decode(charset or "utf-8", "replace")
    return html_to_text(text, url) if is_html else text


def _codec(charset: str) -> str:
    """Return the codec of this name; "" if it is unknown or unfit for a page (decoding 5 MB of punycode takes hours)."""
    try:
        name = codecs.lookup(charset).name
        b"".decode(name)
    except (LookupError, ValueError):  # unknown, or not for text
        return ""
    return "" if name in _UNFIT_CODECS else name


def _is_same_site(one: SplitResult, other: SplitResult) -> bool:
    """True if a redirect stays at the host that the user allowed, and does not go from https to http."""
    upwards = (one.scheme, one.port, other.scheme, other.port) == ("http", None, "https", None)
    same = (one.scheme, one.port) == (other.scheme, other.port)
    return one.hostname == other.hostname and (same or upwards)


def _trust() -> ssl.SSLContext:
    """Return the trusted certificates: those that `SSL_CERT_FILE` names, else the usual ones. Slow. Raises Failed."""
    import httpx

    try:
        require_regular_certificate_files(os.environ)
        return httpx.create_ssl_context()
    except OSError as error:
        raise Failed(f"The certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be used: {error}.") from error
