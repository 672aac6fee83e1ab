"""The installed program in a real terminal: what a person sees from the first key to the last."""

from __future__ import annotations

import base64
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal

from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parent.parent
PRX = str(Path(sys.executable).with_name("prx"))
COMMAND = [PRX]
"""As it was installed; in no other way do these tests run it."""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    return {"HOME": str(home), "PRX_HOME": str(tmp_path / "prx"), "PYTHONPATH": str(ROOT), "EDITOR": "false"}


@pytest.fixture
def demo(env: dict[str, str], tmp_path: Path) -> Iterator[Terminal]:
    with Terminal([*COMMAND, "demo"], env, tmp_path) as terminal:
        terminal.wait_for("Talk to")
        yield terminal


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


@pytest.fixture
def chat(server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path) -> Iterator[Terminal]:
    """A chat whose answers come as scripted: they halt in the middle for as long as a test wants."""
    with Terminal(COMMAND, {**env, "ANTHROPIC_API_KEY": DEMO_KEY, "ANTHROPIC_BASE_URL": server.url}, tmp_path) as it:
        it.wait_for("Talk to")
        yield it


def assert_restored(terminal: Terminal) -> None:
    """The terminal is as it was: modes off, cursor shown, line discipline back, main screen."""
    assert terminal.modes_left_on == set()
    assert terminal.settings_restored


def test_type_see_the_stream_switch_the_model_and_quit(demo: Terminal) -> None:
    demo.type("Show me some code\r")
    demo.wait_for("Show me some code")
    demo.wait_for("simulator wrote it")  # how every scripted answer ends
    demo.type("\x0c")  # Ctrl+L
    demo.wait_for("type to filter")
    demo.type("haiku 5\r")
    demo.wait(lambda: "Haiku 5.5" in demo.lines[0])
    demo.type("Thanks!\r")  # which has a short answer
    demo.wait(lambda: demo.text.count("Haiku 5.5") >= 3)  # header, speaker line, status
    demo.type("\x11")  # Ctrl+Q
    assert demo.wait_exit() == 0
    assert_restored(demo)


def test_keys_typed_while_it_starts_are_not_lost(env: dict[str, str], tmp_path: Path) -> None:
    with Terminal([*COMMAND, "demo"], env, tmp_path) as terminal:
        terminal.type("early bird")
        terminal.wait_for("│ early bird")  # in the prompt, where the terminal does not echo it


def test_a_burst_of_keys_is_carried_out_in_its_order(demo: Terminal) -> None:
    demo.type("one\x0atwo\x7f\x7f\x7fthree\rleft over")
    demo.wait_for("│ left over")
    demo.wait(lambda: {"one", "three"} <= {line.strip() for line in demo.lines})
    assert "two" not in demo.text


def test_a_command_typed_fast_is_the_one_that_runs(demo: Terminal) -> None:
    demo.type("Thanks!\r")
    demo.wait_for("simulator wrote it")
    demo.type("/")
    demo.wait_for("/new")
    demo.type("theme\r")
    demo.wait(lambda: b"48;2;251;250;248" in demo.output)  # the background of the light theme
    assert "simulator wrote it" in demo.text


def test_a_prompt_sent_from_far_up_is_seen(server: Server[FakeAnthropic], chat: Terminal) -> None:
    lines = "".join(f"{number}. A line of many.\n" for number in range(40))
    server.service.script(Answer(Text(lines, Gate(), "No more.")), Answer(Text("The longest day is Mercury's.")))
    chat.type("Write something long\r")
    chat.wait_for("38. A line")
    chat.type("\x1b")
    chat.wait_for("text kept")
    chat.resize(100, 16)
    chat.type("\x1b[5~\x1b[5~")
    chat.type("Which day is the longest?\r")
    chat.wait_for("The longest day is")


def test_esc_in_the_middle_keeps_the_text_and_the_next_turn_works(
    server: Server[FakeAnthropic], chat: Terminal
) -> None:
    half = Answer(Text("The first lights were fires ", Gate(), "on the hill."))
    server.service.script(half, Answer(Text("The longest day is Mercury's.")))
    chat.type("Write something long\r")
    chat.wait_for("Esc stop")
    chat.wait_for("The first lights were fires")
    chat.type("\x1b")
    chat.wait_for("text kept")
    chat.type("Which day is the longest?\r")
    chat.wait_for("The longest day is Mercury's")
    assert "The first lights were fires" in chat.text
    assert "on the hill" not in chat.text


def test_quit_in_mid_answer_is_immediate(server: Server[FakeAnthropic], chat: Terminal) -> None:
    server.service.script(Answer(Text("The first lights were ", Gate(), "fires.")))
    chat.type("Write something long\r")
    chat.wait_for("The first lights were")
    chat.type("\x11")
    assert chat.wait_exit(limit_s=10) == 0  # the answer never ends by itself
    assert_restored(chat)


def test_sigterm_restores_the_terminal(server: Server[FakeAnthropic], chat: Terminal) -> None:
    server.service.script(Answer(Text("The first lights were ", Gate(), "fires.")))
    chat.type("Write something long\r")
    chat.wait_for("The first lights were")
    chat.process.send_signal(signal.SIGTERM)
    assert chat.wait_exit() == 128 + signal.SIGTERM
    assert_restored(chat)


