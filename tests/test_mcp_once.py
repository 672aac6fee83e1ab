"""Servers of tools through the installed program: `prx -p` from the configuration to the answer, also killed half way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from terminal import Terminal

from tui.demo.scenarios import Answer, Text, ToolUse
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parent.parent
ODD = Path(__file__).with_name("mcp") / "odd_server.py"
LIMIT_S = 60.0


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


class Prx:
    def __init__(self, server: Server[FakeAnthropic], folder: Path) -> None:
        self._server = server
        self.folder = folder
        self._config = folder / "config.toml"
        self.configure()

    def configure(self, *habits: str, start_s: int = 60, more: str = "", allow: str = "odd__*(*)") -> None:
        args = json.dumps([str(ODD), *habits])
        self._config.write_text(
            f'[default]\ntools = "ask"\n[tools]\nallow = ["{allow}"]\n'
            f"[mcp.odd]\ncommand = {json.dumps(sys.executable)}\nargs = {args}\n"
            f"start_timeout_s = {start_s}\n{more}\n"
        )

    def start(self, *args: str, **env: str) -> subprocess.Popen[str]:
        known = {"ANTHROPIC_API_KEY": DEMO_KEY, "ANTHROPIC_BASE_URL": self._server.url, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [sys.executable, "-m", "tui", "--config", str(self._config), *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=os.environ | known | env,
        )

    def __call__(self, *args: str) -> Any:
        with self.start(*args, "--output-format", "json") as process:
            told, errors = process.communicate(timeout=60)
        assert "Traceback" not in errors, errors
        assert self.is_gone()
        return json.loads(told)

    def pids(self) -> list[int]:
        file = self.folder / "pids.txt"
        return [int(pid) for pid in file.read_text().split()] if file.exists() else []

    def is_gone(self) -> bool:
        deadline = time.monotonic() + LIMIT_S
        while any(map(is_alive, self.pids())):
            if time.monotonic() > deadline:
                return False
        return True


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return sys.platform != "linux" or Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.fixture
def prx(server: Server[FakeAnthropic], tmp_path: Path) -> Prx:
    return Prx(server, tmp_path)


def sent(server: Server[FakeAnthropic], number: int) -> Any:
    return server.requests[number - 1].json


def offered(body: Any) -> list[str]:
    return [tool["name"] for tool in body.get("tools", ()) if tool["name"].startswith("odd__")]


def call(name: str, **input: str) -> Answer:
    return Answer(ToolUse(f"odd__{name}", input=input))


def test_a_tool_of_a_server_is_used_and_its_result_sent(server: Server[FakeAnthropic], prx: Prx) -> None:
    server.service.script(call("echo", text="High at \x1b[31m06:12"), call("picture"), Answer(Text("Seen.")))
    said = prx("-p", "When?")
    assert (said["text"], said["requests"]) == ("Seen.", 3)
    assert len(offered(sent(server, 1))) == 11
    (result,) = sent(server, 2)["messages"][-1]["content"]
    assert result["content"] == [{"type": "text", "text": "High at \x1b[31m06:12"}]
    (pictured,) = sent(server, 3)["messages"][-1]["content"]
    assert [block["type"] for block in pictured["content"]] == ["image", "text"]


def test_without_leave_it_is_not_called(server: Server[FakeAnthropic], prx: Prx) -> None:
    prx.configure(allow="odd__count(*)")
    server.service.script(call("echo", text="x"), Answer(Text("Then not.")))
    assert prx("-p", "Say x")["text"] == "Then not."
    (result,) = sent(server, 2)["messages"][-1]["content"]
    assert result["is_error"]
    assert "did not allow" in result["content"][0]["text"]


@pytest.mark.parametrize("tools", ["none", "read"])
def test_where_it_may_not_be_used_no_server_starts(server: Server[FakeAnthropic], prx: Prx, tools: str) -> None:
    prx("-p", "Hi", "--tools", tools)
    assert offered(sent(server, 1)) == []
    assert not (prx.folder / "starts.txt").exists()


def test_a_chat_keeps_the_tools_it_began_with(server: Server[FakeAnthropic], prx: Prx) -> None:
    """Through restarts, while the server is gone, and while it has others; its process starts with the first call only."""
    prx.configure("grows")
    prx("-p", "One")
    prx("-p", "-c", "Two")
    assert (prx.folder / "starts.txt").read_text() == "x"
    server.service.script(call("new_1"), call("count"), Answer(Text("Done.")))
    prx("-p", "-c", "Three")
    assert (prx.folder / "starts.txt").read_text() == "xx"
    prx.configure(more="enabled = false")
    server.service.script(call("echo", text="x"), Answer(Text("Gone.")))
    prx("-p", "-c", "Four")
    tools = sent(server, 1)["tools"]
    assert offered(sent(server, 1))[-1] == "odd__new_1"
    assert all(request.json["tools"] == tools for request in server.requests)
    texts = [sent(server, number)["messages"][-1]["content"][0]["content"][0]["text"] for number in (4, 5, 7)]
    assert "has no such tool any more" in texts[0]
    assert texts[1] == "2"
    assert "There is no tool odd__echo" in texts[2]
    prx("-p", "A new one")
    assert offered(sent(server, 8)) == []


def test_what_does_not_start_costs_one_line(server: Server[FakeAnthropic], prx: Prx) -> None:
    prx.configure("mute", start_s=1, more="[mcp.none]\ncommand = 'no-such-program'")
    said = prx("-p", "Hi")
    assert said["notices"] == [
        "Waiting for the MCP servers to start.",
        "The MCP server odd did not start: it did not answer within 1 seconds. Its tools are left out of this chat.",
        "The MCP server none did not start: there is no program no-such-program. Its tools are left out of this chat.",
    ]
    assert offered(sent(server, 1)) == []


def test_without_the_package_it_says_how_to_get_it(server: Server[FakeAnthropic], prx: Prx, tmp_path: Path) -> None:
    """As it is where the extra is not installed: for Python there is no such package."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['mcp'] = None\n")
    with prx.start("-p", "Hi", PYTHONPATH=f"{tmp_path}:{ROOT}") as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "prx: MCP servers need one more package: pip install 'prx-tui[mcp]'" in errors
    assert offered(sent(server, 1)) == []


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_app_leaves_no_server(server: Server[FakeAnthropic], prx: Prx, ending: signal.Signals) -> None:
    prx.configure("deaf", *(["parent"] if sys.platform == "linux" else []))
    server.service.script(call("hang"))
    with prx.start("-p", "Hang", "--output-format", "stream-json") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["type"] == "tool":
                break
        assert all(map(is_alive, prx.pids()))
        process.send_signal(ending)
    assert prx.pids()
    assert prx.is_gone()


