"""Streams of events over real sockets, encrypted or not: few reads, nothing held back, and the same as without joining."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from itertools import pairwise
from pathlib import Path

import h11
import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui.anthropic import network
from tui.anthropic.auth import auth_for
from tui.anthropic.client import Client
from tui.anthropic.credentials import ApiKey
from tui.anthropic.network import PAUSE_S, ChunkJoiner
from tui.chat.events import MessageStop, TextDelta

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CLOSED = HEAD + b"Connection: close\r\n\r\n"
DELTA = b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%s"}}\n\n'
START, STOP = b'data: {"type":"message_start"}\n\n', b'data: {"type":"message_stop"}\n\n'
LIMIT_S = 60.0


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


END = chunk(STOP) + chunk(b"")


@contextmanager
def server(answer: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that answers one request with whatever `answer` sends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with tls.wrap_socket(connection, server_side=True) if tls is not None else connection as stream:
                request = b""
                while not request.endswith(b"{}"):
                    request += stream.recv(65_536)
                answer(stream)

        thread = threading.Thread(target=serve)
        thread.start()
        host = "localhost" if tls is not None else "127.0.0.1"
        yield f"http{'s' if tls is not None else ''}://{host}:{listener.getsockname()[1]}"
        thread.join(LIMIT_S)


class Reads:
    """Reads a whole answer, and notes when each piece of its body came from the network."""

    def __init__(self, received: Callable[[str], None] = lambda text: None) -> None:
        self.text = ""
        self.times: list[float] = []
        self._received = received

    async def read(self, url: str) -> Reads:
        client = Client(url, auth_for(ApiKey("sk-ant-api03-x", "test"), url))
        client._http().event_hooks["response"].append(self._count)
        async with aclosing(client.stream(b"{}")) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    self.text += event.text
                    self._received(event.text)
                if isinstance(event, MessageStop):
                    break
        await client.aclose()
        return self

    async def _count(self, response: httpx.Response) -> None:
        response.stream = Counted(response.stream, self)


class Counted(httpx.AsyncByteStream):
    def __init__(self, stream: object, reads: Reads) -> None:
        assert isinstance(stream, httpx.AsyncByteStream)
        self._stream, self._reads = stream, reads

    async def __aiter__(self):
        async for piece in self._stream:
            self._reads.times.append(asyncio.get_running_loop().time())
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


@pytest.mark.parametrize("head", [CHUNKED, CLOSED])
async def test_what_has_arrived_comes_in_one_piece(head: bytes) -> None:
    words = [b"word%d " % number for number in range(1_000)]
    whole = [START, *(DELTA % word for word in words), STOP]
    sent = b"".join(map(chunk, whole)) + chunk(b"") if head is CHUNKED else b"".join(whole)
    with server(lambda stream: stream.sendall(head + sent)) as url:
        reads = await Reads().read(url)
    assert reads.text.encode() == b"".join(words)
    assert len(reads.times) <= 10  # sockets hand over 64 KB and more


async def test_a_thousand_events_take_few_calls() -> None:
    """A call is a function of Python, or a step of a coroutine."""
    _, few, many = [await calls_to_read(count) for count in (1, 1_000, 5_000)]  # the first one loads modules
    assert few < 5_000
    assert many - few < 4_000, "one for each event"


async def calls_to_read(count: int) -> int:
    made = 0

    def note(frame: object, event: str, arg: object) -> None:
        nonlocal made
        made += event == "call"

    sent = CHUNKED + chunk(START) + chunk(DELTA % b"word ") * count + END
    with server(lambda stream: stream.sendall(sent)) as url:
        sys.setprofile(note)
        try:
            reads = await Reads().read(url)
        finally:
            sys.setprofile(None)
    assert reads.text == "word " * count
    return made


@pytest.mark.parametrize("head", [CHUNKED, CLOSED])
async def test_each_event_is_handed_on_at_once_and_then_the_next_read_waits(head: bytes) -> None:
    frame = chunk if head is CHUNKED else bytes
    received = threading.Semaphore(0)

    def answer(stream: socket.socket) -> None:
        stream.sendall(head + frame(START))
        until = time.monotonic() + 6 * PAUSE_S
        while time.monotonic() < until:
            stream.sendall(frame(DELTA % b"x"))
            assert received.acquire(timeout=LIMIT_S), "the event was held back"
        stream.sendall(frame(STOP) + (chunk(b"") if head is CHUNKED else b""))

    with server(answer) as url:
        reads = await Reads(lambda _: received.release()).read(url)
    assert len(reads.times) <= 6 + (reads.times[-1] - reads.times[0]) / PAUSE_S  # the first ones do not wait
    assert len(reads.text) <= len(reads.times), "each event came alone"


async def test_a_fast_stream_is_never_left_waiting() -> None:
    """Its server waits for each piece to be read, so every pause would make it later."""
    received = threading.Semaphore(0)
    count = 100

    def answer(stream: socket.socket) -> None:
        stream.sendall(CHUNKED + chunk(START))
        for _ in range(count):
            stream.sendall(chunk(DELTA % (b"x" * 40_000)))
            assert received.acquire(timeout=LIMIT_S)
        stream.sendall(END)

    taken = 0

    def take(text: str) -> None:
        nonlocal taken
        taken += len(text)
        while taken >= 40_000:
            taken -= 40_000
            received.release()

    with server(answer) as url:
        reads = await Reads(take).read(url)
    assert len(reads.text) == 40_000 * count
    assert reads.times[-1] - reads.times[0] < count * PAUSE_S


async def test_a_piece_that_was_cut_within_a_chunk_is_handed_on() -> None:
    received = threading.Semaphore(0)
    event = DELTA % b"whole"
    sent = CHUNKED + chunk(START) + b"%x\r\n%s" % (len(event + STOP), event)

    def answer(stream: socket.socket) -> None:
        stream.sendall(sent)
        assert received.acquire(timeout=LIMIT_S), "the event was held back"
        stream.sendall(STOP + b"\r\n" + chunk(b""))

    with server(answer) as url:
        assert (await Reads(lambda _: received.release()).read(url)).text == "whole"


@pytest.mark.skipif(not shutil.which("openssl"), reason="makes a certificate")
async def test_encrypted_records_that_have_arrived_come_in_one_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path)))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    received = threading.Semaphore(0)

    def answer(stream: socket.socket) -> None:
        stream.sendall(CHUNKED + chunk(START) + chunk(DELTA % b"first "))
        assert received.acquire(timeout=LIMIT_S)
        for number in range(200):  # each a record of its own, while the next read waits
            stream.sendall(chunk(DELTA % (b"%d " % number)))
        stream.sendall(END)

    with server(answer, tls) as url:
        reads = await Reads(lambda text: received.release()).read(url)
    assert reads.text == "first " + "".join(f"{number} " for number in range(200))
    assert len(reads.times) <= 20


def certificate(folder: Path) -> Path:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", "key.pem", "-out", "cert.pem"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder / "cert.pem"


# Chunks, as h11 reads them

CHUNK = st.binary(min_size=1, max_size=40).map(chunk)
ODD = st.sampled_from(
    [
        *(b"5;ext=1\r\nhello\r\n", b"5 \r\nhello\r\n", b"5\nhello\n", b"5\r\nhelloX\r\n", b"5\r\nhello\n", b"zz\r\n"),
        *(b"\r\n", b"-1\r\n", b"0x5\r\nhello\r\n", b"fffffffff\r\n", b"00000005\r\nhello\r\n", b"A\r\n0123456789\r\n"),
        *(b"0\r\n\r\n", b"0\r\ntrailer: x\r\n\r\n", b"000\r\n\r\n", b"5\r\nhello\r", b"\r\n5\r\nhello\r\n"),
    ]
)


def read_by_h11(pieces: list[bytes], *, is_closed: bool) -> tuple[bytes, str]:
    """The body that h11 makes of these pieces, and its error or last state."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("host", "x")]))
    connection.send(h11.EndOfMessage())
    body = b""
    for piece in (CHUNKED, *pieces, *([b""] if is_closed else [])):
        connection.receive_data(piece)
        try:
            while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                body += bytes(event.data) if isinstance(event, h11.Data) else b""
                if isinstance(event, h11.ConnectionClosed):
                    break
        except h11.RemoteProtocolError as error:
            return body, str(error).partition(":")[0]  # the rest depends on how the bytes were cut
    return body, str(connection.their_state)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(CHUNK | CHUNK | ODD, max_size=8).map(b"".join), st.lists(st.integers(0, 500), max_size=8), st.booleans()
)
@example(chunk(b"a") + chunk(b"b") + chunk(b""), list(range(20)), False)
def test_joined_chunks_are_the_body_that_they_were(stream: bytes, places: list[int], is_closed: bool) -> None:
    at = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
    pieces = [stream[a:b] for a, b in pairwise(at)]
    joiner = ChunkJoiner()
    joined = [piece for piece in map(joiner.feed, pieces) if piece]
    assert read_by_h11(joined, is_closed=is_closed) == read_by_h11(pieces, is_closed=is_closed)


def test_a_thousand_chunks_become_one() -> None:
    assert ChunkJoiner().feed(chunk(b"word") * 1_000) == b"fa0\r\n" + b"word" * 1_000


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 500 No\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
    ],
)
async def test_an_unusual_response_is_left_as_it_is(head: bytes) -> None:
    sent = head + chunk(b"a") + chunk(b"b")

    def answer(stream: socket.socket) -> None:
        stream.sendall(sent)

    with server(answer) as url:
        address = httpx.URL(url)
        real = network.Network(httpx.AsyncHTTPTransport()._pool._network_backend)
        stream = await real.connect_tcp(address.host, address.port or 0)
        await stream.write(b"{}")
        received = b""
        while piece := await stream.read(65_536):
            received += piece
        await stream.aclose()
    assert received == sent
