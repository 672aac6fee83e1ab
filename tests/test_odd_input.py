"""What a terminal may send besides keys: it ends nothing, none of it is typed, and the keys after it are heard."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from peak_memory import peak_mb
from terminal import Terminal

ROOT = Path(__file__).parent.parent
PRX = [sys.executable, "-m", "tui"]

REPLIES = [
    "\x1b]11;rgb:ffff/ffff/ffff\x07",
    "\x1b]10;rgb:8f8f/f5f5/8686\x1b\\",
    "\x1b[?62;4;22c",
    "\x1bP>|WezTerm 20240203\x1b\\",
    "\x1b[?997;1n",
    "\x1b_Gi=31;OK\x1b\\",
    "\x1b_anything\x07",
    "\x1bP1+r544e=787465726d\x07",
]
NO_KEYS = [
    "\x1b[57441;1:3u",
    "\x1b[1114112;1u",
    "\x1b[55296;1u",
    "\x1b[27;5;99999999999~",
    "\x1b[97;1;1114112u",
    "\x1b[97;99999999999u",
    "\x1b[" + "9" * 5_000 + "u",
    "\x1b[48;99999;99999;99999;99999t",
    "\x1b[48;24;80;0;0t",
    "\x1b[?2048;2$y\x1b[<0;5;5M",
    "\x1b[<99999;99999;99999M",
]


def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir(exist_ok=True)
    return {"HOME": str(tmp_path / "home"), "PRX_HOME": str(tmp_path / "prx"), "PYTHONPATH": str(ROOT)}


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with Terminal([*PRX, "demo"], environment(tmp_path), tmp_path) as terminal:
        terminal.wait_for("Talk to")
        yield terminal


def assert_only(terminal: Terminal, typed: str) -> None:
    """The prompt holds this text alone, and the program ends in order."""
    terminal.wait_for(f"│ {typed} ")
    terminal.type("\x11")
    assert terminal.wait_exit() == 0
    assert b"Traceback" not in terminal.output
    assert terminal.modes_left_on == set()


def test_replies_that_nobody_asked_for_are_not_typed(terminal: Terminal) -> None:
    terminal.type("a" + "".join(REPLIES) + "b")
    terminal.wait_for("│ ab ")
    for reply in REPLIES:
        for byte in reply:
            terminal.type(byte)
    terminal.type("c")
    assert_only(terminal, "abc")


def test_sequences_that_no_keyboard_sends_change_nothing(terminal: Terminal) -> None:
    for at, sequence in enumerate(NO_KEYS):
        terminal.type(f"{sequence}{at % 10}")
    terminal.type(b"\xff\xfe\x80")
    assert_only(terminal, "".join(str(at % 10) for at in range(len(NO_KEYS))) + "\ufffd" * 3)


def test_a_paste_without_marks_is_text_and_the_keys_after_it_stay_in_order(terminal: Terminal) -> None:
    terminal.type("word\r" * 40_000 + "\x01x\x05y")
    terminal.wait_for("x[text 1: 200 KB, 40,000 lines]y")
    assert_only(terminal, "x[text 1: 200 KB, 40,000 lines]y")


def test_a_large_paste_without_marks_costs_little_and_the_keys_after_it_are_quick(terminal: Terminal) -> None:
    before = peak_mb(terminal.process.pid)
    terminal.type("word " * 400_000)
    terminal.wait_for("[text 1: 2.0 MB")
    assert peak_mb(terminal.process.pid) - before < 60
    start = time.monotonic()
    terminal.type("typed")
    terminal.wait_for("line]typed")
    assert time.monotonic() - start < 5  # a second for each key would be noticed
    assert_only(terminal, "[text 1: 2.0 MB, 1 line]typed")
