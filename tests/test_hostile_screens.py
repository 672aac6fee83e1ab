"""Every screen and dialog, in a home and with a server where every text is hostile: only our own sequences are written."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from grammar import HOSTILE, MARK, SCREEN, offences
from hostile_home import Home, hostile_home
from planting import ANSWERS, ROOT, STRUCTURE
from terminal import Terminal
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

import tui
from tui.demo.scenarios import Answer, Text, ToolUse

CALLS = Answer(
    Text("Look:"),
    ToolUse("read_file", input={"path": HOSTILE}),
    ToolUse("write_file", input={"path": HOSTILE, "content": HOSTILE}),
    ToolUse("run_command", input={"command": f"printf %s {HOSTILE!r}"}),
    ToolUse("near__echo", input={"text": HOSTILE}),
    ToolUse(HOSTILE, input={HOSTILE: HOSTILE}),
)


class Unread(Terminal):
    """A terminal whose bytes are only kept."""

    def _draw(self, data: bytes) -> None:
        pass


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with hostile_home(tmp_path_factory.mktemp("hostile")) as home:
        yield home


def test_every_screen_and_dialog(home: Home, tmp_path: Path) -> None:
    config = home.prx_home / "config" / "config.toml"
    server = f"command = {json.dumps(sys.executable)}\nargs = {json.dumps([str(ROOT / 'tests' / 'hostile_mcp.py')])}"
    path = f"env = {{ PYTHONPATH = {json.dumps(home.env['PYTHONPATH'])} }}"
    config.write_text(f"{config.read_text()}\n[mcp.near]\n{server}\n{path}\n")
    home.server.service.keep = STRUCTURE | {"name"}
    home.server.service.real.script(CALLS, Answer(Text("Seen.")), *(ANSWERS[number] for number in (0, 3, 4)))
    report = tmp_path / "report.json"
    argv = [sys.executable, str(ROOT / "tests" / "visiting.py"), str(report)]
    with Unread(argv, {**home.env, "ANSWERS": "4"}, home.folder, 100, 30) as terminal:
        assert terminal.wait_exit(180) == 0
    seen = json.loads(report.read_text())
    assert set(seen["screens"]) == finished(Screen)
    assert set(seen["widgets"]) >= finished(Widget) - finished(Screen)
    assert seen["raw"] == []
    assert terminal.output.count(MARK.encode()) > 500
    assert re.search(rb"\x1b\]52;c;[A-Za-z0-9+/]{40,}=*\x07", terminal.output), "what the user copies does pass"
    assert b"\x1b_Ga=T,U=1,f=100," in terminal.output, "and so do pictures"
    assert offences(terminal.output, SCREEN) == []


def finished(base: type[DOMNode]) -> set[str]:
    """The names of the classes of ours below that one, but for those that others are made from."""
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        if module.name.startswith(("tui.chat_screen.", "tui.screens.", "tui.widgets.")):
            importlib.import_module(module.name)
    found: set[type[DOMNode]] = set()
    ahead = [base]
    while ahead:
        below = ahead.pop().__subclasses__()
        found.update(below)
        ahead += below
    ours = {one for one in found if one.__module__.startswith("tui.") and not one.__name__.startswith("_")}
    return {one.__qualname__ for one in ours if not ours & set(one.__subclasses__())}
