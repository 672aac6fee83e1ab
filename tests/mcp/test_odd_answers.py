"""Servers with odd tools and odd results, as real programs: what is odd costs itself alone, and is said."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.chat.tools import PermissionDecision, PermissionRequested, ToolEvent
from tui.chat.transcript import Text, ToolResult, ToolUse
from tui.config import McpServer
from tui.mcp.argument_names import Unnameable, offered_name, renamed_in, with_offered_names, with_own_names
from tui.mcp.servers import Servers
from tui.mcp.tool import RemoteTool
from tui.tools.permission import PermissionGate
from tui.tools.toolbox import Toolbox

pytestmark = pytest.mark.anyio
TAKEN = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
SERVER = """
import json, sys
listed, answer, version = json.loads(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    match message["method"]:
        case "initialize":
            facts = {"protocolVersion": version, "capabilities": {"tools": {}}}
            facts["serverInfo"] = {"name": "odd", "version": "1"}
            reply = {"result": facts}
        case "tools/list":
            reply = {"result": {"tools": listed}}
        case "tools/call":
            given = message["params"].get("arguments")
            reply = {"result": answer or {"content": [{"type": "text", "text": json.dumps(given)}]}}
        case _:
            reply = {"error": {"code": -32601, "message": "Method not found"}}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **reply}), flush=True)
