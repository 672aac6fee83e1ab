"""The full screen in a pty, shown hostile text by a widget that does not care: the terminal gets none of it."""

from __future__ import annotations

import sys
from pathlib import Path

from grammar import HOSTILE, MARK, SCREEN, offences
from terminal import Terminal

ROOT = Path(__file__).parent.parent
CARELESS = f"""
import os
import sys

from rich.segment import ControlType, Segment
from rich.style import Style
from rich.text import Text
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

import tui.app
from tui.cli.main import main as prx

HOSTILE = {HOSTILE!r}


class Lines(Widget):
    DEFAULT_CSS = "Lines {{ height: 5; dock: top; }}"

    def render_line(self, y):
        style = [None, Style(link=HOSTILE), Style(link="http://a", bold=True), None, Style(color="red")][y]
        control = [(ControlType.CURSOR_FORWARD, 0)] if y == 3 else None
        return Strip([Segment(str(y) + HOSTILE, style, control)])


class Careless(tui.app.ChatApp):
    CSS_PATH = os.path.join(os.path.dirname(tui.app.__file__), "app.tcss")

    def on_mount(self):
        widgets = Static(HOSTILE, markup=False), Static(Content(HOSTILE)), Static(Text(HOSTILE, Style(link=HOSTILE)))
        for widget in widgets:
            widget.border_title = Content(HOSTILE)
            widget.styles.border = ("round", "red")
            widget.styles.dock = "bottom"
        self.chat.mount(Lines(), *widgets)
        self.notify(HOSTILE, title=HOSTILE, markup=False)
        self.title = HOSTILE
        print(HOSTILE, file=sys.stderr)

    def action_palette(self):
        self._driver.write(HOSTILE)
        self._driver.write("written past everything")

    def action_help(self):
        raise RuntimeError("it broke: " + HOSTILE)


tui.app.ChatApp = Careless
prx()
"""


def test_a_careless_widget_cannot_command_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "careless.py").write_text(CARELESS)
    env = {"HOME": str(tmp_path), "PRX_HOME": str(tmp_path / "prx"), "PYTHONPATH": str(ROOT)}
    with Terminal([sys.executable, "careless.py", "demo"], env, tmp_path, 300, 60) as terminal:
        terminal.wait(lambda: [terminal.text.count(f"{y}{MARK}") for y in range(5)] == [1] * 5)
        terminal.wait(lambda: terminal.text.count(MARK) >= 12)
        terminal.type("\x10")
        terminal.wait(lambda: b"written past everything" in terminal.output)
        assert offences(terminal.output, SCREEN) == []
        terminal.type("\x1bOP")  # F1: it breaks, with a traceback
        assert terminal.wait_exit() == 1
        said = terminal.output.rpartition(b"\x1b[?1004l")[2].decode()
        assert f"it broke: {MARK}" in said
        assert offences(said, r"\x1b\[\?10[0-9]+l") == []
