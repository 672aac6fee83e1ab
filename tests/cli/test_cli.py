"""The command as people and scripts run it: a process of its own, against the simulator on a loopback port."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tui.anthropic.models import MODELS
from tui.cli.stdin import with_piped_text
from tui.demo.reply import Gate
from tui.demo.scenarios import SPEND_CAP, Answer, Error, Text, Thinking, error_event, refusal
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parents[2]
FIELDS = {"text", "model", "stop_reason", "usage", "requests", "cache", "cost_usd", "estimated"}
FIELDS |= {"chat_id", "request_id", "notices"}
LIMIT_S = 60


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


@pytest.fixture
def env(server: Server[FakeAnthropic]) -> dict[str, str]:
    """The test's own home, with a key for the simulator."""
    return {**os.environ, "ANTHROPIC_API_KEY": DEMO_KEY, "ANTHROPIC_BASE_URL": server.url}


def prx(*args: str, env: dict[str, str], stdin: str | bytes = "") -> subprocess.CompletedProcess[str]:
    run = subprocess.run(
        [sys.executable, "-m", "tui", *args],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        env=env,
        cwd=ROOT,
        timeout=LIMIT_S,
    )
    assert b"Traceback" not in run.stderr, run.stderr.decode()
    return subprocess.CompletedProcess(run.args, run.returncode, run.stdout.decode(), run.stderr.decode())


def sent(server: Server[FakeAnthropic], number: int = 1) -> Any:
    return server.requests[number - 1].json


def prompt_of(body: Any) -> str:
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(block["text"] for block in content)


# Text


