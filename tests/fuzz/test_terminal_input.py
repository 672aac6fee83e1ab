"""Bytes from a terminal: the stream of keys takes any, and the full screen in a pty lives, answers and does not swell."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from fuzzing import EXAMPLES, fuzzed, no_hang
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from peak_memory import peak_mb
from terminal import Terminal
from textual._xterm_parser import XTermParser

from tui.inputs.limits import REPLY_CHARS
from tui.widgets.key_stream import END, START, KeyStream

ROOT = Path(__file__).parent.parent.parent
NUMBERS = st.sampled_from(
    ["", "0", "1", "3", "13", "27", "97", "57441", "55296", "1114112", "9" * 12, "1:3", ":", "9" * 400]
)
FINALS = st.sampled_from([*"ABCDEFHPQRSuvtcnmMyIZ~$", " q", "$y"])
CSI = st.tuples(st.sampled_from(["", "?", ">", "<", "="]), st.lists(NUMBERS, max_size=5).map(";".join), FINALS).map(
    lambda parts: "\x1b[" + "".join(parts)
)
STRINGS = st.tuples(
    st.sampled_from("]P_^X"), st.text(max_size=30), st.sampled_from(["\x07", "\x1b\\", "", "\x9c"])
).map(lambda parts: "\x1b" + "".join(parts))
TEXT = st.text(max_size=40) | st.text("word \r\n\t", min_size=90, max_size=300)
MARKS = st.sampled_from([START, END, "\x1b", "\x1b[", "\x1bO", "\x1b[M", "\x1b[[", "\x9b", "\x00", "\x7f", "\r"])
INPUT = st.lists(CSI | STRINGS | TEXT | MARKS, max_size=12).map("".join)
BYTES = st.binary(max_size=300) | INPUT.map(lambda text: text.encode("utf-8", "surrogatepass"))

LEAVES = frozenset(b"\x03\x04\x07\x0d\x0f\x11\x13\x16\x1a\x1c")
"""Keys that leave the chat, as they should: they end it, stop it, or open an editor or a dialog. And Enter."""
LISTS = frozenset(b"\x10/")
"""They open lists in which Quit can be chosen."""
CHOOSES = re.compile(rb"13[0-9;:]*u|M")
"""Enter in another form, and clicks."""


def parted(text: str, cuts: list[int]) -> Iterator[str]:
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    return (text[a:b] for a, b in pairwise(edges))


@fuzzed
@given(BYTES, st.lists(st.integers(0, 400), max_size=6), st.lists(st.booleans(), min_size=7, max_size=7))
def test_any_input_becomes_events_that_the_screen_can_take(raw: bytes, cuts: list[int], silences: list[bool]) -> None:
    stream, parser = KeyStream(), XTermParser()
    with no_hang():
        for read, silence in zip(parted(raw.decode("utf-8", "replace"), cuts), silences, strict=False):
            pieces = [*stream.feed(read), *(stream.expire() if silence else ())]
            for piece in pieces:
                for event in (*parser.feed(piece.text), *parser.tick()) if piece.kind == "keys" else ():
                    assert repr(event)
            assert len(stream._held) + len(stream._string or "") + len(stream._late or "") <= 3 * REPLY_CHARS
        while stream.wait_s is not None and (stream._held or stream._string or stream._pasting or stream._burst):
            list(stream.expire())
        assert [piece.text for piece in stream.feed("x")] == ["x"]


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    home = tmp_path_factory.mktemp("home")
    env = {"HOME": str(home), "PRX_HOME": str(home / "prx"), "PYTHONPATH": str(ROOT), "EDITOR": "true"}
    with Terminal([sys.executable, "-m", "tui", "demo"], env, home) as terminal:
        terminal.wait_for("Talk to")
        yield terminal


@settings(max_examples=max(20, EXAMPLES // 10), deadline=None, suppress_health_check=list(HealthCheck))
@given(BYTES, st.lists(st.integers(0, 400), max_size=3))
@example("a vowel sign without width: \U000116b5".encode(), [])
def test_the_full_screen_lives_whatever_is_typed(terminal: Terminal, raw: bytes, cuts: list[int]) -> None:
    leaves = LEAVES | LISTS if CHOOSES.search(raw) else LEAVES
    typed = bytes(byte for byte in raw if byte not in leaves)
    edges = [0, *sorted(min(cut, len(typed)) for cut in cuts), len(typed)]
    for a, b in pairwise(edges):
        terminal.type(typed[a:b])
    ended = terminal.process.poll()
    assert ended is None, f"it ended with {ended}: {last_words(terminal)}"
    assert_answers(terminal)
    assert peak_mb(terminal.process.pid) < 250


def last_words(terminal: Terminal) -> str:
    """What was written after the full screen was left, e.g. a traceback. What is typed then is echoed below it."""
    return terminal.output.rpartition(b"\x1b[?1049l")[2][:8000].decode(errors="replace")


def assert_answers(terminal: Terminal) -> None:
    """What is pasted now stands in the prompt, once the dialogs that a key may have opened are closed."""
    mark = f"m{os.urandom(4).hex()}"
    with no_hang(120):
        for _ in range(6):
            assert terminal.process.poll() is None, f"it ended: {last_words(terminal)}"
            terminal.type(f"{END}\x1b")  # closes what an example before has opened
            terminal.watch(0.15)  # an Esc that was typed, or a string without its end, is over
            terminal.type(f"{START}{mark}{END}")
            with contextlib.suppress(AssertionError):
                terminal.wait(lambda: mark in re.sub(r"[│▁-█\s]", "", terminal.text), 4)
                return
    raise AssertionError(f"it does not answer; the screen was:\n{terminal.text}")
