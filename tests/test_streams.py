"""Streams that are closed, an environment that is wrong, Ctrl+C at any moment: each ends in order, with its exit code."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from terminal import Terminal

from tui.demo.scenarios import Answer, Text
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parent.parent
PRX = [sys.executable, "-m", "tui"]
ONCE = [*PRX, "-p", "hello", "--output-format", "json"]
LIMIT_S = 60
INTERRUPTED = 128 + signal.SIGINT
MOMENTS = int(os.environ.get("PRX_MOMENTS", "6"))


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    with Server(FakeAnthropic()) as server:
        server.service.script(*[Answer(Text("Hello."))] * (2 * MOMENTS + 20))
        yield environment(tmp_path) | {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": DEMO_KEY}


def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "HOME": str(tmp_path),
        "PRX_HOME": str(tmp_path / "prx"),
        "PYTHONPATH": str(ROOT),
        "PATH": os.environ["PATH"],
    }


def shell(
    command: str, tmp_path: Path, env: Mapping[str, str] | None = None, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Runs `prx …` in a shell."""
    command = command.replace("prx ", f"{shlex.join(PRX)} ", 1)
    where = {**environment(tmp_path), **(env or {})}
    return subprocess.run(["sh", "-c", command], env=where, input=given, capture_output=True, timeout=LIMIT_S)


@pytest.mark.parametrize(
    "command", ["prx demo -p hi", "prx demo -p hi --output-format json", "prx models", "prx paths --json"]
)
def test_a_closed_stdout_is_a_problem_that_is_said(command: str, tmp_path: Path) -> None:
    ended = shell(f"{command} >&-", tmp_path)
    assert (ended.returncode, ended.stderr.splitlines()[0][:21]) == (1, b"prx: stdout is closed")
    assert not (tmp_path / "prx" / "data" / "chats.db").exists(), "nothing was asked for"


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_other_closed_streams_are_done_without(closed: str, env: dict[str, str], tmp_path: Path) -> None:
    ended = shell(f"prx -p hi --output-format json {closed}", tmp_path, env)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert json.loads(ended.stdout)["text"] == "Hello."


@pytest.mark.parametrize("format", ["json", "stream-json"])
@pytest.mark.parametrize(
    ("options", "given"), [("", b"x" * 32_000_001), ("--resume nope", b""), ("--attach nope.png", b"")]
)
def test_what_cannot_be_sent_is_said_as_json(format: str, options: str, given: bytes, tmp_path: Path) -> None:
    ended = shell(f"prx demo -p hi --output-format {format} {options}", tmp_path, given=given)
    assert ended.returncode == 1
    error = json.loads(ended.stdout.splitlines()[-1])["error"]
    assert error["type"]
    assert error["message"]


@pytest.mark.parametrize(
    "env", [{"TEXTUAL_DRIVER": "nope"}, {"TEXTUAL_DRIVER": "os:path"}, {"TEXTUAL_COLOR_SYSTEM": "x"}]
)
def test_a_wrong_environment_is_said(env: dict[str, str], tmp_path: Path) -> None:
    with Terminal([*PRX, "demo"], environment(tmp_path) | env, tmp_path) as terminal:
        assert terminal.wait_exit() == 1
        ((name, value),) = env.items()
        assert f'{name}="{value}"' in terminal.text
        assert "Traceback" not in terminal.text
        assert not terminal.modes_left_on


ODD = {
    "ESCDELAY": "9" * 400,
    "TEXTUAL_COLOR_SYSTEM": "",
    "TEXTUAL_DEBUG": "1",
    "TEXTUAL_DIM_FACTOR": "9" * 400,
    "TEXTUAL_DRIVER": "",
    "TEXTUAL_FPS": "9" * 400,
    "TEXTUAL_LOG": "/nowhere/textual.log",
    "TEXTUAL_PRESS": "wait:x,ctrl+q",
    "TEXTUAL_SCREENSHOT": "0",
    "TEXTUAL_SCREENSHOT_LOCATION": "/nowhere",
    "TEXTUAL_SMOOTH_SCROLL": "9" * 400,
    "TEXTUAL_THEME": "nope",
}


def test_variables_for_developers_of_textual_do_nothing_and_are_kept_for_other_programs(tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\nenv > {tmp_path}/seen\nprintf edited > "$1"\n')
    editor.chmod(0o700)
    env = environment(tmp_path) | ODD | {"EDITOR": str(editor)}
    with Terminal([*PRX, "demo"], env, tmp_path) as terminal:
        terminal.wait_for("Talk to")
        terminal.type("\x07")
        terminal.wait_for("│ edited")
        terminal.type("\x11")
        assert terminal.wait_exit() == 0
    seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines())
    assert {name: seen[name] for name in seen if name in ODD or name.startswith("TEXTUAL")} == ODD
    assert {path.name for path in tmp_path.iterdir()} <= {"editor", "seen", "prx", ".cache"}


@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/null"])
def test_the_full_screen_is_drawn_without_stderr(redirected: str, tmp_path: Path) -> None:
    argv = ["sh", "-c", f"exec {shlex.join(PRX)} demo {redirected}"]
    with Terminal(argv, environment(tmp_path) | {"COLUMNS": "100000", "LINES": "100000"}, tmp_path) as terminal:
        terminal.wait_for("Talk to")
        terminal.type("heard\x1b")
        terminal.wait_for("│ heard")
        terminal.type("\x11")
        assert terminal.wait_exit() == 0
        assert terminal.settings_restored
        assert not terminal.modes_left_on


# Ctrl+C: the modules that are loaded are the clock, since they are the same on every machine

PROGRESS = b"import time:"
BEGUN = b" tui.signals\n"
"""The first of ours that is loaded. What comes before it is Python's own."""


def modules_loaded(env: dict[str, str]) -> list[bytes]:
    traced = [sys.executable, "-X", "importtime", *ONCE[1:]]
    ended = subprocess.run(traced, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S)
    lines = [line for line in ended.stderr.splitlines(keepends=True) if line.startswith(PROGRESS)]
    return lines[next(at for at, line in enumerate(lines) if line.endswith(BEGUN)) + 1 :]


def interrupted_after(module: bytes, env: dict[str, str]) -> tuple[int, bytes, bytes]:
    """Exit code, stdout and the rest of stderr, with a SIGINT as soon as this module has been loaded."""
    traced = [sys.executable, "-X", "importtime", *ONCE[1:]]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(traced, env=env, **pipes) as process:
        assert process.stderr
        name = module.rpartition(b"|")[2]
        while line := process.stderr.readline():
            if line.rpartition(b"|")[2] == name:
                break
        process.send_signal(signal.SIGINT)
        out, rest = process.communicate(timeout=LIMIT_S)
    return process.returncode, out, b"".join(one for one in rest.splitlines(True) if not one.startswith(PROGRESS))


def test_an_interrupt_at_any_moment_ends_p_in_order(env: dict[str, str]) -> None:
    modules = modules_loaded(env)
    for module in modules[:: max(1, len(modules) // MOMENTS)]:
        code, out, errors = interrupted_after(module, env)
        assert code in (INTERRUPTED, 0), module  # 0: it had ended before the signal came
        assert b"Traceback" not in errors, module
        assert b"KeyboardInterrupt" not in errors, module
        if out:  # a part of the answer is called one; the signal may come when all of it is printed
            result = json.loads(out)
            assert result["notices"] or result["text"] == "Hello.", module
        assert out or code, module
