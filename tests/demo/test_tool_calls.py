"""The simulator's errands with tools: which calls it makes, what it says of their results; our own tools take them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from asking import assistant, request, user

from tui.chat.tools import ToolEvent
from tui.chat.transcript import ToolUse as Call
from tui.demo import reply_texts
from tui.demo.replies import answer_for
from tui.demo.scenarios import Text, ToolUse
from tui.tools.built_in import built_in
from tui.tools.permission import PermissionGate
from tui.tools.toolbox import Toolbox

pytestmark = pytest.mark.anyio


class SimulatedChat:
    """A conversation with the simulator in which our own tools do what it calls."""

    def __init__(self, folder: Path, allow: list[str]) -> None:
        async def see(data: bytes, name: str):
            raise AssertionError("no picture is looked at")

        gate = PermissionGate(allow, "ask", lambda rule: None, asks=False)
        self._box = Toolbox(built_in(folder, see=see), gate)
        self._messages = []
        self._tools = [
            {"name": tool.name, "description": tool.description, "input_schema": {"type": "object"}}
            for tool in self._box.tools
        ]

    async def say(self, prompt: str) -> tuple[list[str], str]:
        """The names of the tools that were called, and the last words."""
        self._messages.append(user(prompt))
        called = []
        while True:
            answer = answer_for(request(*self._messages, tools=self._tools))
            calls = [part for part in answer.parts if isinstance(part, ToolUse)]
            if not calls:
                words = "".join(piece for part in answer.parts if isinstance(part, Text) for piece in part.pieces)
                self._messages.append(assistant({"type": "text", "text": words}))
                return called, words
            await self._run(calls, len(called))
            called += [call.name for call in calls]

    async def _run(self, calls: list[ToolUse], first: int) -> None:
        def ignored(event: ToolEvent) -> None:
            pass

        said, done = [], []
        for number, call in enumerate(calls, len(self._messages) * 10 + first):
            id = f"toolu_{number}"
            said.append({"type": "tool_use", "id": id, "name": call.name, "input": dict(call.input)})
            result = await self._box.run(Call(id, call.name, json.dumps(dict(call.input))), ignored)
            content = [{"type": "text", "text": block.text} for block in result.content]
            done.append({"type": "tool_result", "tool_use_id": id, "content": content, "is_error": result.is_error})
        self._messages += [assistant(*said), user(*done)]


async def test_it_reads_the_file_that_says_most_about_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("print()\n")
    (tmp_path / "README.md").write_text("# The fjord\n\nIt is ```deep```.\n")
    called, words = await SimulatedChat(tmp_path, []).say("files")
    assert called == ["list_files", "search_files", "read_file"]
    assert "`README.md`" in words
    assert "# The fjord\n\nIt is '''deep'''." in words
    assert reply_texts.TAIL in words


async def test_a_folder_without_a_text_is_no_riddle(tmp_path: Path) -> None:
    called, words = await SimulatedChat(tmp_path, []).say("What is in this folder?")
    assert called == ["list_files", "search_files"]
    assert "The folder is empty." in words


async def test_what_was_allowed_is_done_and_what_was_not_is_said(tmp_path: Path) -> None:
    chat = SimulatedChat(tmp_path, ["write_file(prx-demo.md)"])
    called, words = await chat.say("write a note")
    assert called == ["write_file"]
    assert "prx-demo.md" in words
    assert (tmp_path / "prx-demo.md").read_text().startswith("# A note")
    called, words = await chat.say("run a command")
    assert called == ["run_command"]
    assert "did not allow" in words
    called, words = await chat.say("files")
    assert called[-1] == "read_file"
    assert "`prx-demo.md`" in words
