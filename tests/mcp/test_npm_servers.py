"""A server from npm, which others have written, for every client. Run by `.ci/run` where npm is: `pytest -m npm`.

It wants the packages of tests/npm, put there by `npm ci`. The tests themselves contact nothing.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from test_servers import Chat

from tui.chat.transcript import Image, Text
from tui.config import McpServer

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

EVERYTHING = Path(__file__).parent.parent / "npm/node_modules/@modelcontextprotocol/server-everything/dist/index.js"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_server_from_npm_answers(tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node is not None
    chat = Chat(tmp_path, all=McpServer(command=node, args=(str(EVERYTHING), "stdio")))
    try:
        assert await chat.start() == ()
        tools = {tool.name: json.loads(tool.input_schema) for tool in chat.box.tools}
        assert all(schema["type"] == "object" for schema in tools.values())
        assert "ebb" in await chat.text("all__echo", '{"message":"ebb"}')
        assert "5" in await chat.text("all__get-sum", '{"a":2,"b":3}')
        picture = await chat.call("all__get-tiny-image")
        assert {type(block) for block in picture.content} == {Text, Image}
        assert (await chat.call("all__echo", "{}")).is_error
    finally:
        await chat.servers.aclose()
