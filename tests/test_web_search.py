"""Web search from the configuration to the answer: what is offered, what is replayed, what is told, what it costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tui.demo.scenarios import Answer, Block, Search, SearchResult, Text, Thinking, ToolUse
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parent.parent
PAGE = SearchResult("https://tides.example/brest", "Brest tides", "2 days ago")
CITED = {
    "type": "web_search_result_location",
    "url": PAGE.url,
    "title": PAGE.title,
    "encrypted_index": "RGVtbw==",
    "cited_text": "High water 06:12",
}
CALL = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
QUERY = {"type": "input_json_delta", "partial_json": '{"query":  "tide Brest"}'}
FOUND = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [{"type": "web_search_result", "url": PAGE.url, "title": PAGE.title, "encrypted_content": "RW5j+/=="}],
}


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


class Prx:
    """`prx -p` under a configuration, with web search switched on."""

    def __init__(self, server: Server[FakeAnthropic], folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._config = folder / "config.toml"
        self.configure("web_search = true")

    def configure(self, line: str) -> None:
        self._config.write_text(f'[default]\ntools = "read"\n[tools]\n{line}\n')

    def __call__(self, *args: str) -> subprocess.CompletedProcess[str]:
        env = {
            **os.environ,
            "ANTHROPIC_API_KEY": DEMO_KEY,
            "ANTHROPIC_BASE_URL": self._server.url,
            "PYTHONPATH": str(ROOT),
        }
        line = [sys.executable, "-m", "tui", "--config", str(self._config), *args]
        run = subprocess.run(line, input="", capture_output=True, text=True, env=env, cwd=self._folder, timeout=60)
        assert "Traceback" not in run.stderr, run.stderr
        return run

    def json(self, *args: str) -> Any:
        return json.loads(self(*args, "--output-format", "json").stdout)


@pytest.fixture
def prx(server: Server[FakeAnthropic], tmp_path: Path) -> Prx:
    return Prx(server, tmp_path)


def sent(server: Server[FakeAnthropic], number: int) -> Any:
    return server.requests[number - 1].json


def test_the_last_tool_is_the_search_and_carries_the_breakpoint(server: Server[FakeAnthropic], prx: Prx) -> None:
    prx.configure('web_search = { max_uses = 3, allowed_domains = ["tides.example"] }')
    assert prx("-p", "Hi").returncode == 0
    *own, search = sent(server, 1)["tools"]
    assert all("input_schema" in tool for tool in own)
    assert search == {
        "type": "web_search_20250305",
        "name": "web_search",
        "max_uses": 3,
        "allowed_domains": ["tides.example"],
        "cache_control": {"type": "ephemeral"},
    }


def test_a_chat_keeps_the_search_that_it_began_with(server: Server[FakeAnthropic], prx: Prx) -> None:
    prx("-p", "One")
    prx.configure("web_search = false")
    prx("-p", "-c", "Two")
    assert sent(server, 1)["tools"] == sent(server, 2)["tools"]
    prx("-p", "New")
    assert "web_search" not in [tool["name"] for tool in sent(server, 3)["tools"]]


def test_without_tools_there_is_no_search(server: Server[FakeAnthropic], prx: Prx) -> None:
    prx("-p", "Hi", "--tools", "none")
    assert "tools" not in sent(server, 1)


def test_the_text_is_exact_and_the_sources_are_told_beside_it(server: Server[FakeAnthropic], prx: Prx) -> None:
    answer = Answer(Search("tide Brest", (PAGE,)), Text("High water is at 06:12.", citations=(CITED,)), Text(" So."))
    server.service.script(answer, answer)
    run = prx("-p", "When?")
    assert run.stdout == "High water is at 06:12. So.\n"
    assert "prx: Source 1: Brest tides · https://tides.example/brest\n" in run.stderr
    said = prx.json("-p", "When?")
    assert said["text"] == "High water is at 06:12. So."
    assert said["notices"] == ["Source 1: Brest tides · https://tides.example/brest"]
    assert said["usage"]["server_tool_use"] == {"web_search_requests": 1}
    assert said["cost_usd"] > 0.01


def test_a_search_that_failed_is_told(server: Server[FakeAnthropic], prx: Prx) -> None:
    server.service.script(Answer(Search("tide", error_code="too_many_requests"), Text("I do not know.")))
    said = prx.json("-p", "When?")
    assert said["notices"] == ["A web search failed: there were too many searches at once."]


def test_a_pause_in_a_search_is_gone_on_with_byte_for_byte(server: Server[FakeAnthropic], prx: Prx) -> None:
    """The server pauses after the call; its result begins the next response, which calls a tool of ours besides."""
    server.service.script(
        Answer(Thinking("Search."), Text("Let me see."), Block(CALL, (QUERY,)), stop_reason="pause_turn"),
        Answer(Block(FOUND), Text("At 06:12.", citations=(CITED,)), ToolUse("list_files", input={"path": "."})),
        Answer(Text("Done.")),
        Answer(Text("Yes.")),
    )
    said = prx.json("-p", "When?")
    assert (said["text"], said["requests"], said["stop_reason"]) == ("Done.", 3, "end_turn")
    assert prx("-p", "-c", "Sure?").stdout == "Yes.\n"
    first = sent(server, 2)["messages"][1]["content"]
    assert [block["type"] for block in first] == ["thinking", "text", "server_tool_use"]
    assert b'"input":{"query":  "tide Brest"}' in server.requests[1].body
    for number in (3, 4):
        assert json.dumps(FOUND, separators=(",", ":")).encode() in server.requests[number - 1].body
        (cited,) = [one for m in sent(server, number)["messages"] for one in m["content"] if one.get("citations")]
        assert cited["citations"] == [CITED]
    assert sent(server, 4)["messages"][:3] == sent(server, 3)["messages"][:3]


def test_the_numbers_of_sources_go_on_after_a_pause(server: Server[FakeAnthropic], prx: Prx) -> None:
    other = CITED | {"url": "https://noon.example", "title": "Noon"}
    first = Answer(Search("tide", (PAGE,)), Text("At 06:12.", citations=(CITED,)), stop_reason="pause_turn")
    server.service.script(first, Answer(Text("Low at noon.", citations=(other, CITED))))
    said = prx.json("-p", "When?")
    assert said["notices"] == [
        "Source 1: Brest tides · https://tides.example/brest",
        "Source 2: Noon · https://noon.example",
    ]


def test_a_server_that_always_pauses_is_left_in_the_end(server: Server[FakeAnthropic], prx: Prx) -> None:
    server.service.script(*[Answer(Search(f"tide {at}", (PAGE,)), stop_reason="pause_turn") for at in range(11)])
    said = prx.json("-p", "When?")
    assert said["requests"] == 11
    assert "The answer was stopped: the server paused 11 times." in said["notices"]


def test_an_organisation_without_search_is_told_what_to_do(server: Server[FakeAnthropic], prx: Prx) -> None:
    server.service.can_search = False
    said = prx.json("-p", "When?")
    assert said["error"]["status"] == 400
    assert "web_search = false" in said["error"]["hint"]
    prx.configure("web_search = false")
    assert prx("-p", "When?").returncode == 0


def test_a_chat_goes_on_without_the_search_that_was_switched_off_for_its_organisation(
    server: Server[FakeAnthropic], prx: Prx
) -> None:
    found = Answer(Thinking("Search."), Search("tide Brest", (PAGE,)), Text("At 06:12.", citations=(CITED,)))
    server.service.script(found)
    prx("-p", "When?")
    server.service.can_search = False
    said = prx.json("-p", "-c", "Sure?")
    assert said["error"]["message"] == "tools: web search is not enabled for this organization"
    assert "Web search is now off in this chat. Send again." in said["error"]["hint"]
    assert prx("-p", "-c", "Sure, then?").returncode == 0
    *own, search = sent(server, 1)["tools"]
    assert search["name"] == "web_search"
    last = server.requests[-1].json
    assert [tool["name"] for tool in last["tools"]] == [tool["name"] for tool in own]
    kinds = [block["type"] for block in last["messages"][1]["content"]]
    assert kinds == ["server_tool_use", "web_search_tool_result", "text"], (
        "what was thought with other tools is left out"
    )