def test_the_exact_answer_and_a_newline(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    text = "  two\n\nlines, \x1b[31mred\x1b[0m, \u2028 and ü 🎉\n"
    server.service.script(Answer(Thinking("hm"), Text(text), delta_chars=3))
    run = prx("-p", "say it", env=env)
    assert (run.returncode, run.stdout, run.stderr) == (0, text + "\n", "")
    assert prompt_of(sent(server)) == "say it"


def test_several_words_are_one_prompt_and_options_may_follow(
    server: Server[FakeAnthropic], env: dict[str, str]
) -> None:
    assert prx("tell", "me", "-p", "-m", "haiku", "--system", "Be brief.", "a", "joke", env=env).returncode == 0
    body = sent(server)
    assert prompt_of(body) == "tell me a joke"
    assert body["model"] == "claude-haiku-5-5"
    assert "Be brief." in json.dumps(body["system"])


@pytest.mark.parametrize("args", [("-p", "demo"), ("--", "demo", "-p"), ("-p", "--", "modles")])
def test_a_commands_name_can_be_a_prompt(
    server: Server[FakeAnthropic], env: dict[str, str], args: tuple[str, ...]
) -> None:
    run = prx(*args, env=env)
    if args[0] == "--":  # after it nothing is an option any more: this would be the full screen
        assert run.returncode == 2
    else:
        assert prompt_of(sent(server)) == args[-1]


def test_a_commands_name_can_be_a_prompt_of_the_demo(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    with running("demo", "-p", "--", "demo", env=env, stdin=subprocess.DEVNULL) as process:
        assert process.stdout
        assert process.stdout.readline() == b"# Welcome to the demo\n"
        process.kill()
    assert server.requests == []


def test_stdin_joins_the_prompt(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    prx("-p", "Review this", env=env, stdin="diff --git\r\n+ü\n")
    assert prompt_of(sent(server)) == "Review this\n\ndiff --git\r\n+ü"


def test_stdin_alone_is_a_prompt(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    assert prx("-p", env=env, stdin="just this").returncode == 0
    assert prompt_of(sent(server)) == "just this"


def test_a_blank_stdin_adds_nothing() -> None:
    assert with_piped_text("prompt", " \n") == "prompt"
    assert with_piped_text("", "data") == "data"


def test_nothing_at_all_is_no_prompt(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    run = prx("-p", env=env)
    assert run.returncode == 1
    assert "There is nothing to send." in run.stderr
    assert server.requests == []
    assert json.loads(prx("chats", "--json", env=env).stdout) == []


def test_stdin_that_is_no_text_is_refused(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    run = prx("-p", "what is this?", env=env, stdin=b"\x89PNG\r\n\x1a\n\xff")
    assert (run.returncode, run.stdout) == (1, "")
    assert "stdin is binary, not text" in run.stderr
    assert server.requests == []


def test_without_any_stdin(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    run = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m tui -p hello <&-"], capture_output=True, env=env, cwd=ROOT, timeout=LIMIT_S
    )
    assert run.returncode == 0, run.stderr
    assert prompt_of(sent(server)) == "hello"


def test_an_open_silent_stdin_is_waited_for_and_said(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    with running("-p", "hello", env=env) as process:
        assert process.stderr
        assert process.stdin
        assert b"waiting for the end of stdin" in process.stderr.readline()
        process.stdin.write(b"late")
        process.stdin.close()
        assert process.wait(LIMIT_S) == 0
    assert prompt_of(sent(server)) == "hello\n\nlate"


def test_an_empty_answer_is_an_empty_line_and_said(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    server.service.script(Answer())
    run = prx("-p", "hello", env=env)
    assert (run.returncode, run.stdout) == (0, "\n")
    assert "empty" in run.stderr


def test_on_a_terminal_an_answer_commands_nothing(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    server.service.script(Answer(Text("a\x1b]0;owned\x07b\x9b2Jc\td\n"), delta_chars=2))
    screen, terminal = os.openpty()
    with running("-p", "x", env=env, stdin=subprocess.DEVNULL, stdout=terminal) as process:
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # which is how the end of a terminal looks
            while piece := os.read(screen, 1024):
                shown += piece
        assert process.wait(LIMIT_S) == 0
    os.close(screen)
    assert shown.decode() == "a␛]0;owned␇b\ufffd2Jc\td\r\n\r\n"


# JSON


def test_one_object_with_exactly_the_promised_fields(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    usage = {
        "input_tokens": 100,
        "cache_creation_input_tokens": 300,
        "cache_read_input_tokens": 600,
        "output_tokens": 50,
    }
    server.service.script(Answer(Text("Four."), usage=usage))
    run = prx("-p", "2+2?", "--output-format", "json", "-m", "claude-sonnet-5-5", env=env)
    result = json.loads(run.stdout)
    assert run.returncode == 0
    assert run.stdout.count("\n") == 1
    assert set(result) == FIELDS
    assert (result["text"], result["model"], result["stop_reason"]) == ("Four.", "claude-sonnet-5-5", "end_turn")
    assert usage.items() <= result["usage"].items()
    assert result["requests"] == 1
    # 100 at $2, 300 written at $2.50, 600 read at $0.10, 50 out at $10, each per million; uncached: 1,000 at $2.
    assert result["cost_usd"] == pytest.approx((200 + 750 + 60 + 500) / 1e6)
    assert result["cache"] == {
        "hit_rate": 0.6,
        "read_tokens": 600,
        "written_tokens": 300,
        "saved_usd": pytest.approx((2000 - 1010) / 1e6),
    }
    assert result["request_id"].startswith("req_")
    assert len(result["chat_id"]) == 32
    assert result["notices"] == []


def test_a_stream_of_objects_ends_with_the_same_one(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    server.service.script(Answer(Thinking("Let me see."), Text("It runs out.")))
    run = prx("-p", "the tide?", "--output-format", "stream-json", env=env)
    events = [json.loads(line) for line in run.stdout.splitlines()]
    assert events[0] == {"type": "request", "model": "claude-sonnet-5-5"}
    assert "".join(event["text"] for event in events if event["type"] == "delta") == "It runs out."
    assert "".join(event["text"] for event in events if event["type"] == "thinking") == "Let me see."
    assert events[-1]["type"] == "result"
    assert set(events[-1]) == FIELDS | {"type"}
    assert events[-1]["text"] == "It runs out."


def test_events_come_while_the_answer_is_under_way(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    gate = Gate()
    server.service.script(Answer(Text("first ", gate, "second")))
    with running("-p", "go", "--output-format", "stream-json", env=env, stdin=subprocess.DEVNULL) as process:
        assert process.stdout
        lines = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert lines[1] == {"type": "delta", "text": "first "}
        gate.open()
        assert process.wait(LIMIT_S) == 0


def test_a_cut_answer_says_so(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    server.service.script(
        Answer(Text("half"), stop_reason="max_tokens"), Answer(Text("half"), stop_reason="max_tokens")
    )
    result = json.loads(prx("-p", "x", "--output-format", "json", env=env).stdout)
    assert result["stop_reason"] == "max_tokens"
    assert "max_tokens" in result["notices"][0]
    run = prx("-p", "x", env=env)
    assert run.stdout == "half\n"
    assert "max_tokens" in run.stderr


def test_a_refusal_names_its_category(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    server.service.script(refusal(Text("I"), category="bio"))
    run = prx("-p", "x", "--output-format", "json", env=env)
    assert run.returncode == 0
    assert "bio" in json.loads(run.stdout)["notices"][0]


def test_a_retired_model_is_answered_by_its_successor(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    run = prx("-p", "x", "-m", "claude-sonnet-4-20250514", "--output-format", "json", env=env)
    result = json.loads(run.stdout)
    assert result["model"] == sent(server)["model"] == "claude-sonnet-5-5"
    (notice,) = result["notices"]
    assert "claude-sonnet-4-20250514" in notice
    assert "claude-sonnet-5-5" in notice


def test_it_is_sent_untouched_where_the_user_wants_that(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "c.toml"
    config.write_text("[providers.anthropic]\nfollow_retired = false\n")
    prx("--config", str(config), "-p", "x", "-m", "claude-sonnet-4-20250514", env=env)
    assert sent(server)["model"] == "claude-sonnet-4-20250514"


# Failures


def test_without_credentials_it_says_how_to_set_them(env: dict[str, str]) -> None:
    del env["ANTHROPIC_API_KEY"]
    run = prx("-p", "hello", env=env)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("prx: Anthropic credentials not set\n")
    assert all(way in run.stderr for way in ("ANTHROPIC_API_KEY", "api_key in config.toml", ".credentials.json"))
    result = json.loads(prx("-p", "hello", "--output-format", "json", env=env).stdout)
    assert set(result) == FIELDS | {"error"}
    assert result["error"]["message"] == "Anthropic credentials not set"
    assert result["error"]["type"] == "credentials_missing"


def test_a_model_that_does_not_exist(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    server.service.script(Error(404, message="model: claude-sonnet-99"), Error(404, message="model: claude-sonnet-99"))
    run = prx("-p", "x", "-m", "claude-sonnet-99", env=env)
    assert (run.returncode, run.stdout) == (1, "")
    assert "claude-sonnet-99" in run.stderr
    run = prx("-p", "x", "-m", "claude-sonnet-99", "--output-format", "json", env=env)
    error = json.loads(run.stdout)["error"]
    assert run.returncode == 1
    assert set(error) == {"type", "status", "message", "hint", "request_id"}
    assert (error["type"], error["status"]) == ("not_found_error", 404)
    assert error["request_id"].startswith("req_")


def test_a_failure_in_the_middle_keeps_what_had_arrived(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    broken = Answer(Text("so far", error_event()))
    server.service.script(broken, broken)
    run = prx("-p", "x", env=env)
    assert (run.returncode, run.stdout) == (1, "so far\n")
    assert "overloaded" in run.stderr
    result = json.loads(prx("-p", "x", "--output-format", "json", env=env).stdout)
    assert result["text"] == "so far"
    assert result["estimated"] is True
    assert result["error"]["type"] == "overloaded_error"


def test_a_repeated_attempt_is_announced(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    busy = Error(529, headers={"retry-after-ms": "20"})
    server.service.script(busy, Answer(Text("ok")), busy, Answer(Text("ok")))
    run = prx("-p", "x", env=env)
    assert (run.returncode, run.stdout) == (0, "ok\n")
    assert "(2 of 3)" in run.stderr
    lines = prx("-p", "x", "--output-format", "stream-json", env=env).stdout.splitlines()
    (waiting,) = [event for event in map(json.loads, lines) if event["type"] == "waiting"]
    assert (waiting["attempt"], waiting["attempts"]) == (2, 3)
    assert 0 <= waiting["delay_s"] <= 0.02


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ("61", r"61 s, until \d{4}-\d\d-\d\d \d\d:\d\d"),
        ("86400", r"24 h, until"),
        ("1e300", "more than a year"),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "more than a year"),
    ],
)
def test_a_long_wait_is_the_users_to_decide_on(
    server: Server[FakeAnthropic], env: dict[str, str], wish: str, said: str
) -> None:
    server.service.script(Error(429, message="Slow down.", headers={"retry-after": wish}))
    run = prx("-p", "x", env=env)
    assert run.returncode == 1
    assert run.stderr.startswith("prx: Slow down.")
    assert re.search(f"The server asks to wait (for )?{said}", run.stderr)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "wish", ["-86400", "nan", "inf", "-inf", "soon", "1e999", "Mon, 99 Foo 0000 99:99:99 +9999", ""]
)
def test_a_wait_that_makes_no_sense_is_not_kept(server: Server[FakeAnthropic], env: dict[str, str], wish: str) -> None:
    server.service.script(Error(529, headers={"retry-after": wish}), Answer(Text("Here.")))
    run = prx("-p", "x", env=env)
    assert (run.returncode, run.stdout) == (0, "Here.\n")


def test_a_spent_budget_is_not_tried_again(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    server.service.script(SPEND_CAP)
    assert prx("-p", "x", env=env).returncode == 1
    assert len(server.requests) == 1


def test_nobody_at_the_address(env: dict[str, str]) -> None:
    run = prx("-p", "x", env={**env, "ANTHROPIC_BASE_URL": "ftp://nowhere"})
    assert run.returncode == 1
    assert "api_url is not a valid address" in run.stderr


def test_a_key_is_not_sent_over_plain_http(env: dict[str, str]) -> None:
    run = prx("-p", "x", env={**env, "ANTHROPIC_BASE_URL": "http://example.test"})
    assert run.returncode == 1
    assert "plain http" in run.stderr
    assert DEMO_KEY not in run.stderr


def test_a_broken_configuration_is_said_and_does_not_stop(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[default]\nmodel = "haiku"\nsystem = 3\n[ui\n')
    run = prx("--config", str(config), "-p", "x", env=env)
    assert run.returncode == 0
    assert run.stderr.splitlines() == [
        f"prx: {config}:3:10: system must be a string in quotes",
        f"prx: {config}:4:4: this is not TOML: expected ']' at the end of a table declaration",
    ]
    assert sent(server)["model"] == "claude-haiku-5-5"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", None], ids=["empty", "not UTF-8", "missing"])
def test_a_configuration_that_says_nothing_does_not_stop(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path, content: bytes | None
) -> None:
    config = tmp_path / "config.toml"
    if content is not None:
        config.write_bytes(content)
    run = prx("-p", "x", env={**env, "PRX_CONFIG": str(config)})
    assert run.returncode == 0
    assert bool(run.stderr) == (content != b"")


# Size


def test_a_prompt_of_a_megabyte(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    text = "wörter " * 140_000
    assert prx("-p", "count", env=env, stdin=text).returncode == 0
    assert prompt_of(sent(server)) == f"count\n\n{text}"


def test_an_answer_of_a_megabyte_in_one_line(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    text = "🎉" * 250_000  # as few tokens as a megabyte can have: the simulator keeps to the model's limit
    server.service.script(Answer(Text(text), delta_chars=1_000))
    assert prx("-p", "x", "-m", "claude-haiku-4-5", env=env).stdout == text + "\n"


# Exit codes


class running:
    """A command under way. It is ended with the block, whatever it is waiting for."""

    def __init__(
        self, *args: str, env: dict[str, str], stdin: int = subprocess.PIPE, stdout: int = subprocess.PIPE
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui", *args], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, env=env, cwd=ROOT
        )

    def __enter__(self) -> subprocess.Popen[bytes]:
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


@pytest.mark.parametrize("output", ["text", "json", "stream-json"])
def test_an_interrupt_keeps_what_had_arrived(server: Server[FakeAnthropic], env: dict[str, str], output: str) -> None:
    gate = Gate()
    server.service.script(Answer(Text("half an ", gate, "answer")))
    with running("-p", "x", "--output-format", output, env=env, stdin=subprocess.DEVNULL) as process:
        gate.wait_until_reached(LIMIT_S)
        if output != "json":  # as soon as the text is out, it is certain that it has arrived
            assert process.stdout
            seen = process.stdout.read1()
            while b"half an" not in seen:
                seen += process.stdout.read1()
        else:
            seen = b""
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    server.wait_until_closed()
    if output == "text":
        assert (seen + rest).decode() == "half an \n"
        return
    result = json.loads((seen + rest).splitlines()[-1])
    assert "error" not in result
    assert "Interrupted" in result["notices"][-1]
    if output == "stream-json":
        assert result["text"] == "half an "


def test_an_interrupt_before_the_server_answers(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    gate = Gate()
    server.service.script(Answer(Text("never"), before=(gate,)))
    with running("-p", "x", env=env, stdin=subprocess.DEVNULL) as process:
        gate.wait_until_reached(LIMIT_S)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in errors


def test_a_reader_that_leaves_is_no_error_worth_a_word(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    gate = Gate()
    server.service.script(Answer(Text("first ", gate, "second " * 100)))
    with running("-p", "x", env=env, stdin=subprocess.DEVNULL) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.read1() == b"first "
        process.stdout.close()
        gate.open()
        assert process.wait(LIMIT_S) == 1
        assert process.stderr.read() == b""


def test_a_full_disk_is_said(env: dict[str, str]) -> None:
    with running("models", env=env, stdout=os.open("/dev/full", os.O_WRONLY)) as process:
        _, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    assert errors.decode().startswith("prx: ")
    assert b"Traceback" not in errors


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_streams_that_were_closed_by_the_caller_are_no_crash(
    server: Server[FakeAnthropic], env: dict[str, str], closed: str
) -> None:
    command = f"{sys.executable} -m tui -p hello {closed}"
    run = subprocess.run(["/bin/sh", "-c", command], env=env, cwd=ROOT, capture_output=True, timeout=LIMIT_S)
    assert (run.returncode, run.stderr) == (0, b"")
    assert len(server.requests) == 1


# Usage


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--nope",), "No such option"),
        (("-m",), "requires an argument"),
        (("-p", "x", "--output-format", "xml"), "'xml'"),
        (("x", "--output-format", "json"), "--output-format needs -p"),
        (("-p", "x", "--system", "a", "--system-file", "README.md"), "not both"),
        (("-p", "x", "--system-file", "no/such/file"), "no/such/file"),
        (("-p", "x", "--system-file", "tui"), "tui"),
        (("modles",), 'Did you mean "models"?'),
        (("models", "extra"), "unexpected extra argument"),
        (("hello",), "prx -p PROMPT"),
        (("demo",), "prx -p PROMPT"),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_right(env: dict[str, str], args: tuple[str, ...], said: str) -> None:
    run = prx(*args, env=env)
    assert (run.returncode, run.stdout) == (2, "")
    assert said in run.stderr


def test_a_system_prompt_from_a_file(server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "system.md").write_text("\ufeffYou are terse.\n")
    prx("-p", "x", "--system-file", str(tmp_path / "system.md"), env=env)
    assert sent(server)["system"][0]["text"] == "You are terse."
    (tmp_path / "latin").write_bytes(b"Parlez fran\xe7ais.")
    guessed = prx("-p", "x", "--system-file", str(tmp_path / "latin"), env=env)
    assert sent(server, 2)["system"][0]["text"] == "Parlez français."
    assert "Windows-1252, which is a guess" in guessed.stderr
    (tmp_path / "binary").write_bytes(b"\x7fELF\x00\x01\x02")
    assert prx("-p", "x", "--system-file", str(tmp_path / "binary"), env=env).returncode == 2


def test_the_demo_answers_without_key_or_network(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    del env["ANTHROPIC_API_KEY"]
    run = prx("demo", "-p", "thanks", env=env)
    assert run.returncode == 0
    assert run.stdout.strip()
    assert server.requests == []


@pytest.mark.parametrize("args", [(), ("chats",), ("auth",)])
def test_what_a_command_does_fits_its_line_in_the_help(env: dict[str, str], args: tuple[str, ...]) -> None:
    commands = prx(*args, "--help", env=env).stdout.split("Commands:\n")[1]
    assert "..." not in commands
    assert all(line[:3].strip() for line in commands.splitlines())


def test_version(env: dict[str, str]) -> None:
    assert prx("--version", env=env).stdout == "prx 0.1.0\n"


def test_models(env: dict[str, str], tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text(
        '[default]\nmodel = "opus"\n[models."my-model"]\nname = "Mine"\nprice_input = 1\nprice_output = 2\n'
    )
    rows = json.loads(prx("--config", str(config), "models", "--json", env=env).stdout)
    assert [row["id"] for row in rows] == [*(model.id for model in MODELS), "my-model"]
    assert [row["id"] for row in rows if row["configured"]] == ["claude-opus-5-5"]
    assert (rows[-1]["name"], rows[-1]["price_input"], rows[-1]["price_output"]) == ("Mine", 1.0, 2.0)
    table = prx("models", env=env).stdout
    assert "*  claude-sonnet-5-5 " in table
    assert "retired 2026-06-15, answered by claude-sonnet-5-5" in table


def test_paths(env: dict[str, str]) -> None:
    rows = json.loads(prx("paths", "--json", env=env).stdout)
    home = Path(env["PRX_HOME"])
    assert {row["name"]: row["path"] for row in rows} == {
        "file": str(home / "config" / "config.toml"),
        **{name: str(home / name) for name in ("config", "data", "state", "cache")},
    }
    assert not any(row["exists"] for row in rows)
    assert str(home / "data") in prx("paths", env=env).stdout


def test_a_terminal_that_knows_fewer_characters_is_no_reason_to_stop(env: dict[str, str], tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[models."日"]\nname = "x"\n')
    run = prx("--config", str(config), "models", env={**env, "PYTHONIOENCODING": "latin-1"})
    assert run.returncode == 0
    assert "\\u65e5" in run.stdout


def test_a_preset_says_system_prompt_model_and_effort(server: Server[FakeAnthropic], env: dict[str, str]) -> None:
    file = Path(env["PRX_HOME"]) / "config" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('[presets.review]\nsystem = "Be strict."\nmodel = "opus"\neffort = "low"\n')
    run = prx("-p", "--preset", "review", "Hello", env=env)
    assert run.returncode == 0
    body = server.requests[-1].json
    assert "opus" in body["model"]
    assert "Be strict." in str(body["system"])
    assert body["output_config"] == {"effort": "low"}
    assert prx("-p", "-c", "And now?", env=env).returncode == 0
    assert server.requests[-1].json["output_config"] == {"effort": "low"}, "the chat keeps it"
    unknown = prx("-p", "--preset", "nosuch", "Hello", env=env)
    assert unknown.returncode == 2
    assert "Known presets: review." in unknown.stderr
