"""The bytes of what was sent once never change: in later turns, with tools, images and thinking, and after a restart."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from chatting import Chat, chatting
from transcripts import PNG

from tui.chat.transcript import Draft, Image
from tui.demo.scenarios import Answer, Text, Thinking, ToolUse

pytestmark = pytest.mark.anyio

LONG = "You answer about tides and nothing else. " * 150
CONFIG = f'[default]\nmodel = "sonnet"\nsystem = "{LONG}"\n'


def thought(text: str) -> Answer:
    return Answer(Thinking(f"About {text}."), Text(text))


async def say(chat: Chat, text: str, *attachments: Image) -> None:
    chat.screen.submit(Draft(text=text, attachments=attachments))
    await chat.pilot.pause()
    await chat.until_idle()
    assert chat.screen.session.transcript.messages[-1].state == "complete"


def bodies(chat: Chat) -> list[str]:
    return [unmarked(one.json) for one in chat.server.requests if one.path == "/v1/messages"]


def unmarked(body: dict[str, Any]) -> str:
    """What the cache keeps of a request, in its order: tools, system, messages, as text; markers and the end left out."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: bare(inner) for key, inner in value.items() if key != "cache_control"}
        return [bare(inner) for inner in value] if isinstance(value, list) else value

    kept = [body.get("tools", []), body.get("system", []), *body["messages"]]
    return json.dumps(bare(kept), separators=(",", ":"))[:-1]


def is_one_row(requests: list[str]) -> bool:
    """Whether each goes on where the one before it ended."""
    return all(after.startswith(before) for before, after in itertools.pairwise(requests))


async def test_each_request_goes_on_where_the_one_before_it_ended_also_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tide.txt").write_text("High water at 06:12.\n")
    look = Answer(Thinking("I look."), Text("Let me look."), ToolUse("read_file", input={"path": "tide.txt"}))
    picture = Image("image/png", PNG, name="tide.png")
    async with chatting(thought("one"), look, thought("two"), thought("three"), config=CONFIG, tools="read") as chat:
        await say(chat, "first")
        await say(chat, "second: é, 潮, \u2028 and </html>")
        await say(chat, "third", picture)
        before = bodies(chat)
    async with chatting(thought("four"), thought("five"), config=CONFIG, tools="read", start="last") as chat:
        await chat.until(lambda: len(chat.screen.session.transcript.messages) > 5)
        await say(chat, "fourth")
        await say(chat, "fifth")
        after = bodies(chat)
    assert len(before) >= 3
    assert len(after) == 2
    assert is_one_row([*before, *after])
    whole = after[-1]
    assert all(sign in whole for sign in ('"thinking"', '"image"', '"tool_use"', '"tool_result"', '"read_file"'))
