"""Pictures in a real terminal: by the protocol that it announces, and by none that it does not."""

from __future__ import annotations

import base64
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from drawing import RED, corners
from PIL import Image
from terminal import ATTRIBUTES, Terminal

from tui.demo.scenarios import Answer, Text
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parent.parent
KITTY_QUESTION = rb"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
CELL_QUESTION = rb"\x1b\[16t"
CELLS = {CELL_QUESTION: b"\x1b[6;20;10t"}  # 20 pixels high, 10 wide
KITTY = {KITTY_QUESTION: b"\x1b_Gi=31;OK\x1b\\", **CELLS}
SIXEL = {ATTRIBUTES: b"\x1b[?62;4;22c", **CELLS}

UPLOAD = re.compile(rb"\x1b_Ga=T,U=1,f=100,i=(\d+),c=(\d+),r=(\d+),q=2,m=[01];")
CHUNK = re.compile(rb"\x1b_G(?:[^;]*,)?m=([01]);([^\x1b]*)\x1b\\")
DRAWN = re.compile(rb'\x1b7\x1b\[(\d+)D\x1b\[(\d+)A\x1bP0;1q"1;1;(\d+);(\d+)[^\x1b]*\x1b\\\x1b8')
PLACEHOLDER = "\U0010eeee".encode()


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    Image.Image.save(corners(640, 480), tmp_path / "flag.png")
    with Server(FakeAnthropic()) as server:
        server.service.script(Answer(Text("A flag.")))  # short: the picture is not scrolled away before it is drawn
        yield {
            "HOME": str(tmp_path),
            "PRX_HOME": str(tmp_path / "prx"),
            "PYTHONPATH": str(ROOT),
            "ANTHROPIC_API_KEY": DEMO_KEY,
            "ANTHROPIC_BASE_URL": server.url,
            "PATH": os.environ["PATH"],
        }


def opened(env: dict[str, str], answers: dict[bytes, bytes], config: str = "") -> Terminal:
    home = Path(env["PRX_HOME"])
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text(config)
    command = [sys.executable, "-m", "tui", "-a", "flag.png"]
    return Terminal(command, env, Path(env["HOME"]), 80, 30, answers=answers)


def send(terminal: Terminal) -> None:
    terminal.wait_for("flag.png  640×480")
    terminal.type("what is it?\r")
    terminal.wait_for("▣ flag.png")
    terminal.wait(lambda: " tok" in terminal.text)


def click_on_picture(terminal: Terminal) -> None:
    row = next(number for number, line in enumerate(terminal.lines) if "▣ flag.png" in line)
    terminal.type(f"\x1b[<0;5;{row}M\x1b[<0;5;{row}m")
    terminal.wait_for("esc close")


def uploads(output: bytes) -> list[tuple[int, int, int]]:
    return [(int(number), int(columns), int(rows)) for number, columns, rows in UPLOAD.findall(output)]


def uploaded(output: bytes, number: int) -> Image.Image:
    """The picture that the terminal was given under a number."""
    text = b""
    for more, chunk in CHUNK.findall(output[output.index(b"i=%d," % number) - len(b"\x1b_Ga=T,U=1,f=100,") :]):
        text += chunk
        if more == b"0":
            break
    return Image.open(io.BytesIO(base64.b64decode(text, validate=True)))


def quit_from(terminal: Terminal) -> None:
    terminal.type("\x11")
    assert terminal.wait_exit() == 0


