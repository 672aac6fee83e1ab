"""fetch_url against a real server on loopback: where it goes, what it sends, and how much of what comes it takes."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.tools.calling import Tools, see
from tui.chat.transcript import Document, Image
from tui.tools.addresses import Address, anywhere, is_public
from tui.tools.built_in import built_in
from tui.tools.fetch import FetchUrl, normal
from tui.tools.tool import Failed

pytestmark = pytest.mark.anyio

HTML = "<title>Tides</title><h1>Tides</h1><p>High at <a href='/times?d=1'>six</a>.</p><script>bad()</script>"
PAGES: dict[str, tuple[str, bytes]] = {
    "/": ("text/html; charset=utf-8", HTML.encode()),
    "/latin": ("text/plain; charset=iso-8859-1", b"caf\xe9"),
    "/meta": ("text/html", '<meta charset="shift_jis"><p>\u65e5\u672c\u8a9e'.encode("cp932")),
    "/guess": ("text/html", "<p>Gr\xf6\xdfe".encode("cp1252")),
    "/mark": ("text/plain", "caf\xe9".encode("utf-16")),
    "/unknown": ("text/plain; charset=none-such", "caf\xe9".encode()),
    "/undefined": ("text/plain; charset=undefined", b"cafe"),
    "/puny": ("text/plain; charset=punycode", b"a" * 500_000 + b"-" + b"b9" * 500_000),
    "/json": ("application/json", b'{"a": 1}'),
    "/png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "/doc.pdf": ("application/pdf", b"%PDF-1.4"),
    "/zip": ("application/zip", b"PK"),
    "/long": ("text/plain", b"".join(b"%07d\n" % number for number in range(10_000))),
    "/big": ("text/plain", b"x" * (6 * 2**20)),
    "/empty": ("text/plain", b""),
}
PACKED = {
    "/gzip": ("gzip", gzip.compress(b"packed all the same")),
    "/bomb": ("gzip", gzip.compress(b"\0" * (300 * 2**20), 1)),
    "/br": ("br", b"..."),
}
MOVES = {
    "/moved": "/json",
    "/loop": "/loop",
    "/away": "http://127.0.0.2/secret",
    "/file": "file:///etc/passwd",
    "/secure": "https://{host}/json",
}


class Pages(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append((self.path, dict(self.headers.items())))
        path = self.path.partition("?")[0]
        if path in MOVES:
            self._answer(302, "text/html", b"", Location=MOVES[path].format(host=self.headers["Host"]))
        elif path in PACKED:
            self._answer(200, "text/plain", PACKED[path][1], **{"Content-Encoding": PACKED[path][0]})
        elif path in PAGES:
            self._answer(200, *PAGES[path])
        else:
            self._answer(404, "text/plain", b"no such page")

    def _answer(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Set-Cookie": "a=b",
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Pages)
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server()) as running:
        yield running


def fetching(
    allows: Callable[[Address], bool] = anywhere, found: Sequence[str] | None = None, **options: object
) -> Tools:
    """The tool with a network in which every name means the addresses in `found`, each time the next one."""
    if found is None:
        kind = FetchUrl(see, allows=allows)
    else:
        answers = iter(found)

        async def look_up(host: str, port: int) -> Sequence[str]:
            return [next(answers)]

        kind = FetchUrl(see, allows=allows, look_up=look_up)
    return Tools(Path("/"), kinds=[kind])


async def test_html_becomes_text_and_other_text_stays(server: Server) -> None:
    tools = fetching()
    assert await tools.text("fetch_url", url=server.url) == f"# Tides\n\nHigh at [six]({server.url}/times?d=1)."
    assert await tools.text("fetch_url", url=f"{server.url}/latin") == "café"
    assert await tools.text("fetch_url", url=f"{server.url}/mark") == "café"
    assert await tools.text("fetch_url", url=f"{server.url}/json") == '{"a": 1}'
    assert await tools.text("fetch_url", url=f"{server.url}/gzip") == "packed all the same"
    assert await tools.text("fetch_url", url=f"{server.url}/empty") == "The page has no text."
    question = tools.asked[0]
    assert (question.kind, question.title, question.detail) == ("url", "Fetch a page", f"{server.url}/")
    assert question.rules == (f"fetch_url({server.url}/)", f"fetch_url({server.url}/*)")


@pytest.mark.parametrize(
    ("path", "text"),
    [("meta", "日本語"), ("guess", "Größe"), ("unknown", "café"), ("undefined", "cafe"), ("puny", "a" * 1_000)],
)
async def test_the_encoding_is_the_declared_one_where_a_page_can_have_it(server: Server, path: str, text: str) -> None:
    """The codec of punycode takes hours for a large page, and holds the interpreter."""
    assert (await fetching().text("fetch_url", url=f"{server.url}/{path}")).startswith(text)


async def test_pictures_and_pdf_are_blocks(server: Server) -> None:
    tools = fetching()
    assert isinstance((await tools.call("fetch_url", url=f"{server.url}/png")).content[0], Image)
    assert isinstance((await tools.call("fetch_url", url=f"{server.url}/doc.pdf")).content[0], Document)
    assert "application/zip" in await tools.failure("fetch_url", url=f"{server.url}/zip")


async def test_it_sends_nothing_of_the_users(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password PLANTED\n")
    monkeypatch.setenv("NETRC", str(netrc))
    tools = fetching()
    await tools.text("fetch_url", url=f"{server.url}/moved")
    await tools.text("fetch_url", url=f"{server.url}/json")
    assert [path for path, _ in server.requests] == ["/moved", "/json", "/json"]
    for _, headers in server.requests:
        assert {name.lower() for name in headers} == {"host", "accept", "accept-encoding", "connection", "user-agent"}


async def test_a_proxy_is_not_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert await fetching().text("fetch_url", url=f"{server.url}/json") == '{"a": 1}'


async def test_a_redirect_is_followed_on_its_host_alone(server: Server) -> None:
    tools = fetching()
    assert await tools.text("fetch_url", url=f"{server.url}/moved") == '{"a": 1}'
    assert "redirects to http://127.0.0.2/secret, on another host" in await tools.failure(
        "fetch_url", url=f"{server.url}/away"
    )
    assert "Only URLs that begin with http" in await tools.failure("fetch_url", url=f"{server.url}/file")
    assert "more than 5 redirects" in await tools.failure("fetch_url", url=f"{server.url}/loop")


async def test_size_is_limited_also_when_packed(server: Server) -> None:
    tools = fetching()
    assert "larger than 5 MB" in await tools.failure("fetch_url", url=f"{server.url}/big")
    assert "larger than 5 MB" in await tools.failure("fetch_url", url=f"{server.url}/bomb")
    assert "compressed as br" in await tools.failure("fetch_url", url=f"{server.url}/br")


async def test_a_long_page_is_read_on(server: Server) -> None:
    tools = fetching()
    text = await tools.text("fetch_url", url=f"{server.url}/long")
    assert text.endswith("(characters 0 to 50,000 of 80,000)")
    text = await tools.text("fetch_url", url=f"{server.url}/long", offset=50_000)
    assert text.startswith("0006250\n")
    assert text.endswith("0009999\n\n\n(characters 50,000 to 80,000 of 80,000)")


async def test_an_error_of_the_server_is_told_with_its_page(server: Server) -> None:
    assert await fetching().failure("fetch_url", url=f"{server.url}/x") == (
        f"{server.url}/x answered with 404.\n\nno such page"
    )


async def test_by_default_nothing_private_is_reached(server: Server) -> None:
    tools = Tools(Path("/"), kinds=built_in(Path("/"), see=see))
    for host in ("127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1"):
        text = await tools.failure("fetch_url", url=f"http://{host}:{server.server_port}/json")
        assert "private network" in text or "There is no address" in text
    assert server.requests == []


async def test_the_configuration_can_allow_it(server: Server) -> None:
    tools = Tools(Path("/"), kinds=built_in(Path("/"), see=see, private_hosts=True))
    assert await tools.text("fetch_url", url=f"http://localhost:{server.server_port}/json") == '{"a": 1}'


PRIVATE = """0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 192.168.1.1 198.18.0.1 224.0.0.1
    240.0.0.1 255.255.255.255 :: ::1 fc00::1 fd00:ec2::254 fe80::1 ff02::1 ::ffff:10.0.0.1 ::ffff:169.254.169.254
    fec0::1 ::127.0.0.1 ::ffff:0:7f00:1 64:ff9b:1::7f00:1
    64:ff9b::7f00:1 64:ff9b::a00:1 2002:7f00:1:: 2002:a00:1:: 2001:db8::1"""


@pytest.mark.parametrize("address", PRIVATE.split())
def test_what_is_not_on_the_open_internet(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"]
)
def test_what_is(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


async def test_a_name_is_looked_up_once_and_the_connection_goes_there(server: Server) -> None:
    tools = fetching(found=["127.0.0.1"])
    assert await tools.text("fetch_url", url=f"http://pages.test:{server.server_port}/json") == '{"a": 1}'
    assert server.requests[0][1]["Host"] == f"pages.test:{server.server_port}"


async def test_a_name_that_means_something_private_the_second_time_is_refused(server: Server) -> None:
    tools = fetching(lambda address: str(address) == "127.0.0.1", found=["127.0.0.1", "10.0.0.1"])
    text = await tools.failure("fetch_url", url=f"http://pages.test:{server.server_port}/moved")
    assert "pages.test is on this computer or in a private network (10.0.0.1)" in text
    assert [path for path, _ in server.requests] == ["/moved"]


async def test_nobody_at_home_is_told() -> None:
    with Server() as closed:
        port = closed.server_port
    text = await fetching().failure("fetch_url", url=f"http://127.0.0.1:{port}/")
    assert text.startswith("No connection to 127.0.0.1 (")
    assert "does not use a proxy" in text


async def test_a_stop_closes_the_connection() -> None:
    arrived, closed = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        await reader.read()
        closed.set()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        call = asyncio.create_task(fetching().call("fetch_url", url=f"http://127.0.0.1:{port}/"))
        await arrived.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(closed.wait(), 60)


@pytest.mark.skipif(not shutil.which("openssl"), reason="makes a certificate")
async def test_over_https_the_certificate_must_be_that_of_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server = Server()
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server):
        tools = fetching(found=["127.0.0.1"] * 2)
        assert await tools.text("fetch_url", url=f"https://pages.test:{server.server_port}/json") == '{"a": 1}'
        text = await tools.failure("fetch_url", url=f"https://other.test:{server.server_port}/json")
        assert "certificate" in text.lower()


def certificate(folder: Path) -> Path:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=pages.test", "-addext", "subjectAltName=DNS:pages.test"),
            *("-keyout", "key.pem", "-out", "cert.pem"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder / "cert.pem"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://Example.COM", "http://example.com/"),
        (" https://example.com:443/a b?c=d e#f ", "https://example.com/a%20b?c=d%20e"),
        ("https://example.com:8443/%2e/ü", "https://example.com:8443/%2e/%C3%BC"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://ex\u0430mple.com/\u202e", "http://xn--exmple-4nf.com/%E2%80%AE"),
        ("http://[2606:4700::1]:80/", "http://[2606:4700::1]/"),
    ],
)
def test_a_url_has_one_form(url: str, expected: str) -> None:
    assert normal(url) == expected
    assert normal(expected) == expected


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "file:///etc/passwd", "ftp://a/", "data:text/plain,a", "http://", "http:///a", "http://ada:x@a.com/",
     "http://a@b/", "http://a:99999/", "http://[::1", "javascript:alert(1)",
     "http://a.com\\.b.com/", "http://a.com\\@b.com/", "http://a%2f.b.com/", "http://a b/", "http://a:0/", "http://*.com/",
     "http://a\u202eb.com/", "http://[fe80::1%25eth0]/", "http://a\"b/", "http://\\a/", "http://a/" + "x" * 5000, "http://a..b/"],
)  # fmt: skip
def test_what_is_not_fetched_is_refused_before_anybody_is_asked(url: str) -> None:
    with pytest.raises(Failed):
        normal(url)
