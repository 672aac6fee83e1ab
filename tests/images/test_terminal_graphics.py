"""What a terminal is asked about pictures, and what it is given: read back as the protocols say."""

from __future__ import annotations

import base64
import io
import re
import unicodedata

import pytest
from drawing import corners, page, photo
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from tui.images.cell_size import CellSize, fit_cells
from tui.images.kitty import MAX_CELLS, placeholders, removal, upload
from tui.images.sixel import sixel
from tui.images.terminal_graphics import Canvas, canvas, questions
from tui.images.thumbnails import encode_png

KITTY, CELL, SIXEL, PLAIN = "\x1b_Gi=31;OK\x1b\\", "\x1b[6;20;10t", "\x1b[?62;4;22c", "\x1b[?62;22c"
CELLS = (10, 20)


@pytest.mark.parametrize(
    ("choice", "answers", "found"),
    [
        ("auto", "", Canvas()),
        ("auto", CELL + PLAIN, Canvas("blocks", CELLS)),
        ("auto", KITTY + CELL + PLAIN, Canvas("kitty", CELLS)),
        ("auto", KITTY + SIXEL, Canvas("kitty")),
        ("auto", CELL + SIXEL, Canvas("sixel", CELLS)),
        ("auto", SIXEL, Canvas()),  # a bitmap of unknown size would cover its neighbours
        ("auto", CELL + "\x1b[?4;1c", Canvas("blocks", CELLS)),  # a VT132, not one with Sixel
        ("auto", "\x1b_Gi=31;EINVAL:no\x1b\\" + CELL + PLAIN, Canvas("blocks", CELLS)),
        ("auto", "\x1b[6;0;0t" + SIXEL, Canvas()),
        ("sixel", "", Canvas("sixel")),
        ("kitty", CELL + PLAIN, Canvas("kitty", CELLS)),
    ],
)
def test_what_the_answers_mean(choice: str, answers: str, found: Canvas) -> None:
    assert canvas(choice, answers) == found


