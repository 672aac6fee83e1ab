"""The client against a real HTTP server on loopback: streams, retries, timeouts, foreign answers and broken connections."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import json
import socket
import threading
import time
from contextlib import asynccontextmanager

import httpx
import pytest

from tui.anthropic import errors
from tui.anthropic.auth import auth_for
from tui.anthropic.client import Client, base_url
from tui.anthropic.credentials import ApiKey, BearerToken
from tui.anthropic.retry_delay import retry_after_s
from tui.chat.events import MessageStart, MessageStop, RetryScheduled, TextDelta
from tui.chat.reducer import finish, fold_all, start
from tui.demo.reply import Cut, Gate, Reply
from tui.demo.scenarios import (
    COMMENT,
    DONE,
    HTML_413,
    HTML_502,
    PING,
    SPEND_CAP,
    Answer,
    Error,
    Event,
    Raw,
    Text,
    Thinking,
    error_event,
)
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

pytestmark = pytest.mark.anyio

BODY = json.dumps(
    {
        "model": "claude-sonnet-5-5",
        "max_tokens": 1000,
        "stream": True,
        "messages": [{"role": "user", "content": "Hi"}],
    }
).encode()
AT_ONCE = {"retry-after-ms": "1"}


@pytest.fixture
def server():
    with Server(FakeAnthropic()) as server:
        yield server


@asynccontextmanager
async def client_of(url, **options):
    client = Client(url, auth_for(ApiKey(DEMO_KEY, "test"), url), credential="api_key", **options)
    try:
        yield client
    finally:
        await client.aclose()


async def collected(client, body=BODY):
    return [event async for event in client.stream(body)]


async def answer(client):
    return finish(
        fold_all(start("m", 0.0), [e for e in await collected(client) if not isinstance(e, RetryScheduled)]), "complete"
    )


async def failure(client):
    """The error that a stream ends with, and what came before it."""
    events = []
    try:
        async for event in client.stream(BODY):
            events.append(event)
    except errors.ProviderError as error:
        return error, events
    pytest.fail("the stream ended well")


async def test_an_answer_streams_and_the_connection_is_kept(server):
    async with client_of(server.url + "/v1/") as client:
        for _ in range(3):
            message = await answer(client)
            assert message.text
            assert message.request_id.startswith("req_")
    assert server.connection_count == 1


async def test_the_request_carries_what_the_api_asks_for(server):
    async with client_of(server.url) as client:
        async for _ in client.stream(BODY, ("compact-2026-09-04", "inline-tools-2026-09-15")):
            pass
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("POST", "/v1/messages", BODY)
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert request.headers["anthropic-beta"] == "compact-2026-09-04,inline-tools-2026-09-15"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-api-key"] == DEMO_KEY
    assert request.headers["user-agent"].startswith("prx/")


async def test_text_arrives_before_the_answer_is_complete(server):
    gate = Gate()
    server.service.script(Answer(Text("Hello ", gate, "world")))
    async with client_of(server.url) as client:
        text = ""
        async for event in client.stream(BODY):
            if isinstance(event, TextDelta):
                text += event.text
                if text == "Hello ":
                    gate.open()
    assert text == "Hello world"


@pytest.mark.parametrize(
    "scenario",
    [
        Answer(Thinking("Hm."), Text("Two moons."), as_json=True),
        Answer(Text("Two moons."), after=(DONE,)),
        Answer(COMMENT, PING, Text("Two ", PING, COMMENT, "moons.")),
        Answer(Text("Two moons."), leave_out=("message_start",)),
        Answer(Text("Two moons."), leave_out=("message_stop",)),
        Answer(Text("Two moons."), leave_out=("content_block_stop", "ping")),
        Answer(Thinking("Hm."), Text("Two moons."), interleaved=True),
        Answer(Text("Two moons."), newline="\r\n", split=(1, 7, 3)),
        Answer(Text("Two moons."), newline="\r", split=(1,)),
        Answer(Event({"type": "novelty", "index": 3}), Text("Two moons.")),
        Answer(Text("Two moons."), after=(Cut(),)),
    ],
)
async def test_every_servers_way_gives_the_same_text(server, scenario):
    server.service.script(scenario)
    async with client_of(server.url) as client:
        events = await collected(client)
    assert isinstance(events[0], MessageStart)
    assert finish(fold_all(start("m", 0.0), events), "complete").text == "Two moons."


async def test_a_server_that_holds_the_connection_open_after_the_end_does_not_hold_the_answer(server):
    gate = Gate()
    server.service.script(Answer(Text("Done."), after=(gate,)))
    async with client_of(server.url) as client:
        assert isinstance((await asyncio.wait_for(collected(client), 60))[-1], MessageStop)
    server.wait_until_closed()


# Retries


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503, 529])
async def test_a_failure_that_may_pass_is_tried_twice_again(server, status):
    server.service.script(Error(status, headers=AT_ONCE), Error(status, headers=AT_ONCE), Answer(Text("At last.")))
    async with client_of(server.url, clock=lambda: 100.0) as client:
        events = await collected(client)
    first, second = [event for event in events if isinstance(event, RetryScheduled)]
    assert events[:2] == [first, second]
    assert (first.attempt, first.attempts, second.attempt) == (2, 3, 3)
    assert first.until == pytest.approx(100.001)
    assert first.failure.status == status
    assert len(server.requests) == 3


async def test_the_third_failure_is_the_last(server):
    server.service.script(*[Error(529, headers=AT_ONCE)] * 4)
    async with client_of(server.url) as client:
        error, events = await failure(client)
    assert isinstance(error, errors.Overloaded)
    assert len(server.requests) == 3
    assert len(events) == 2
    assert error.request_id.startswith("req_")


@pytest.mark.parametrize(
    "scenario",
    [
        Error(400),
        Error(401),
        Error(403),
        Error(404),
        HTML_413,
        SPEND_CAP,
        Error(529, headers={"x-should-retry": "false"}),
        Error(307, headers={"location": "http://127.0.0.1:1/v1/messages"}),
    ],
)
async def test_what_will_not_pass_is_asked_once(server, scenario):
    server.service.script(scenario)
    async with client_of(server.url) as client:
        error, events = await failure(client)
    assert error.status == scenario.status
    assert (events, len(server.requests)) == ([], 1)


async def test_the_server_may_ask_for_another_attempt(server):
    server.service.script(Error(400, headers={**AT_ONCE, "x-should-retry": "true"}))
    async with client_of(server.url) as client:
        assert (await answer(client)).text
    assert len(server.requests) == 2


@pytest.mark.parametrize("cut", [Cut(), Cut(reset=True)])
async def test_a_connection_lost_before_the_answer_is_tried_again(server, cut):
    server.service.script(Answer(Text("no"), before=(cut,)), Answer(cut, Text("no"), leave_out=("message_start",)))
    waits = []

    async def no_wait(delay_s):
        waits.append(delay_s)

    async with client_of(server.url, sleep=no_wait, chance=lambda: 0.0) as client:
        assert (await answer(client)).text
    assert waits == [0.5, 1.0]


async def test_delays_grow_with_some_chance_in_them(server):
    waits = []

    async def no_wait(delay_s):
        waits.append(delay_s)

    server.service.script(HTML_502, HTML_502, HTML_502)
    async with client_of(server.url, sleep=no_wait, chance=lambda: 1.0) as client:
        error, _ = await failure(client)
    assert waits == [0.375, 0.75]
    assert error.message == "502 Bad Gateway"


@pytest.mark.parametrize(
    ("headers", "delay_s"),
    [
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": email.utils.formatdate(1_000_030, usegmt=True)}, 30.0),
        ({"retry-after": email.utils.formatdate(999_000, usegmt=True)}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "x", "retry-after": "3"}, 3.0),
        ({}, None),
    ],
)
async def test_the_wait_is_what_the_server_wishes(headers, delay_s):
    assert retry_after_s(headers, 1_000_000.0) == delay_s


# Failures in the middle


async def test_nothing_is_sent_again_once_text_was_shown(server):
    server.service.script(Answer(Text("Half a sen", error_event())))
    async with client_of(server.url) as client:
        error, events = await failure(client)
    assert isinstance(error, errors.Overloaded)
    assert error.request_id.startswith("req_")
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "Half a sen"
    assert len(server.requests) == 1


@pytest.mark.parametrize("cut", [Cut(), Cut(reset=True)])
async def test_a_connection_that_breaks_in_the_middle_says_so(server, cut):
    server.service.script(Answer(Text("Half a sen", cut)))
    async with client_of(server.url) as client:
        error, events = await failure(client)
    assert isinstance(error, errors.ConnectionFailed)
    assert "in the middle of the answer" in error.message
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "Half a sen"
    assert len(server.requests) == 1


async def test_an_answer_that_just_ends_is_not_taken_for_complete(server):
    server.service.script(Answer(Text("Half"), leave_out=("message_delta", "message_stop")))
    async with client_of(server.url) as client:
        error, _ = await failure(client)
    assert isinstance(error, errors.ProtocolError)


async def test_an_error_event_before_anything_else_is_tried_again(server):
    server.service.script(Answer(error_event(), leave_out=("message_start",)))

    async def no_wait(delay_s):
        pass

    async with client_of(server.url, sleep=no_wait) as client:
        assert (await answer(client)).text
    assert len(server.requests) == 2


async def test_a_silent_server_is_given_up(server):
    gate = Gate()
    server.service.script(Answer(Text("Half", gate)))
    async with client_of(server.url, idle_timeout_s=1.5) as client:
        error, events = await failure(client)
    assert isinstance(error, errors.TimedOut)
    assert "sent nothing for 1.5 s" in error.message
    assert TextDelta(0, "Half") in events
    assert len(server.requests) == 1
    server.wait_until_closed()


async def test_headers_without_end_are_given_up_even_while_they_come():
    async def hint(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(hint, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with client_of(f"http://127.0.0.1:{port}", idle_timeout_s=0.1) as client:
            error, waits = await failure(client)
        assert isinstance(error, errors.TimedOut)
        assert error.message.startswith(f"127.0.0.1:{port} did not start to answer within ")
        assert waits == []


async def test_pings_keep_an_answer_alive(server):
    """Each silence is shorter than the limit, all of them together are longer."""
    gates = [Gate() for _ in range(5)]
    pieces = [piece for gate in gates for piece in (PING, gate)]
    server.service.script(Answer(Text(*pieces, "Alive")))
    async with client_of(server.url, idle_timeout_s=3.0) as client:
        began = time.monotonic()
        reading = asyncio.ensure_future(answer(client))
        for number, gate in enumerate(gates, 1):
            await asyncio.to_thread(gate.wait_until_reached)
            until = began + 0.7 * number
            await asyncio.to_thread(_open_at, gate, until)
        assert (await reading).text == "Alive"
        assert time.monotonic() - began > 3.0


def _open_at(gate, until):
    threading.Event().wait(max(0.0, until - time.monotonic()))
    gate.open()


async def test_bytes_that_are_no_stream_are_an_error(server):
    server.service.script(Answer(Raw(b"data: {oops\n\n")))
    async with client_of(server.url) as client:
        error, _ = await failure(client)
    assert isinstance(error, errors.ProtocolError)


class Plain:
    """A service of one fixed reply."""

    def __init__(self, *replies):
        self.replies = list(replies)

    def respond(self, method, path, headers, body):
        return self.replies.pop(0)


async def test_a_web_page_instead_of_a_stream_is_an_error():
    reply = Reply(200, (("content-type", "text/html"),), (b"<html>Log in to the hotel",))
    with Server(Plain(reply)) as server:
        async with client_of(server.url) as client:
            error, _ = await failure(client)
    assert isinstance(error, errors.ProtocolError)
    assert "text/html" in error.message


async def test_a_body_that_breaks_off_leaves_the_status_as_the_error():
    reply = Reply(400, (("content-type", "application/json"),), (b'{"err', Cut()), chunked=True)
    with Server(Plain(reply)) as server:
        async with client_of(server.url) as client:
            error, _ = await failure(client)
    assert (error.status, type(error)) == (400, errors.BadRequest)


async def test_an_answer_of_a_megabyte_in_one_line():
    text = "long é" * 200_000
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
    data = b"data: " + json.dumps(delta, ensure_ascii=False).encode() + b'\n\ndata: {"type":"message_stop"}\n\n'
    steps = tuple(data[at : at + 60_001] for at in range(0, len(data), 60_001))
    with Server(Plain(Reply(200, (("content-type", "text/event-stream"),), steps, chunked=True))) as server:
        async with client_of(server.url) as client:
            assert (await answer(client)).text == text


# Addresses


async def test_nobody_at_the_address():
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    async def no_wait(delay_s):
        pass

    async with client_of(url, sleep=no_wait) as client:
        error, events = await failure(client)
    assert isinstance(error, errors.ConnectionFailed)
    assert url.removeprefix("http://") in error.message
    assert "api_url" in error.hint
    assert len(events) == 2


async def test_a_key_that_no_header_can_carry_is_not_shown(server):
    for key in ("sk-ant-api03-secret\nvalue", "sk-ant-api03-secret“"):
        client = Client(server.url, auth_for(ApiKey(key, "test"), server.url))
        error, _ = await failure(client)
        assert isinstance(error, errors.AuthenticationFailed)
        assert "secret" not in f"{error.message}{error.hint}{error.__cause__}"
        await client.aclose()
    assert server.requests == []


@pytest.mark.parametrize(
    "given",
    [
        "https://host/base",
        "https://host/base/",
        "https://host/base/v1",
        "https://host/base/v1/",
        "https://host/base/v1/messages",
        "https://host/base/v1/messages/",
        "  https://host/base ",
        "https://host/base/v1?team=1",
        "https://host/base/#top",
    ],
)
async def test_an_address_may_be_given_with_its_path(given):
    assert base_url(given) == "https://host/base"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://somebody:their-password@127.0.0.1:9"),
        ("HTTPS_PROXY", "garbage://somebody:their-password@127.0.0.1:9"),
        ("HTTPS_PROXY", "http://somebody:their-password[@127.0.0.1:9"),
        ("all_proxy", "http://somebody:their-password@127.0.0.1:port"),
        ("https_proxy", "::"),
        ("SSL_CERT_DIR", "/nowhere/certificates"),
        ("SSL_CERT_FILE", "/nowhere/certificates.pem"),
        ("SSL_CERT_FILE", __file__),
    ],
)
async def test_an_environment_that_cannot_be_used_is_an_error_that_names_the_variable(monkeypatch, variable, value):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv(variable, value)
    client = Client("https://api.example.com", httpx.Auth())
    error, events = await failure(client)
    assert isinstance(error, errors.ConnectionFailed)
    assert variable in error.message
    assert error.hint
    assert "their-password" not in f"{error.message}{error.hint}{error.__cause__}"
    assert events == []
    await client.aclose()


async def test_a_proxy_that_is_not_there_is_what_is_blamed(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://somebody:their-password@127.0.0.1:{port}")
    client = Client("https://api.example.com", httpx.Auth(), sleep=lambda _: asyncio.sleep(0))
    error, _ = await failure(client)
    assert f"the proxy 127.0.0.1:{port}" in error.message
    assert "HTTPS_PROXY" in error.hint
    assert "their-password" not in f"{error.message}{error.hint}"
    assert "api.example.com" not in error.message
    await client.aclose()


@pytest.mark.parametrize("location", ["https://elsewhere\x1b[31m/v1", "https://[::1", "http://a:b:c"])
async def test_a_redirect_to_what_is_no_address_is_told_as_one(server, location):
    server.service.script(Error(307, headers={"location": location}))
    async with client_of(server.url) as client:
        error, _ = await failure(client)
    assert "it redirects the request" in error.message
    assert "\x1b" not in error.message


async def test_an_address_without_a_scheme_is_named():
    client = Client("api.example.com", httpx.Auth())
    error, _ = await failure(client)
    assert "api.example.com is not a valid address" in error.message
    await client.aclose()


# The small endpoints


def listing(*ids, more=False):
    rows = [{"type": "model", "id": id, "display_name": id} for id in ids]
    page = {"data": rows, "has_more": more, "first_id": ids[0], "last_id": ids[-1]}
    return Reply(200, (("content-type", "application/json"),), (json.dumps(page).encode(),))


async def test_all_pages_of_the_model_list_are_read():
    with Server(Plain(listing("a", "b", more=True), listing("c", more=True), listing("d"))) as server:
        async with client_of(server.url) as client:
            assert [model.id for model in await client.list_models()] == ["a", "b", "c", "d"]
        asked = [request.path for request in server.requests]
    assert asked == ["/v1/models?limit=1000", "/v1/models?limit=1000&after_id=b", "/v1/models?limit=1000&after_id=c"]


async def test_a_model_list_that_repeats_itself_ends():
    with Server(Plain(*[listing("a", more=True)] * 3)) as server:
        async with client_of(server.url) as client:
            assert len(await client.list_models()) == 2


async def test_tokens_are_counted_without_the_fields_that_do_not_belong_there():
    reply = Reply(200, (("content-type", "application/json"),), (b'{"input_tokens":2095}',))
    with Server(Plain(reply)) as server:
        async with client_of(server.url) as client:
            body = {
                **json.loads(BODY),
                "system": "Be brief.",
                "diagnostics": {"previous_message_id": None},
                "metadata": {},
            }
            assert await client.count_tokens(json.dumps(body).encode()) == 2095
        (request,) = server.requests
    assert request.path == "/v1/messages/count_tokens"
    assert set(request.json) == {"model", "messages", "system"}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b'{"detail":"Not Found"}', errors.NoTokenCount),
        (b"<html>nothing here</html>", errors.NoTokenCount),
        (
            b'{"type":"error","error":{"type":"not_found_error","message":"model: claude-sonnet-5-5"}}',
            errors.NotFound,
        ),
    ],
)
async def test_a_server_that_does_not_count_is_told_from_one_without_the_model(said, kind):
    reply = Reply(404, (("content-type", "application/json"),), (said,))
    with Server(Plain(reply)) as server:
        async with client_of(server.url) as client:
            with pytest.raises(errors.NotFound) as raised:
                await client.count_tokens(BODY)
    assert type(raised.value) is kind


async def test_an_endpoint_that_is_not_there_is_an_error():
    reply = Reply(404, (("content-type", "application/json"),), (b'{"detail":"Not Found"}',))
    with Server(Plain(reply)) as server:
        async with client_of(server.url) as client:
            with pytest.raises(errors.NotFound, match="Not Found"):
                await client.list_models()


@pytest.mark.parametrize("as_bearer", [False, True])
async def test_a_gateway_that_repeats_the_credential_does_not_show_it(server, as_bearer: bool):
    secret = "a-gateway's-own-word"
    server.service.script(Error(400, body=f"no such key: {secret}".encode(), headers={"content-type": "text/plain"}))
    credential = BearerToken(token=secret, source="test") if as_bearer else ApiKey(key=secret, source="test")
    client = Client(server.url, auth_for(credential, server.url))
    with pytest.raises(errors.ProviderError) as caught:
        async for _ in client.stream(BODY):
            pass
    await client.aclose()
    assert "no such key" in caught.value.message
    assert secret not in str(caught.value) + repr(caught.value.failure())