def test_kitty_is_given_each_picture_once_and_told_to_forget_it(env: dict[str, str]) -> None:
    with opened({**env, "TERM": "xterm-kitty"}, KITTY) as terminal:
        send(terminal)
        terminal.wait(lambda: terminal.output.count(PLACEHOLDER) >= 21 * 8)
        ((small, columns, rows),) = uploads(terminal.output)
        assert (columns, rows) == (21, 8)
        picture = uploaded(terminal.output, small)
        assert picture.size == (210, 160)
        assert picture.convert("RGB").getpixel((5, 5)) == RED
        assert b"\x1b[38;2;%d;%d;%d" % (small >> 16, small >> 8 & 255, small & 255) in terminal.output

        click_on_picture(terminal)
        terminal.wait(lambda: len(uploads(terminal.output)) == 2)
        whole, columns, rows = uploads(terminal.output)[1]
        terminal.wait(lambda: terminal.output.count(PLACEHOLDER) >= 21 * 8 + columns * rows)
        assert uploaded(terminal.output, whole).size == (columns * 10, rows * 20)
        terminal.type("\x1b")
        terminal.wait(lambda: b"\x1b_Ga=d,d=I,i=%d,q=2\x1b\\" % whole in terminal.output)
        terminal.wait(lambda: terminal.output.count(PLACEHOLDER) >= 21 * 8 * 2 + columns * rows)
        quit_from(terminal)
        ending = terminal.output.rindex(b"\x1b[?1049l")
        assert b"\x1b_Ga=d,d=I,i=%d,q=2\x1b\\" % small in terminal.output[:ending]
        assert b"\x1bP0;" not in terminal.output


def test_behind_a_dialog_a_picture_keeps_the_colour_that_says_which_it_is(env: dict[str, str]) -> None:
    with opened({**env, "TERM": "xterm-kitty"}, KITTY) as terminal:
        send(terminal)
        terminal.wait(lambda: terminal.output.count(PLACEHOLDER) >= 21 * 8)
        ((number, _, _),) = uploads(terminal.output)
        since = len(terminal.output)
        terminal.type("\x1b[19~")
        terminal.wait_for("Thinking and effort")
        terminal.wait(lambda: terminal.output.count(PLACEHOLDER, since) > 0)
        colours = re.findall(rb"\x1b\[([0-9;]*)m" + PLACEHOLDER, terminal.output[since:])
        own = b"38;2;%d;%d;%d" % (number >> 16, number >> 8 & 255, number & 255)
        assert colours
        assert all(own in colour for colour in colours)
        terminal.type("\x1b")
        terminal.wait(lambda: "Thinking and effort" not in terminal.text)
        quit_from(terminal)


def test_sixel_is_for_the_whole_picture_and_leaves_with_it(env: dict[str, str]) -> None:
    with opened(env, SIXEL) as terminal:
        send(terminal)
        terminal.wait_for("▀▀▀▀")
        assert not DRAWN.findall(terminal.output)
        click_on_picture(terminal)
        terminal.wait(lambda: DRAWN.search(terminal.output))
        back, up, width, height = map(int, DRAWN.findall(terminal.output)[0])
        assert (width, height) == (back * 10, (up + 1) * 20)
        assert width <= 780
        assert abs(width / height - 640 / 480) < 0.05
        terminal.resize(60, 20)
        terminal.wait(lambda: len(DRAWN.findall(terminal.output)) >= 2)
        assert int(DRAWN.findall(terminal.output)[-1][2]) <= 580
        before = len(terminal.output)
        terminal.type("\x1b")
        terminal.wait_for("Sonnet 5.5 ▾")
        # Every line is written anew.
        terminal.wait(lambda: all(b"\x1b[%d;1H" % row in terminal.output[before:] for row in range(1, 21)))
        assert b"\x1bP" not in terminal.output[before:]
        quit_from(terminal)
        assert b"\x1b_G" not in terminal.output


def test_kitty_is_given_the_pictures_again_after_an_editor(env: dict[str, str]) -> None:
    with opened({**env, "TERM": "xterm-kitty", "VISUAL": "true"}, KITTY) as terminal:
        send(terminal)
        terminal.wait(lambda: terminal.output.count(PLACEHOLDER) >= 21 * 8)
        terminal.type("\x07")
        terminal.wait(lambda: terminal.output.count(b"\x1b[?1049h") == 2)
        terminal.wait(lambda: len(uploads(terminal.output)) == 2)
        (first, *_), (second, *_) = uploads(terminal.output)
        colour = b"\x1b[38;2;%d;%d;%d" % (second >> 16, second >> 8 & 255, second & 255)
        terminal.wait(lambda: terminal.output.count(colour) >= 8)
        assert b"\x1b_Ga=d,d=I,i=%d,q=2\x1b\\" % first in terminal.output