@pytest.mark.parametrize("ending", ["quit", "kill"])
def test_the_full_screen_leaves_no_server(server: Server[FakeAnthropic], prx: Prx, ending: str) -> None:
    """Also one that will not go: leaving does not wait for it, and the watcher ends it all the same."""
    prx.configure("deaf")
    server.service.script(call("echo", text="ebb"), Answer(Text("It ebbs.")))
    env = {
        "HOME": str(prx.folder),
        "PRX_HOME": str(prx.folder / "prx"),
        "PYTHONPATH": str(ROOT),
        "ANTHROPIC_BASE_URL": server.url,
        "ANTHROPIC_API_KEY": DEMO_KEY,
    }
    with Terminal(
        [sys.executable, "-m", "tui", "--config", str(prx.folder / "config.toml")], env, prx.folder
    ) as terminal:
        began = time.monotonic()
        terminal.wait_for("Talk to")
        start_s = time.monotonic() - began  # of this machine, as busy as it is
        terminal.type("How is the water?\r")
        terminal.wait_for("It ebbs.")
        assert all(map(is_alive, prx.pids()))
        began = time.monotonic()
        if ending == "quit":
            terminal.type("\x11")
            assert terminal.wait_exit() == 0
            assert time.monotonic() - began < max(2, 3 * start_s)
            assert "Traceback" not in terminal.text
        else:
            os.killpg(terminal.process.pid, signal.SIGKILL)
            terminal.process.wait(60)
    assert prx.pids()
    assert prx.is_gone()
