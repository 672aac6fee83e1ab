"""Servers that behave and servers that do not, as real processes, and one over HTTP on this computer."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
import threading
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from mcp.server.mcpserver import Context
from odd_server import PNG

from tui.chat.tools import PermissionDecision, PermissionRequested, ToolEvent
from tui.chat.transcript import Image, ToolResult, ToolUse
from tui.config import McpServer
from tui.mcp.message_size import LONGEST
from tui.mcp.servers import Servers
from tui.mcp.tool import RemoteTool
from tui.tools.permission import PermissionGate
from tui.tools.toolbox import MAX_CHARS, Toolbox

pytestmark = pytest.mark.anyio

ODD = str(Path(__file__).with_name("odd_server.py"))
LIMIT_S = 60.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def odd(*habits: str, **more: object) -> McpServer:
    return McpServer(command=sys.executable, args=(ODD, *habits), **{"start_timeout_s": 60, **more})


class Chat:
    """Servers, and a box with their tools as a chat has them."""

    def __init__(self, folder: Path, call_limit_s: float = 60.0, **config: McpServer) -> None:
        self.folder = folder
        self.warnings: list[str] = []
        self.asked: asyncio.Future[PermissionRequested] = asyncio.get_running_loop().create_future()
        self.servers = Servers(
            config, folder=folder, logs=folder / "logs", call_limit_s=call_limit_s, warn=self.warnings.append
        )
        self.box = Toolbox([], PermissionGate([f"{name}__*(*)" for name in config], "ask", lambda rule: None))

    async def start(self) -> tuple[str, ...]:
        told = await self.servers.start()
        self.offer()
        return told

    def offer(self) -> None:
        async def see(data: bytes, name: str) -> Image:
            return Image("image/png", base64.b64encode(data).decode(), name=name)

        homes = ((tool, self.servers.of_tool(tool.name)) for tool in self.servers.definitions)
        self.box.extend([RemoteTool(tool, server, see) for tool, server in homes if server is not None])

    async def call(self, name: str, input: str = "{}") -> ToolResult:
        return await self.box.run(ToolUse("toolu_1", name, input), self._note)

    def _note(self, event: ToolEvent) -> None:
        if isinstance(event, PermissionRequested):
            self.asked.set_result(event)

    async def text(self, name: str, input: str = "{}") -> str:
        result = await self.call(name, input)
        assert not result.is_error, result
        return result.content[0].text

    async def problem(self, name: str, input: str = "{}") -> str:
        result = await self.call(name, input)
        assert result.is_error
        return result.content[0].text


Starting = Callable[..., Chat]


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Starting]:
    made: list[Chat] = []

    def make(call_limit_s: float = 60.0, **config: McpServer) -> Chat:
        made.append(Chat(tmp_path, call_limit_s, **config))
        return made[-1]

    yield make
    for one in made:
        await one.servers.aclose()
        assert gone(one.folder)


def gone(folder: Path) -> bool:
    """Whether the processes of the odd server end soon."""
    file = folder / "pids.txt"
    deadline = time.monotonic() + LIMIT_S
    while any(map(is_alive, file.read_text().split() if file.exists() else ())):
        if time.monotonic() > deadline:
            return False
    return True


def is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
        return sys.platform != "linux" or Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


async def test_a_server_from_the_registry_answers(chat: Starting) -> None:
    one = chat(time=McpServer(command=sys.executable, args=("-m", "mcp_server_time", "--local-timezone", "UTC")))
    assert await one.start() == ()
    assert [tool.name for tool in one.box.tools] == ["time__get_current_time", "time__convert_time"]
    said = await one.text(
        "time__convert_time",
        '{"source_timezone":"Europe/Paris","time":"12:00","target_timezone":"Asia/Tokyo"}',
    )
    assert "20:00" in said or "19:00" in said
    assert "nowhere" in (await one.problem("time__get_current_time", '{"timezone":"nowhere"}')).lower()


async def test_nothing_starts_before_it_is_asked_for(chat: Starting) -> None:
    one = chat(odd=odd(), off=odd(enabled=False))
    assert [(status.name, status.state) for status in one.servers.statuses] == [("odd", "not started")]
    assert not (one.folder / "starts.txt").exists()
    await asyncio.gather(one.start(), one.start())
    assert (one.folder / "starts.txt").read_text() == "x"
    assert one.servers.statuses[0].state == "ready"
    assert one.servers.statuses[0].tools == 11


async def test_names_and_schemas_are_those_that_the_api_takes(chat: Starting) -> None:
    one = chat(odd=odd())
    await one.start()
    names = [tool.name for tool in one.box.tools]
    assert len(set(names)) == 11
    assert all(len(name) <= 64 and name.isascii() for name in names)
    (odd_name,) = [name for name in names if name.startswith("odd__odd_name")]
    assert await one.text(odd_name) == "called odd name/é"
    assert await one.text(names[-1]) == f"called {'x' * 80}"
    assert one.box.tools[0].input_schema == '{"type":"object","properties":{"text":{"type":"string"}}}'


async def test_results_are_text_and_pictures_of_bounded_size(chat: Starting) -> None:
    one = chat(odd=odd())
    await one.start()
    assert await one.text("odd__echo", '{"text":"ebb"}') == "ebb"
    assert await one.text("odd__structured") == '{"tide":[1,2]}'
    picture, words = (await one.call("odd__picture")).content
    assert (picture.data, words.text) == (PNG, "seen")
    huge = await one.text("odd__huge")
    assert len(huge) < MAX_CHARS + 100
    assert "characters left out" in huge
    assert await one.problem("odd__fails") == "no water"
    assert "JSON" in await one.problem("odd__echo", '{"text"')


async def test_a_call_asks_whatever_the_server_says_of_its_tool(chat: Starting) -> None:
    one = chat(odd=odd())
    await one.start()
    one.box.gate = PermissionGate([], "ask", lambda rule: None)
    running = asyncio.create_task(one.call("odd__echo", '{ "text": "a[b]*" }'))
    question = (await asyncio.wait_for(one.asked, LIMIT_S)).question
    assert question.detail == '{\n  "text": "a[b]*"\n}'
    assert question.title == "Use echo of the MCP server odd"
    assert question.rules[1] == "odd__echo(*)"
    one.box.gate.answer("toolu_1", PermissionDecision(allowed=True, lasting="chat", rule=question.rules[1]))
    assert (await running).content[0].text == "a[b]*"
    assert await one.text("odd__echo", '{"text":"again/other"}') == "again/other"


async def test_reading_alone_offers_none_of_them(chat: Starting) -> None:
    one = chat(odd=odd())
    await one.start()
    one.box.gate.access = "read"
    assert one.box.tools == ()


async def test_a_crash_is_told_and_the_next_call_starts_it_again(chat: Starting) -> None:
    one = chat(odd=odd())
    await one.start()
    assert "carried out in part" in await one.problem("odd__crash")
    assert one.servers.statuses[0].state == "ended"
    assert await one.text("odd__count") == "2"
    assert one.warnings == ["The MCP server odd had ended, and was started again."]
    first, second = await asyncio.gather(one.call("odd__crash"), one.call("odd__crash"))
    assert first.is_error
    assert second.is_error
    assert await one.text("odd__echo", '{"text":"still"}') == "still"


async def test_a_call_that_hangs_is_left(chat: Starting) -> None:
    one = chat(odd=odd(), call_limit_s=1.0)
    await one.start()
    assert "did not answer within 1 seconds" in await one.problem("odd__hang")


async def test_a_line_without_end_ends_the_server_and_not_us(chat: Starting) -> None:
    one = chat(odd=odd())
    await one.start()
    assert "ended during the call" in await one.problem("odd__endless")
    assert await one.text("odd__echo", '{"text":"on"}') == "on"


async def test_what_does_not_start_is_told_and_left_out(chat: Starting) -> None:
    one = chat(
        missing=McpServer(command="no-such-program-anywhere"),
        dies=odd("dies"),
        mute=odd("mute", "deaf", start_timeout_s=1),
        odd=odd("grumbles"),
    )
    missing, dies, mute = await one.start()
    assert "there is no program no-such-program-anywhere" in missing
    assert "dies did not start" in dies
    assert "it ended before it had answered (last output: the harbour is closed)" in dies
    assert "did not answer within 1 seconds" in mute
    assert {tool.name.partition("__")[0] for tool in one.box.tools} == {"odd"}
    assert "harbour" in (one.folder / "logs" / "dies.log").read_text()
    log = one.folder / "logs" / "odd.log"
    assert await one.text("odd__echo", '{"text":"ready"}') == "ready"
    assert log.stat().st_size <= 1024 * 1024
    assert log.stat().st_mode & 0o777 == 0o600
    assert await one.start() == ()


async def test_a_question_that_nobody_answers_is_told(chat: Starting) -> None:
    await chat(odd=odd()).start()  # by now all is loaded, and the time is the program's alone
    (told,) = await chat(asks=odd("mute", "asks", start_timeout_s=3)).start()
    assert "did not answer within 3 seconds (last output: Password for the harbour:)." in told


async def test_a_list_of_tools_without_end_is_left(chat: Starting) -> None:
    (told,) = await chat(odd=odd("rambles")).start()
    assert told.startswith("The MCP server odd did not start: it gave more than 16 MB at once.")


async def test_what_is_told_of_a_failure_holds_nothing_that_it_was_given(chat: Starting) -> None:
    one = chat(dies=odd("dies", env={"KEY": "harbour"}))
    (told,) = await one.start()
    assert "last output: the … is closed" in told
    assert "harbour" not in one.servers.statuses[0].error


async def test_a_tool_that_is_gone_says_so_and_one_that_came_waits(chat: Starting) -> None:
    one = chat(odd=odd("grows"))
    await one.start()
    assert one.box.tools[-1].name == "odd__new_1"
    assert "has started" in await one.servers.restart("odd")
    assert one.box.tools[-1].name == "odd__new_1"
    assert "has no such tool any more" in await one.problem("odd__new_1")
    one.offer()
    assert await one.text("odd__new_2") == "called new_2"


async def test_what_a_server_has_is_looked_at_for_each_new_chat(chat: Starting) -> None:
    one = chat(odd=odd("changes"))
    await one.start()
    assert one.servers.definitions[-1].name == "odd__list_1"
    await one.servers.start()
    assert one.servers.definitions[-1].name == "odd__list_2"
    assert [tool.name for tool in one.box.tools][-1] == "odd__list_1"


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0)


async def test_a_change_that_a_server_tells_of_is_known_at_once_and_waits(chat: Starting) -> None:
    one = chat(odd=odd("changes", "announces"))
    await one.start()
    assert await one.text("odd__echo", '{"text":"ebb"}') == "ebb"
    await until(lambda: one.servers.definitions[-1].name == "odd__list_2")
    assert one.servers.statuses[0].tools == 12
    assert [tool.name for tool in one.box.tools][-1] == "odd__list_1"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only what stays in the server's group is found")
async def test_what_a_server_started_ends_with_it(chat: Starting) -> None:
    one = chat(odd=odd("parent", "deaf"))
    await one.start()
    pids = (one.folder / "pids.txt").read_text().split()
    assert len(pids) == 2
    assert all(map(is_alive, pids))
    await one.servers.aclose()
    assert gone(one.folder)


async def much(kind: str, send: Callable[..., Awaitable[None]]) -> None:
    """An answer of four times what may be read."""
    headers = [(b"content-type", b"text/event-stream" if kind == "event" else b"application/json")]
    press = zlib.compressobj(wbits=31) if kind == "packed" else None
    headers += [(b"content-encoding", b"gzip")] if press else []
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    piece = b"x" * (LONGEST // 16)
    with suppress(OSError):  # whoever asked has gone
        await send({"type": "http.response.body", "body": b"data: " if kind == "event" else b"", "more_body": True})
        for _ in range(64):
            body = press.compress(piece) + press.flush(zlib.Z_SYNC_FLUSH) if press else piece
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@contextmanager
def over_http(token: str, *, flood: str = "") -> Iterator[str]:
    """The address of a server of the SDK's own making, which wants a header. Its tool `flood` answers with much of that
    kind: "json", "packed" JSON, or one "event".
    """
    import socket

    import uvicorn
    from mcp.server import MCPServer
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.types import Message, Receive, Scope, Send

    mcp = MCPServer("tides")

    @mcp.tool()
    def high_water(port: str) -> str:
        return f"High water in {port} at 06:12."

    @mcp.tool()
    async def dredge(context: Context) -> str:
        mcp.add_tool(lambda: "deep", "sound")
        await context.notify_tools_changed()
        return "done"

    mcp.add_tool(lambda: "", "flood")
    app: Starlette = mcp.streamable_http_app()

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and dict(scope["headers"]).get(b"authorization") != f"Bearer {token}".encode():
            await PlainTextResponse("no", status_code=401)(scope, receive, send)
            return
        if flood and b'"flood"' in (said := await receive()).get("body", b""):
            await much(flood, send)
            return
        replies = iter([said] if flood else [])

        async def received() -> Message:
            return next(replies, None) or await receive()

        await app(scope, received, send)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(guarded, log_level="critical", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=lambda: server.run(sockets=[listening]))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
        finally:
            server.should_exit = True
            thread.join()


async def test_a_server_over_http_gets_its_headers(chat: Starting) -> None:
    with over_http("PLANTED") as url:
        one = chat(
            tides=McpServer(url=url, headers={"Authorization": "Bearer PLANTED"}),
            closed=McpServer(url=url, headers={"Authorization": "Bearer wrong"}),
        )
        (refused,) = await one.start()
        assert "closed did not start: its address answered 401 Unauthorized." in refused
        assert "wrong" not in refused
        assert await one.text("tides__high_water", '{"port":"Brest"}') == "High water in Brest at 06:12."
    assert (await one.call("tides__high_water", '{"port":"Brest"}')).is_error
    assert (await one.call("tides__high_water", '{"port":"Brest"}')).is_error


@pytest.mark.parametrize("kind", ["json", "packed", "event"])
async def test_more_over_http_than_fits_is_not_read_to_its_end(chat: Starting, kind: str) -> None:
    with over_http("PLANTED", flood=kind) as url:
        one = chat(tides=McpServer(url=url, headers={"Authorization": "Bearer PLANTED"}))
        assert await one.start() == ()
        said = await one.problem("tides__flood")
        assert said == "The server tides gave more than 16 MB at once, which was not read."
        assert await one.text("tides__high_water", '{"port":"Brest"}') == "High water in Brest at 06:12."
    assert one.warnings == []


async def test_a_change_is_told_over_http_too(chat: Starting) -> None:
    with over_http("PLANTED") as url:
        one = chat(tides=McpServer(url=url, headers={"Authorization": "Bearer PLANTED"}))
        await one.start()
        assert await one.text("tides__dredge") == "done"
        await until(lambda: one.servers.definitions[-1].name == "tides__sound")
        one.offer()
        assert await one.text("tides__sound") == "deep"
        await one.servers.aclose()


async def test_an_address_where_nobody_answers_is_told(chat: Starting) -> None:
    with over_http("PLANTED") as url:
        pass
    (told,) = await chat(gone=McpServer(url=url)).start()
    assert "gone did not start: it cannot be reached" in told


@pytest.mark.parametrize("value", ["http://user:PLANTED[ss@127.0.0.1:9", "http://[::1", "garbage://127.0.0.1"])
async def test_a_proxy_that_is_none_is_told_and_no_proxy_goes_before_it(
    chat: Starting, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", value)
    with over_http("PLANTED") as url:
        said = McpServer(url=url, headers={"Authorization": "Bearer PLANTED"})
        (told,) = await chat(tides=said).start()
        assert "tides did not start: HTTP_PROXY is not the address of a proxy" in told
        assert "PLANTED" not in told
        monkeypatch.setenv("NO_PROXY", "[::1],127.0.0.0/8,[")
        assert await chat(tides=said).start() == ()