@pytest.mark.parametrize(
    ("choice", "env", "asks_kitty", "asks"),
    [
        ("auto", {"TERM": "xterm-kitty"}, True, True),
        ("auto", {"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, True, True),
        ("auto", {"TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"}, True, True),
        ("auto", {"TERM": "xterm-256color"}, False, True),
        ("auto", {"TERM": "tmux-256color", "TMUX": "x", "KITTY_WINDOW_ID": "1"}, False, True),
        ("auto", {"TERM": "screen", "STY": "x", "KITTY_WINDOW_ID": "1"}, False, True),
        ("auto", {"TERM": "linux"}, False, False),
        ("auto", {}, False, False),
        ("blocks", {"TERM": "xterm-kitty"}, False, False),
        ("none", {"TERM": "xterm-kitty"}, False, False),
    ],
)
def test_what_is_asked(choice: str, env: dict[str, str], asks_kitty: bool, asks: bool) -> None:
    asked = questions(choice, env)
    assert ("\x1b_G" in asked, asked.endswith("\x1b[16t\x1b[c")) == (asks_kitty, asks)
    assert bool(asked) == asks


@given(st.integers(1, 9_000), st.integers(1, 9_000), st.integers(1, 300), st.integers(1, 100))
def test_a_picture_fits_its_room_in_its_own_shape(width: int, height: int, columns: int, rows: int) -> None:
    found = fit_cells(width, height, CellSize(columns, rows))
    assert 1 <= found.columns <= columns
    assert 1 <= found.rows <= rows
    assert found.columns == columns or found.rows == rows
    shape, meant = found.columns / (2 * found.rows), width / height
    half = 0.5 / min(found)  # of a cell, which is all that rounding takes
    assert meant * (1 - half) / (1 + half) <= shape <= meant * (1 + half) / (1 - half) or 1 in found


# Kitty


@pytest.mark.parametrize("picture", [corners(), photo(300, 200)], ids=["one chunk", "many"])
def test_kitty_gets_the_whole_picture_in_chunks(picture: Image.Image) -> None:
    pieces = re.findall("\x1b_G([^;]*);([^\x1b]*)\x1b\\\\", upload(7, encode_png(picture), 30, 10))
    assert pieces[0][0].startswith("a=T,U=1,f=100,i=7,c=30,r=10,q=2,m=")
    assert [keys[-3:] for keys, _ in pieces] == ["m=1"] * (len(pieces) - 1) + ["m=0"]
    assert all(len(text) == 4096 for _, text in pieces[:-1])
    assert all("q=2" in keys for keys, _ in pieces)  # it is to answer nothing
    data = base64.b64decode("".join(text for _, text in pieces), validate=True)
    assert Image.open(io.BytesIO(data)).convert("RGB").tobytes() == picture.tobytes()


def test_placeholders_say_their_row_and_column() -> None:
    rows = placeholders(5, 3)
    cells = [re.findall("\U0010eeee(.)(.)", row) for row in rows]
    assert ["".join(f"\U0010eeee{down}{across}" for down, across in row) for row in cells] == list(rows)
    assert [len({down for down, _ in row}) for row in cells] == [1, 1, 1]
    assert len({row[0][0] for row in cells}) == 3
    assert len({across for _, across in cells[0]}) == 5
    assert [cells[1][0][0], cells[0][1][1]] == ["\u030d", "\u030d"]  # both are numbered alike, from 0305 on
    assert MAX_CELLS == 297
    assert all(unicodedata.combining(mark) for mark in re.findall("[^\U0010eeee]", placeholders(MAX_CELLS, 1)[0]))


def test_kitty_forgets() -> None:
    assert removal(7) == "\x1b_Ga=d,d=I,i=7,q=2\x1b\\"


# Sixel


def drawn(sequence: str) -> Image.Image:
    """A Sixel sequence as a terminal draws it."""
    head = re.fullmatch('\x1bP0;1q"1;1;([0-9]+);([0-9]+)([^\x1b]*)\x1b\\\\', sequence)
    assert head is not None
    image = Image.new("RGBA", (int(head[1]), int(head[2])))
    registers: dict[int, tuple[int, int, int]] = {}
    x = top = colour = 0
    for number, definition, sign in re.findall("#([0-9]+)((?:;[0-9]+){4})?|(![0-9]+[?-~]|[?-~$-])", head[3]):
        if number:
            colour = int(number)
            if definition:
                system, *parts = map(int, definition[1:].split(";"))
                assert system == 2
                registers[colour] = tuple(round(part * 255 / 100) for part in parts)
        elif sign in "$-":
            x, top = 0, top + 6 * (sign == "-")
        else:
            length = int(sign[1:-1] or 1) if sign[0] == "!" else 1
            for bit in range(6):
                if ord(sign[-1]) - 63 >> bit & 1:
                    image.paste((*registers[colour], 255), (x, top + bit, x + length, top + bit + 1))
            x += length
    return image


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 3))
def test_sixel_draws_every_dot_in_nearly_its_colour(width: int, height: int, seed: int) -> None:
    picture = photo(width, height, seed=seed)
    shown = drawn(sixel(picture))
    assert shown.size == picture.size
    assert shown.getchannel("A").getextrema() == (255, 255)
    difference = ImageChops.difference(shown.convert("RGB"), picture)
    assert max(ImageStat.Stat(difference).mean) < 12


@pytest.mark.parametrize("picture", [corners(64, 48), page(90, 50), Image.new("RGB", (1, 1), "red")])
def test_sixel_of_few_colours_is_exact_to_the_percent(picture: Image.Image) -> None:
    difference = ImageChops.difference(drawn(sixel(picture)).convert("RGB"), picture)
    assert max(high for _, high in difference.getextrema()) <= 2


@pytest.mark.parametrize("size", [(320, 240), (333, 100), (1, 6000)])
def test_the_colours_of_a_part_of_a_photo_do_for_all_of_it(size: tuple[int, int]) -> None:
    picture = photo(*size)
    whole = picture.quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    shown, best = (
        sum(ImageStat.Stat(ImageChops.difference(one, picture)).mean)
        for one in (drawn(sixel(picture)).convert("RGB"), whole)
    )
    assert shown < best * 1.15


def test_sixel_is_plain_text_but_for_its_ends() -> None:
    body = sixel(photo(50, 30)).removeprefix("\x1bP").removesuffix("\x1b\\")
    assert body.isascii()
    assert body.isprintable()