"""
OBJECT = {"type": "object", "properties": {"q": {"type": "string"}}}
GOOD = {"name": "good", "inputSchema": OBJECT}


class Chat:
    def __init__(self, servers: Servers, told: tuple[str, ...]) -> None:
        self.servers, self.told = servers, told
        self.asked: list[PermissionRequested] = []
        self.box = Toolbox([], PermissionGate([], "ask", lambda _: None))
        self.box.extend(
            [RemoteTool(one, server, _see) for one in servers.definitions if (server := servers.of_tool(one.name))]
        )

    @property
    def names(self) -> list[str]:
        return [tool.name for tool in self.servers.definitions]

    async def call(self, name: str, **arguments: object) -> ToolResult:
        return await self.box.run(ToolUse("c", f"odd__{name}", json.dumps(arguments)), self._tell)

    def _tell(self, event: ToolEvent) -> None:
        if isinstance(event, PermissionRequested):
            self.asked.append(event)
            self.box.gate.answer("c", PermissionDecision(allowed=True))


async def _see(data: bytes, name: str) -> Any:
    raise AssertionError(name)


@asynccontextmanager
async def chat(
    folder: Path, tools: list[Any], answer: object = None, version: str = "2025-06-18"
) -> AsyncIterator[Chat]:
    args = ("-c", SERVER, json.dumps(tools), json.dumps(answer), version)
    said = McpServer(command=sys.executable, args=args, start_timeout_s=60)
    servers = Servers({"odd": said}, folder=folder, logs=folder / "logs")
    try:
        yield Chat(servers, await servers.start())
    finally:
        await servers.aclose()


def text_of(result: ToolResult) -> list[str]:
    assert not result.is_error, result
    return [block.text for block in result.content if isinstance(block, Text)]


ODD_TOOLS = [
    ({"name": "bad", "inputSchema": {"anyOf": [OBJECT]}}, 'bad (its input schema is not of type "object")'),
    ({"name": "bad", "inputSchema": {"type": "string"}}, 'bad (its input schema is not of type "object")'),
    ({"name": "bad"}, 'bad (its input schema is not of type "object")'),
    ({"name": "bad", "inputSchema": None}, 'bad (its input schema is not of type "object")'),
    ({"name": "bad", "inputSchema": {"type": "object", "properties": []}}, ""),
    ({"name": "bad", "inputSchema": {"type": "object", "properties": [1]}}, "bad (the properties in its input schema"),
    ({**GOOD, "name": "bad", "outputSchema": {"$id": "x.v1"}}, 'bad (its output schema is not of type "object")'),
    ({**GOOD, "name": "bad", "outputSchema": "x"}, 'bad (its output schema is not of type "object")'),
    ({"inputSchema": OBJECT}, "one without a name"),
    ("x", "one without a name"),
    (GOOD, "good (a second one of that name)"),
    (
        {"name": "bad", "inputSchema": {"type": "object", "properties": {"": {}}}},
        "bad (the API would not take its schema",
    ),
    (
        {"name": "bad", "inputSchema": {"type": "object", "properties": {"x" * 65: {}}}},
        "bad (the API would not take its schema",
    ),
    ({**GOOD, "name": "bad", "description": 5, "annotations": "x", "icons": 3, "title": None}, ""),
    ({"name": "bad", "inputSchema": {"type": "object", "properties": None, "required": None}}, ""),
]


@pytest.mark.parametrize(("tool", "says"), ODD_TOOLS, ids=range(len(ODD_TOOLS)))
async def test_an_odd_tool_is_left_out_and_named_and_the_others_work(tmp_path: Path, tool: Any, says: str) -> None:
    async with chat(tmp_path, [GOOD, tool]) as one:
        assert "odd__good" in one.names
        assert text_of(await one.call("good", q="x")) == ['{"q": "x"}']
        if says:
            assert one.names == ["odd__good"]
            assert f"The MCP server odd works; left out: {says}" in one.told[0]
            assert says in one.servers.statuses[0].error
        else:
            assert one.names == ["odd__good", "odd__bad"]
            assert one.told == ()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"content": [{"type": "text", "text": "words"}]}, ["words"]),
        (
            {"content": [{"type": "text", "text": "words"}], "structuredContent": {"n": "not a number"}},
            ["words", '{"n":"not a number"}'],
        ),
        ({"content": [{"type": "text", "text": '{ "n": 1 }'}], "structuredContent": {"n": 1}}, ['{ "n": 1 }']),
        ({"content": [], "structuredContent": {"n": 1}}, ['{"n":1}']),
        ({"structuredContent": {"n": 1}}, ['{"n":1}']),
        ({"content": [], "structuredContent": [1, 2]}, ["[1,2]"]),
        ({"content": "words"}, ["words"]),
        (
            {"content": [{"type": "hologram", "x": 1}, {"type": "text", "text": "words"}]},
            ["[hologram: left out]", "words"],
        ),
        ({"content": [{"type": "text", "text": 5}, 7]}, ["[text: left out]", "[a part without a type: left out]"]),
        ({"content": [{"type": "text", "text": "words"}], "isError": None}, ["words"]),
        ({"content": [{"type": "resource", "resource": {"uri": "a:b", "text": "inside"}}]}, ["inside"]),
        ({"content": [{"type": "resource_link", "uri": "a:b"}]}, ["[resource: a:b]"]),
    ],
)
async def test_what_a_tool_answers_is_passed_on(tmp_path: Path, answer: object, expected: list[str]) -> None:
    promised = {**GOOD, "outputSchema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}}
    async with chat(tmp_path, [promised], answer) as one:
        assert text_of(await one.call("good", q="x")) == expected


async def test_names_of_arguments_are_written_as_the_api_takes_them_and_read_back(tmp_path: Path) -> None:
    inner = {"type": "object", "properties": {"a b": {"type": "string"}}, "required": ["a b"]}
    schema = {
        "type": "object",
        "properties": {"StartTime<": {"type": "string"}, "ids[]": {"type": "array", "items": inner}, "plain": {}},
        "required": ["StartTime<"],
    }
    async with chat(tmp_path, [{"name": "keys", "inputSchema": schema}]) as one:
        offered = json.loads(one.servers.definitions[0].input_schema)
        assert offered["required"] == ["StartTime_x3c_"]
        assert all(TAKEN.fullmatch(name) for name in offered["properties"])
        assert all(TAKEN.fullmatch(name) for name in offered["properties"]["ids_x5b__x5d_"]["items"]["properties"])
        given = {"StartTime_x3c_": "1", "ids_x5b__x5d_": [{"a_x20_b": "2"}], "plain": {"x": 3}}
        own = {"StartTime<": "1", "ids[]": [{"a b": "2"}], "plain": {"x": 3}}
        assert json.loads(text_of(await one.call("keys", **given))[0]) == own
        assert json.loads(one.asked[0].question.detail) == own


async def test_names_with_control_characters_are_tools_of_their_own(tmp_path: Path) -> None:
    names = ["arb", "a\rb", "a\x1b[2Jb", "a\u202eb", "a_b"]
    async with chat(tmp_path, [{"name": name, "inputSchema": OBJECT} for name in names]) as one:
        assert len(set(one.names)) == 5
        assert all(TAKEN.fullmatch(name) for name in one.names)
        await one.call(one.names[1].removeprefix("odd__"), q="x")
        (asked,) = one.asked
        assert asked.question.title.isprintable()
        assert all(rule.isprintable() and rule.startswith(one.names[1]) for rule in asked.question.rules)


async def test_no_secret_of_the_environment_reaches_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:PLANTED@127.0.0.1:9")
    monkeypatch.setenv("GITHUB_TOKEN", "PLANTED")
    probe = "import os,sys; open('seen','w').write(repr(dict(os.environ)))"
    said = McpServer(command=sys.executable, args=("-c", probe), env={"MINE": "given"}, start_timeout_s=60)
    servers = Servers({"odd": said}, folder=tmp_path, logs=tmp_path / "logs")
    await servers.start()
    await servers.aclose()
    seen = await asyncio.to_thread((tmp_path / "seen").read_text)
    assert "given" in seen
    assert "PLANTED" not in seen


_names = st.text(st.sampled_from("ab_x5c[]<é. "), min_size=1, max_size=9)


@given(_names)
def test_a_name_is_read_back_as_it_was(name: str) -> None:
    try:
        offered = offered_name(name)
    except Unnameable:
        return
    assert TAKEN.fullmatch(offered)
    schema = with_offered_names({"type": "object", "properties": {name: {"type": "string"}}, "required": [name]})
    assert schema["required"] == [offered]
    assert with_own_names({offered: [{offered: 1}]}, renamed_in(json.dumps(schema))) == {name: [{name: 1}]}


@given(_names, _names)
def test_two_names_stay_two(one: str, other: str) -> None:
    if len(one) + len(other) < 12:
        assert (offered_name(one) == offered_name(other)) is (one == other)
