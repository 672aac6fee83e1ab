"""The first frame of an earlier start, on the terminal while Textual is imported: an import that these tests hold up."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from grammar import HOSTILE, SCREEN, offences
from terminal import Terminal

from tui.demo.service import DEMO_KEY

ROOT = Path(__file__).parent.parent
PRX = str(Path(sys.executable).with_name("prx"))
HOLDING = """
import os, sys

class Gate:
    def find_spec(self, name, path=None, target=None):
        if name == "textual":
            sys.meta_path.remove(self)
            with open(os.environ["GATE"]) as gate:
                if gate.read() == "fail":
                    raise ImportError("no Textual, on purpose")
        return None

if "GATE" in os.environ:
    sys.meta_path.insert(0, Gate())
"""
"""For `sitecustomize`: the import of Textual waits until something is written to a named pipe."""


class Start:
    """A start of prx that is held up where it imports Textual."""

    def __init__(self, terminal: Terminal, gate: Path) -> None:
        self.terminal = terminal
        self._gate = gate
        self._writer = -1
        terminal.wait(self._is_held)
        terminal.settle(quiet_s=0.1)

    def _is_held(self) -> bool:
        try:
            self._writer = os.open(self._gate, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads it yet
            return False
        return True

    def go_on(self, how: str = "go") -> None:
        os.write(self._writer, how.encode())
        os.close(self._writer)


class Home:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "sitecustomize.py").write_text(HOLDING)
        (folder / "work").mkdir()
        os.mkfifo(folder / "gate")
        self.env = {
            "HOME": str(folder),
            "PRX_HOME": str(folder / "prx"),
            "PYTHONPATH": f"{folder}:{ROOT}",
            "ANTHROPIC_API_KEY": DEMO_KEY,
            "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
        }
        self.file = folder / "prx" / "state" / "launch-frames"

    def run(self, *words: str, size: tuple[int, int] = (80, 24), env: Mapping[str, str] | None = None) -> Terminal:
        return Terminal([PRX, *words], {**self.env, **(env or {})}, self.folder / "work", *size)

    def start_once(self, *words: str) -> str:
        """Start it and wait until the frame is kept. Return the screen."""
        with self.run(*words) as terminal:
            terminal.wait(self.file.exists)
            terminal.settle(quiet_s=0.2)
            text = terminal.text
            terminal.type("\x11")
            assert terminal.wait_exit() == 0
        return text

    @contextmanager
    def held(
        self, *words: str, size: tuple[int, int] = (80, 24), env: Mapping[str, str] | None = None
    ) -> Iterator[Start]:
        gate = self.folder / "gate"
        with self.run(*words, size=size, env={**(env or {}), "GATE": str(gate)}) as terminal:
            yield Start(terminal, gate)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def without_figures(text: str) -> str:
    """The screen without its last line, the status line."""
    return text.rpartition("\n")[0]


def test_the_frame_stands_until_the_real_one_covers_it_and_no_key_is_lost(home: Home) -> None:
    first = home.start_once()
    with home.held() as start:
        terminal = start.terminal
        assert without_figures(terminal.text) == without_figures(first)
        assert "$" not in terminal.text
        held = terminal.text
        terminal.type("early bird")
        terminal.settle(quiet_s=0.2)
        assert terminal.text == held  # no echo
        start.go_on()
        terminal.wait_for("│ early bird")
        assert terminal.output.count(b"\x1b[?1049h") == 1  # a second one would clear the screen
        assert not re.search(rb"\x1b\[[0-3]?[JK]|\x1bc", terminal.output)
        assert offences(terminal.output, SCREEN) == []
        terminal.type("\x7f" * len("early bird") + "\x11")
        assert terminal.wait_exit() == 0
        assert terminal.modes_left_on == set()
        assert terminal.settings_restored


def test_enter_and_ctrl_z_typed_meanwhile_are_keys_of_the_app(home: Home) -> None:
    home.start_once("demo")
    with home.held("demo") as start:
        start.terminal.type("x\x1aThanks!\r")  # Ctrl+Z undoes the x
        start.go_on()
        start.terminal.wait_for("simulator wrote it")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_meanwhile_restores_the_terminal(home: Home, number: signal.Signals) -> None:
    home.start_once()
    with home.held() as start:
        if number == signal.SIGINT:
            start.terminal.type("\x03")
        else:
            start.terminal.process.send_signal(number)
        assert start.terminal.wait_exit() == 128 + number
        assert start.terminal.modes_left_on == set()
        assert start.terminal.settings_restored


def test_an_error_meanwhile_is_seen_on_the_restored_terminal(home: Home) -> None:
    home.start_once()
    with home.held() as start:
        start.go_on("fail")
        assert start.terminal.wait_exit() == 1
        assert start.terminal.modes_left_on == set()
        assert start.terminal.settings_restored
        said = start.terminal.output.rpartition(b"\x1b[?25h")[2]
        assert b"no Textual, on purpose" in said


def test_only_cells_are_written(home: Home) -> None:
    home.start_once()
    with home.held() as start:
        cells = start.terminal.output.removeprefix(b"\x1b[?1049h\x1b[?25l\x1b[?7l").decode()
        assert "Talk to" in cells
        assert offences(cells, r"\x1b\[[0-9;]*m", r"\x1b\[[0-9]+;1H") == []


def test_the_file_is_private_and_holds_nothing_of_the_user(home: Home) -> None:
    home.start_once("demo")
    with home.run("demo") as terminal:
        terminal.wait_for("Talk to")
        terminal.type("Thanks! This is private\r")
        terminal.wait_for("simulator wrote it")
        terminal.type("left in the prompt\x11")
        terminal.wait_exit()
    with home.run("demo", size=(90, 24)) as terminal:  # the draft comes back
        terminal.type("typed early")
        terminal.wait(lambda: re.search("│.*typed early", terminal.text))
        terminal.settle()
        terminal.type("\x11")
        terminal.wait_exit()
    kept = home.file.read_text()
    assert stat.S_IMODE(home.file.stat().st_mode) == 0o600
    assert "Talk to" in kept
    for word in ("Thanks", "private", "simulator", "left in", "typed early", "$", DEMO_KEY):
        assert word not in kept


NIGHT = "[ui]\ntheme = 'light'\n"


@pytest.mark.parametrize(
    ("words", "size", "env", "config"),
    [
        (["-m", "haiku"], (80, 24), {}, ""),
        (["-c"], (80, 24), {}, ""),
        (["-r"], (80, 24), {}, ""),
        (["A question"], (80, 24), {}, ""),
        (["demo"], (80, 24), {}, ""),
        ([], (81, 24), {}, ""),
        ([], (80, 25), {}, ""),
        ([], (80, 24), {"NO_COLOR": "1"}, ""),
        ([], (80, 24), {"COLORTERM": ""}, ""),
        ([], (80, 24), {"TERM": "dumb"}, ""),
        ([], (80, 24), {"TEXTUAL_ANIMATIONS": "none"}, ""),
        ([], (80, 24), {"ANTHROPIC_API_KEY": ""}, ""),
        ([], (80, 24), {}, NIGHT),
        ([], (80, 24), {}, "[default]\nmodel = 'opus'\n"),
        ([], (80, 24), {}, "[keys]\nmodels = 'ctrl+y'\n"),
    ],
)
def test_no_frame_is_shown_under_other_conditions(
    home: Home, words: list[str], size: tuple[int, int], env: dict[str, str], config: str
) -> None:
    home.start_once()
    if config:
        (home.folder / "prx" / "config").mkdir()
        (home.folder / "prx" / "config" / "config.toml").write_text(config)
    with home.held(*words, size=size, env=env) as start:
        assert start.terminal.output == b""
        start.go_on()
        start.terminal.wait(lambda: "⏎" in start.terminal.text)


def test_frames_of_several_sizes_are_kept_but_not_of_all(home: Home) -> None:
    for columns in range(80, 90):
        with home.run(size=(columns, 24)) as terminal:
            terminal.wait_for("Talk to")
            terminal.wait(lambda n=columns: home.file.exists() and f"\t{' ' * n}\n" in home.file.read_text())
            terminal.type("\x11")
            assert terminal.wait_exit() == 0
    assert len(re.findall("^#", home.file.read_text(), re.M)) == 8
    with home.held(size=(89, 24)) as start:
        assert "Talk to" in start.terminal.text
    with home.held(size=(80, 24)) as start:
        assert start.terminal.output == b""


SHOW = """
import json, os, sys
from pathlib import Path
from tui.services.launch_frame import LaunchFrame

