"""The gate to the terminal: what comes out of it is cells without control characters, and what the program made itself."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import textual.app
import textual.drivers.linux_driver
from grammar import HOSTILE, PLANTED, SCREEN, offences
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.segment import ControlType, Segment
from rich.style import Style
from textual.strip import Strip

from tui.images.kitty import placeholders
from tui.render.gate import TerminalText, cleaned, drawn, passed
from tui.render.images import overlaid, tinted

PACKAGE = Path(__file__).parents[2] / "tui"
MAKERS = {
    "app.py": "the clipboard, in base64",
    "render/gate.py": "",
    "render/images.py": "Sixel, which has no text in it",
    "widgets/gallery.py": "pictures by Kitty's protocol, in base64",
    "widgets/repaint.py": "lines that have passed, and where they stand",
    "widgets/terminal.py": "questions that the program asks the terminal",
}
"""The modules that may say of a string that the terminal may have it as it is, and for what."""
CONSOLE = Console(force_terminal=True, color_system="truecolor")
any_text = st.text(st.characters() | st.sampled_from("".join(PLANTED)))


@given(st.lists(st.tuples(any_text, st.none() | any_text, st.booleans())))
def test_no_cells_command_the_terminal(parts: list[tuple[str, str | None, bool]]) -> None:
    strip = Strip(
        Segment(
            text,
            Style(color="red", link=link) if link is not None else None,
            [(ControlType.CURSOR_FORWARD, 0)] if control else None,
        )
        for text, link, control in parts
    )
    assert offences(drawn(strip, CONSOLE), SCREEN) == []


def test_a_line_keeps_its_width_and_its_look() -> None:
    raw = Strip([Segment(f"a{HOSTILE}b", Style(bold=True, link="https://example.org/a?b=c")), Segment("ж👍🏽", None)])
    line = cleaned(raw)
    assert [cell_len(segment.text) for segment in line] == [segment.cell_length for segment in raw]
    assert "\x1b]8;id=" in drawn(raw, CONSOLE)
    assert "https://example.org/a?b=c" in drawn(raw, CONSOLE)
    assert line.text.endswith("ж👍🏽")


@pytest.mark.parametrize("text", ["", "plain", "日本語 \u00a0\u3000", "👩\u200d👩\u200d👧 ✔️ 👍🏽", *placeholders(3, 2)])
def test_clean_cells_are_left_alone(text: str) -> None:
    strip = Strip([Segment(text, Style(link="file:///tmp/a"))])
    assert cleaned(strip) is strip


def test_what_was_drawn_outside_the_gate_is_not_trusted() -> None:
    strip = Strip([Segment(HOSTILE)])
    strip.render(CONSOLE)
    assert offences(drawn(strip, CONSOLE), SCREEN) == []
    assert offences(drawn(Strip.join([strip, strip]), CONSOLE), SCREEN) == []


def test_a_picture_passes_and_a_piece_of_one_does_not() -> None:
    rows = overlaid('\x1bP0;1q"1;1;2;6#0;2;0;0;0#0!2~\x1b\\', 4, 2)
    assert [offences(drawn(row, CONSOLE), SCREEN) for row in (*rows, *tinted(placeholders(2, 1), 7))] == [[], [], []]
    assert "\x1bP0;1q" in drawn(rows[1], CONSOLE)
    forged = Strip([Segment(str(rows[1]._segments[1].text)[:9], None, [(ControlType.CURSOR_FORWARD, 0)])])
    assert "\x1b" not in drawn(forged, CONSOLE)


@given(any_text)
def test_plain_strings_hold_no_sequence_at_all(text: str) -> None:
    assert offences(passed(text + HOSTILE), "(?!)") == []


def test_a_sequence_of_our_own_passes_whole_and_what_is_joined_to_it_is_read() -> None:
    own = TerminalText("\x1b]52;c;QQ==\x07")
    assert passed(own) is own
    assert own + "\x1b[3;4H" == own + TerminalText("\x1b[3;4H")
    assert own + "\x1b]0;x\x07" == f"{own}]0;x"


def constants(module: str) -> set[str]:
    """Every constant string of a module that begins with an escape."""
    walked = ast.walk(ast.parse(Path(module).read_text()))
    texts = {node.value for node in walked if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if text.startswith("\x1b")}


def test_all_that_textual_writes_itself_passes() -> None:
    parts = {"\x1b[>", "\x1b]52;c;", "\x1b]22;"}  # what is put together; the clipboard is written by our app
    own = (constants(textual.drivers.linux_driver.__file__) | constants(textual.app.__file__)) - parts
    assert len(own) > 20
    assert [text for text in own if passed(text) != text] == []
    for text in ("\x1b[>25u", "\x1b]22;pointer\x07", "\x07"):
        assert passed(text) == text


def test_only_the_listed_modules_vouch_for_a_string() -> None:
    names = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "TerminalText"
    }
    assert names == set(MAKERS)
