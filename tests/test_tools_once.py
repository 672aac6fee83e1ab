"""`prx -p --tools`: Claude looks at files of the folder, and whatever would need the user's leave is refused."""

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

from tui.chat.tool_calls import STOPPED
from tui.demo.scenarios import Answer, Text, Thinking, ToolUse
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parent.parent
READING = ["list_files", "read_file", "search_files"]


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sea"
    folder.mkdir()
    (folder / "tide.txt").write_text("High water at 06:12.\n")
    return folder


def command(server: Server[FakeAnthropic], *args: str) -> tuple[list[str], dict[str, str]]:
    env = {**os.environ, "ANTHROPIC_API_KEY": DEMO_KEY, "ANTHROPIC_BASE_URL": server.url, "PYTHONPATH": str(ROOT)}
    return [sys.executable, "-m", "tui", *args], env


def prx(server: Server[FakeAnthropic], folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    line, env = command(server, *args)
    run = subprocess.run(line, input="", capture_output=True, text=True, env=env, cwd=folder, timeout=60)
    assert "Traceback" not in run.stderr, run.stderr
    return run


def sent(server: Server[FakeAnthropic], number: int) -> Any:
    return server.requests[number - 1].json


def offered(body: Any) -> list[str]:
    return [tool["name"] for tool in body.get("tools", ())]


def definitions(body: Any) -> list[Any]:
    return [{name: value for name, value in tool.items() if name != "cache_control"} for tool in body["tools"]]


def results(body: Any) -> list[Any]:
    return [block for message in body["messages"] for block in message["content"] if block["type"] == "tool_result"]


def test_what_claude_reads_is_told_as_it_happens(server: Server[FakeAnthropic], folder: Path) -> None:
    """Two calls at once, their JSON in odd pieces, after thinking that has to come back as it was."""
    calls = ToolUse("read_file", input={"path": "tide.txt"}), ToolUse("list_files", input={"path": "."})
    server.service.script(
        Answer(Thinking("A file has it."), Text("Let me look."), *calls, delta_chars=3, split=(7, 1, 90)),
        Answer(Text("At 06:12.")),
    )
    run = prx(server, folder, "-p", "When is high water?", "--tools", "read", "--output-format", "stream-json")
    assert run.returncode == 0
    *told, result = [json.loads(line) for line in run.stdout.splitlines()]
    assert offered(sent(server, 1)) == READING
    assert definitions(sent(server, 1)) == definitions(sent(server, 2))
    assert sent(server, 2)["messages"][1]["content"][0]["signature"]

    assert [event["input"] for event in told if event["type"] == "tool"] == [{"path": "tide.txt"}, {"path": "."}]
    ended = {event["id"]: event for event in told if event["type"] == "tool_result"}
    read, listed = results(sent(server, 2))
    for block in (read, listed):
        assert ended[block["tool_use_id"]]["text"] == block["content"][0]["text"]
        assert not ended[block["tool_use_id"]]["is_error"]
    assert "High water at 06:12." in read["content"][0]["text"]
    assert "tide.txt" in listed["content"][0]["text"]

    assert (result["text"], result["requests"], result["stop_reason"]) == ("At 06:12.", 2, "end_turn")
    chats = json.loads(prx(server, folder, "chats", "--json").stdout)
    exported = json.loads(prx(server, folder, "export", chats[0]["id"], "--format", "json").stdout)["chats"][0]
    assert exported["tools"] == "read"
    assert [tool["name"] for tool in exported["definitions"]] == READING
    assert all(block["elapsed_s"] > 0 for block in exported["nodes"][2]["message"]["blocks"])


def test_without_the_option_no_tool_is_offered(server: Server[FakeAnthropic], folder: Path) -> None:
    assert prx(server, folder, "-p", "Hi").returncode == 0
    assert "tools" not in sent(server, 1)


def test_a_rule_is_not_for_a_name_that_is_only_shown_like_it(
    server: Server[FakeAnthropic], folder: Path, tmp_path: Path
) -> None:
    """`src` with a carriage return in it, a hard link, and an option of git that writes, each under a rule beside it."""
    config = tmp_path / "config.toml"
    config.write_text('[tools]\nallow = ["write_file(src/**)", "run_command(git log *)", "write_file(a\\\\x0db)"]\n')
    (tmp_path / "secret.txt").write_text("PLANTED\n")
    os.link(tmp_path / "secret.txt", folder / "link.txt")
    wrong = (
        ToolUse("write_file", input={"path": "s\rc/x", "content": "no"}),
        ToolUse("write_file", input={"path": "s\\rc/x", "content": "no"}),
        ToolUse("read_file", input={"path": "link.txt"}),
        ToolUse("search_files", input={"pattern": "PLANTED"}),
        ToolUse("run_command", input={"command": "git log --output=x"}),
    )
    right = (
        ToolUse("write_file", input={"path": "src/x", "content": "yes"}),
        ToolUse("write_file", input={"path": "a\rb", "content": "yes"}),
    )
    server.service.script(Answer(*wrong, *right), Answer(Text("Done.")))
    run = prx(server, folder, "--config", str(config), "-p", "Do it", "--tools", "ask")
    assert run.returncode == 0
    refused = [block.get("is_error", False) for block in results(sent(server, 2))]
    assert refused == [True, True, True, False, True, False, False]
    assert "PLANTED" not in json.dumps(results(sent(server, 2)))
    assert {path.name for path in folder.iterdir()} == {"tide.txt", "link.txt", "src", "a\rb"}


def test_what_would_ask_is_refused(server: Server[FakeAnthropic], folder: Path) -> None:
    write = ToolUse("write_file", input={"path": "new.txt", "content": "x"})
    server.service.script(Answer(write), Answer(Text("Then not.")))
    run = prx(server, folder, "-p", "Write it", "--tools", "ask")
    assert (run.returncode, run.stdout) == (0, "Then not.\n")
    assert set(READING) < set(offered(sent(server, 1)))
    (refused,) = results(sent(server, 2))
    assert refused["is_error"]
    assert "did not allow" in refused["content"][0]["text"]
    assert not (folder / "new.txt").exists()


def test_a_chat_keeps_its_tools_until_others_are_asked_for(server: Server[FakeAnthropic], folder: Path) -> None:
    prx(server, folder, "-p", "One", "--tools", "read", "-m", "sonnet-4-6")
    prx(server, folder, "-p", "-c", "Two")
    assert definitions(sent(server, 1)) == definitions(sent(server, 2))
    prx(server, folder, "-p", "-c", "Three", "--tools", "none")
    assert offered(sent(server, 3)) == []  # with a model that takes no tools away in a chat


def test_the_configuration_says_what_the_command_line_does_not(server: Server[FakeAnthropic], folder: Path) -> None:
    config = folder / "c.toml"
    config.write_text('[default]\ntools = "read"\n[presets.free]\ntools = "ask"\n[tools]\nturns = 2\n')
    looking = [Answer(ToolUse("list_files", input={"path": "."})) for _ in range(2)]
    server.service.script(*looking)
    run = prx(server, folder, "--config", str(config), "-p", "Look", "--output-format", "json")
    said = json.loads(run.stdout)
    assert said["requests"] == 2
    assert said["stop_reason"] == "tool_use"
    assert any("2 requests" in notice for notice in said["notices"])
    prx(server, folder, "--config", str(config), "-p", "Look", "--preset", "free")
    assert len(offered(sent(server, 3))) > len(READING)
    prx(server, folder, "--config", str(config), "-p", "Look", "--preset", "free", "--tools", "none")
    assert offered(sent(server, 4)) == []


def test_a_command_gets_no_variable_that_holds_a_credential(server: Server[FakeAnthropic], folder: Path) -> None:
    names = {"MY_KEY": DEMO_KEY, "OTHER_TOKEN": "PLANTED-1", "GIVEN_TOKEN": "PLANTED-2", "PLAIN": "PLANTED-3"}
    config = folder / "c.toml"
    config.write_text(
        '[providers.anthropic]\napi_key = "${MY_KEY}"\n[default]\nsystem = "${HOME} ${OTHER_TOKEN} ${GIVEN_TOKEN}"\n'
        '[tools]\nallow = ["run_command(env)"]\ncommand_env = ["GIVEN_TOKEN"]\n'
    )
    server.service.script(Answer(ToolUse("run_command", input={"command": "env"})), Answer(Text("Seen.")))
    line, env = command(server, "--config", str(config), "-p", "Look", "--tools", "ask")
    subprocess.run(line, input="", env=env | names, cwd=folder, check=True, timeout=60, capture_output=True, text=True)
    seen = results(sent(server, 2))[0]["content"][0]["text"]
    assert "PLANTED-3" in seen
    assert "PLANTED-2" in seen
    assert "HOME=" in seen
    assert "PLANTED-1" not in seen
    assert DEMO_KEY not in seen


def test_a_hard_limit_ends_a_turn_between_its_requests(server: Server[FakeAnthropic], folder: Path) -> None:
    config = folder / "c.toml"
    config.write_text("[budget]\nchat_hard = 0.02\n")
    (folder / "long.txt").write_text("The tide comes in, and the tide goes out again.\n" * 1500)
    server.service.script(Answer(ToolUse("read_file", input={"path": "long.txt"})))
    run = prx(server, folder, "--config", str(config), "-p", "Read it", "--tools", "read", "--output-format", "json")
    said = json.loads(run.stdout)
    assert run.returncode == 1
    assert said["requests"] == 1
    assert said["error"]["type"] == "over_budget"
    assert "would pass the limit" in said["error"]["message"]
    assert "chat_hard" in said["error"]["hint"]


def waiting_for_a_pipe(server: Server[FakeAnthropic], folder: Path) -> subprocess.Popen[str]:
    """A turn of two calls: one is done at once, the other reads a named pipe that nobody writes to."""
    os.mkfifo(folder / "pipe")
    server.service.script(
        Answer(
            Thinking("Both."),
            ToolUse("run_command", input={"command": "cat pipe"}, id="toolu_pipe"),
            ToolUse("list_files", input={"path": "."}, id="toolu_list"),
        ),
    )
    config = folder / "c.toml"
    config.write_text('[tools]\nallow = ["run_command(cat pipe)"]\n')
    line, env = command(
        server, "--config", str(config), "-p", "Read it", "--tools", "ask", "--output-format", "stream-json"
    )
    process = subprocess.Popen(line, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for told in process.stdout:
        if json.loads(told)["type"] == "tool_result":
            break
    return process


def test_a_chat_goes_on_after_it_was_killed_while_a_tool_ran(server: Server[FakeAnthropic], folder: Path) -> None:
    with waiting_for_a_pipe(server, folder) as process:
        deadline = time.monotonic() + 60
        while json.loads(prx(server, folder, "chats", "--json").stdout)[0]["messages"] < 3:  # the disk has its time
            assert time.monotonic() < deadline
        process.kill()
    assert prx(server, folder, "-p", "-c", "And now?").returncode == 0
    answered = {block["tool_use_id"]: block for block in results(sent(server, 2))}
    assert set(answered) == {"toolu_pipe", "toolu_list"}
    assert answered["toolu_pipe"]["is_error"]
    assert not answered["toolu_list"].get("is_error")


def test_an_interrupt_while_a_tool_runs_keeps_what_was_done(server: Server[FakeAnthropic], folder: Path) -> None:
    with waiting_for_a_pipe(server, folder) as process:
        process.send_signal(signal.SIGINT)
        told = [json.loads(line) for line in process.stdout or ()]
        assert process.wait(60) == 130
    stopped, result = told
    assert (stopped["id"], stopped["text"], stopped["is_error"]) == ("toolu_pipe", STOPPED, True)
    assert result["type"] == "result"
    assert prx(server, folder, "-p", "-c", "And now?").returncode == 0
    answered = {block["tool_use_id"]: block for block in results(sent(server, 2))}
    assert answered["toolu_pipe"]["content"][0]["text"] == STOPPED
    assert not answered["toolu_list"].get("is_error")