file = Path("frames")
with LaunchFrame(file, "these") as frame:
    frame.keep([[("1;38;5;4", "A frame")] for _ in range(24)])
whole = file.read_text()
for old, new in json.load(open("damage")):
    assert not old or old in whole, old
    file.write_text(whole.replace(old, new) if old else new, errors="surrogateescape")
    with LaunchFrame(file, "these"):
        pass
os.write(2, b"end")
file.write_text(whole)
with LaunchFrame(file, "these"):
    pass
"""


def test_nothing_of_a_changed_file_reaches_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "show.py").write_text(SHOW)
    hostile = [HOSTILE, "\x1b[31m", "\x9b31m", "\r", "\x07", "\u202e", "\x85", "\udcff", "\x7f"]
    damage = [
        *(("A frame", text) for text in hostile),
        *(
            ("1;38;5;4", text)
            for text in (*hostile, "1m\x1b]0;x\x07", "31m", "1:2", "?25", "²", "9999", "1;" * 500 + "1")
        ),
        *(("A frame\n1", f"A frame{end}1") for end in ("", "\n\n", "\t", "\n#")),
        *(("", text) for text in ("", "#", "\n", "#\n#\n", "{}", "\x1b]0;x\x07" * 9, "A frame\n" * 24, "x" * 300_000)),
        ("#", ""),
        ("#", "#0"),
    ]
    (tmp_path / "damage").write_text(json.dumps(damage))
    env = {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    with Terminal([sys.executable, "show.py"], env, tmp_path, 80, 24) as terminal:
        assert terminal.wait_exit() == 0, terminal.text
        before, _, after = terminal.output.partition(b"end")
        assert before == b""
        assert after.count(b"A frame") == 24
        assert terminal.modes_left_on == set()
        assert terminal.settings_restored


@pytest.mark.parametrize("closed", ["<&-", "</dev/null", "2>&-"])
def test_without_a_whole_terminal_no_frame_is_needed(home: Home, closed: str) -> None:
    home.start_once()
    with Terminal(["sh", "-c", f"exec {PRX} {closed}"], home.env, home.folder / "work", 80, 24) as terminal:
        terminal.wait(lambda: terminal.output)
        if closed == "2>&-":
            terminal.wait_for("Talk to")
            terminal.type("\x11")
            assert terminal.wait_exit() == 0
        else:
            assert terminal.wait_exit() == 2
            assert b"The full screen needs a terminal" in terminal.output
        assert terminal.modes_left_on == set()
        assert terminal.settings_restored