def test_the_dialog_shows_the_picture_as_the_terminal_can(env: dict[str, str]) -> None:
    folder = Path(env["HOME"])
    for number in range(40):
        Image.new("RGB", (40, 30), (6 * number, 0, 0)).save(folder / f"{number:02}.png")
    with opened(env, SIXEL) as terminal:
        terminal.wait_for("flag.png  640×480")
        terminal.type("\x0f")
        terminal.wait_for("00.png")
        terminal.wait(lambda: DRAWN.search(terminal.output))
        back, up, width, height = map(int, DRAWN.findall(terminal.output)[0])
        assert (width, height) == (back * 10, (up + 1) * 20)
        before = len(terminal.output)
        for _ in range(30):  # the list scrolls beside the picture, which must not move with it
            shown = len(DRAWN.findall(terminal.output))
            terminal.type("\x1b[B")
            terminal.wait(lambda shown=shown: len(DRAWN.findall(terminal.output)) > shown)
        terminal.wait_for("30.png")
        red = b"#0;2;%d;0;0" % round(6 * 30 * 100 / 255)
        terminal.wait(lambda: any(red in drawn[0] for drawn in DRAWN.finditer(terminal.output, before)))
        assert not re.search(rb"\x1b\[\d*[LM]", terminal.output[before:])


@pytest.mark.parametrize(
    ("extra", "config", "questions"),
    [
        ({}, "", [CELL_QUESTION, ATTRIBUTES]),  # it says that it can do neither
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/x,1,0"}, "", [CELL_QUESTION, ATTRIBUTES]),  # tmux would swallow it
        ({"TERM": "xterm-kitty"}, '[ui]\npictures = "blocks"\n', []),  # not even asked
        ({"TERM": "xterm-kitty", "COLORTERM": ""}, "", [KITTY_QUESTION, CELL_QUESTION, ATTRIBUTES]),  # too few colours
    ],
    ids=["plain", "tmux", "blocks", "256 colours"],
)
def test_blocks_otherwise(env: dict[str, str], extra: dict[str, str], config: str, questions: list[bytes]) -> None:
    with opened({**env, **extra}, KITTY, config) as terminal:
        send(terminal)
        terminal.wait_for("▀▀▀▀")
        click_on_picture(terminal)
        terminal.wait(lambda: terminal.text.count("▀") > 500)
        quit_from(terminal)
        every = [KITTY_QUESTION, CELL_QUESTION, ATTRIBUTES]
        assert [question for question in every if re.search(question, terminal.output)] == questions
        assert not uploads(terminal.output)
        assert b"\x1bP0;" not in terminal.output


def test_a_terminal_that_answers_nothing_gets_blocks_and_its_keys_stay_keys(env: dict[str, str]) -> None:
    with opened({**env, "TERM": "xterm-kitty"}, {KITTY_QUESTION: b"", CELL_QUESTION: b"", ATTRIBUTES: b""}) as terminal:
        send(terminal)
        terminal.wait_for("▀▀▀▀")
        terminal.type("Gi=31;")
        terminal.wait_for("Gi=31;")
        terminal.type(b"\x1b_Gi=31;OK\x1b")  # late, and in two parts
        terminal.type(b"\\\x1b[6;20;10t\x1b[?62;22cx")
        terminal.wait_for("Gi=31;x")


def test_none_are_shown_at_all(env: dict[str, str]) -> None:
    with opened({**env, "TERM": "xterm-kitty"}, KITTY, '[ui]\npictures = "none"\n') as terminal:
        send(terminal)
        click = next(number for number, line in enumerate(terminal.lines, 1) if "▣ flag.png" in line)
        terminal.type(f"\x1b[<0;5;{click}M\x1b[<0;5;{click}m")
        terminal.wait_for("640×480 · 414 tokens")
        quit_from(terminal)
        assert not uploads(terminal.output)
        assert "▀▀" not in terminal.text