def test_a_crash_restores_the_terminal_and_shows_no_local_values(env: dict[str, str], tmp_path: Path) -> None:
    program = """
import os

import tui.app
from tui.cli.chat import run
from tui.config import load
from tui.chat_screen.controllers.turns import TurnController

def crash(self, draft):
    secret = "the-words-" + "of-the-user"
    raise RuntimeError("on purpose")

TurnController.submit = crash
raise SystemExit(run(load(os.environ), demo=True))
"""
    script = tmp_path / "crashing.py"
    script.write_text(program)
    with Terminal([sys.executable, str(script)], env, tmp_path) as terminal:
        terminal.wait_for("Talk to")
        terminal.type("x\r")
        assert terminal.wait_exit() != 0
        assert_restored(terminal)
        assert b"on purpose" in terminal.output
        assert b"the-words-of-the-user" not in terminal.output


def test_a_paste_of_many_lines_is_one_prompt(demo: Terminal) -> None:
    demo.paste("first line\nsecond line\nthird line")
    demo.wait(lambda: {"first line", "second line", "third line"} <= {line.strip(" │") for line in demo.lines})
    assert "You" not in demo.text


def test_resizing_keeps_everything_in_place(demo: Terminal) -> None:
    demo.type("Thanks!\r")
    demo.wait_for("simulator wrote")
    demo.wait_for("⏎ send")
    for columns, rows in ((60, 20), (200, 60), (80, 24)):
        demo.resize(columns, rows)
        demo.wait(lambda rows=rows: demo.lines[rows - 2].strip().startswith("╰"))
        demo.wait_for("simulator wrote")


def test_the_first_frame_is_written_once(demo: Terminal) -> None:
    demo.settle()
    assert demo.output.count(b"Talk to") == 1


def test_idle_writes_nothing(demo: Terminal) -> None:
    demo.settle(quiet_s=2)  # fails if anything is drawn again and again


def test_after_an_answer_only_the_cache_counts_down(demo: Terminal) -> None:
    demo.type("Thanks!\r")
    demo.wait_for("simulator wrote it")
    demo.wait_for("warm")
    demo.wait_for("⏎ send")
    spans = (
        demo.watch(1) for _ in range(24)
    )  # on a busy machine, the last of the answer may still be drawn in the first
    assert any(written < 150 for written in spans)  # bytes: a few digits a second


def test_control_sequences_in_a_prompt_never_reach_the_terminal(demo: Terminal) -> None:
    demo.paste("look \x1b]0;owned\x07 here \x1b[31mred")
    demo.wait_for("red")
    demo.type("\r")
    demo.wait_for("⏎ send")
    demo.wait_for("You")
    assert b"\x1b]0;owned" not in demo.output
    assert b"\x1b[31m" not in demo.output


def test_without_a_credential_it_says_so_and_offers_the_demo(env: dict[str, str], tmp_path: Path) -> None:
    with Terminal(COMMAND, env, tmp_path) as terminal:
        terminal.wait_for("Anthropic credentials not set")
        for way in ("ANTHROPIC_API_KEY", "api_key", ".claude/.credentials.json"):
            terminal.wait_for(way)
        terminal.type("\r")
        terminal.wait(lambda: "scripted answers" in terminal.lines[0])


def test_a_key_is_pasted_on_the_first_run_and_never_seen(env: dict[str, str], tmp_path: Path) -> None:
    key = "sk-ant-api03-pasted-by-the-test"
    config = tmp_path / "config.toml"
    with Server(FakeAnthropic()) as server:
        config.write_text(f'[providers.anthropic]\napi_url = "{server.url}"\n')
        with Terminal([*COMMAND, "--config", str(config)], env, tmp_path) as terminal:
            terminal.wait_for("Paste an API key")
            terminal.type("1")
            terminal.wait_for("⏎ save")
            terminal.paste(key)
            terminal.wait_for("••••")
            terminal.type("\r")
            terminal.wait_for("Talk to")
            terminal.type("Show me a table\r")
            terminal.wait_for("simulator wrote it")
            terminal.type("\x11")
            assert terminal.wait_exit() == 0
            assert_restored(terminal)
    assert server.requests[-1].headers["x-api-key"] == key
    for part in (key, "pasted-by-the-test", base64.b64encode(key.encode()).decode()[:16]):
        assert part.encode() not in terminal.output
    (stored,) = (tmp_path / "prx").glob("*/credentials.json")
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert key in stored.read_text()


def test_a_broken_configuration_is_named_and_the_app_opens(env: dict[str, str], tmp_path: Path) -> None:
    config = tmp_path / "broken.toml"
    config.write_text('[ui]\ntheme = "mauve"\n')
    with Terminal([*COMMAND, "--config", str(config), "demo"], env, tmp_path) as terminal:
        terminal.wait_for("Talk to")
        terminal.wait_for("broken.toml:2:9")
        terminal.type("thanks\r")
        terminal.wait_for("simulator wrote it")
