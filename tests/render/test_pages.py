"""A long text takes little beside itself: pages that nobody looks at are put away, and read again with the same rows."""

from __future__ import annotations

import pytest
from rendering import rows

from tui.render.strips import DARK, LIGHT, Document

LONG = {
    "prose": "Some **words** of a text, with `code` and a [link](https://example.com/a).\n\n" * 8000,
    "lines": "ab\n" * 30_000,
    "one word": "a" * 1_000_000,
    "ideographs": "漢字" * 300_000,
    "code": "```python\n" + "x = [1, 'two']\n" * 10_000,
    "code in one line": "```python\n" + "x = [1, 'two'] " * 6_000,
    "blocks of code": "```\nx\n```\n" * 5000,
    "table": "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 15_000,
    "headings": "# h\n" * 15_000,
    "lists": "".join(" " * (2 * depth) + "- x\n" for depth in range(400)) * 3,
    "quotes": (">" * 2000 + " x\n") * 100,
    "empty lines": "\n" * 60_000 + "end",
    "joiners": "क्‍ष " * 30_000,
}


def grown(text: str, step: int, *, drawn: bool = True, width: int = 60) -> Document:
    document = Document(DARK, width, closed=False)
    for at in range(0, len(text), step):
        document.feed(text[at : at + step], drawn=drawn)
    document.close()
    return document


def some_rows(document: Document) -> list[object]:
    """The rows at the beginning, in the middle and at the end."""
    while document.settle(0, document.height):
        pass
    height = document.height
    spots = [*range(40), *range(height // 2, height // 2 + 40), *range(height - 40, height)]
    return [document.row(max(0, min(y, height - 1))) for y in spots]


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_a_long_text_keeps_few_pieces_whatever_it_holds(text: str) -> None:
    document = Document(DARK, 60, closed=False)
    most = 0
    for at in range(0, len(text), 4000):
        document.feed(text[at : at + 4000], drawn=False)
        most = max(most, document.kept_pieces)
    assert most <= 4000 + 2 * 8200
    document.close()
    assert document.source == text


@pytest.mark.parametrize("name", ["prose", "code", "code in one line", "table", "headings", "lists", "joiners"])
def test_what_was_put_away_has_the_same_rows_again(name: str) -> None:
    text = LONG[name][:35_000]
    whole = some_rows(Document(DARK, 60, text))
    assert some_rows(grown(text, 700)) == whole
    assert some_rows(grown(text, 4000, drawn=False)) == whole


def test_the_rows_in_view_stay_when_others_are_looked_at() -> None:
    document = grown(LONG["prose"], 4000, drawn=False)
    while document.settle(document.height - 40, document.height):
        pass
    assert document.drawn_pieces < 120
    end = [document.row(document.height - y).strip.text for y in range(1, 40)]
    document.settle(0, 200)
    assert [document.row(document.height - y).strip.text for y in range(1, 40)] == end
    assert document.drawn_pieces < 300


@pytest.mark.parametrize("name", ["code", "code in one line", "table", "one word", "ideographs"])
def test_a_look_at_the_end_draws_little_also_at_a_new_width(name: str) -> None:
    document = grown(LONG[name], 4000, drawn=False)
    for width in (60, 47):
        document.resize(width, LIGHT)
        before = document.drawn_pieces
        document.settle(document.height - 40, document.height)
        assert document.drawn_pieces - before <= 600


def test_code_is_copied_whole_from_pages_that_were_put_away() -> None:
    document = grown(LONG["code"] + "```\n", 4000, drawn=False)
    (block,) = document.code_blocks()
    assert block.source == LONG["code"].removeprefix("```python\n")


def test_a_line_of_code_that_is_broken_for_drawing_is_copied_as_one() -> None:
    line = "x = [1, 'two'] " * 2000
    document = Document(DARK, 60, f"```python\n{line}\n```\n")
    (block,) = document.code_blocks()
    assert block.source == f"{line}\n"
    assert all(row.soft for row in rows(document)[2:])


def test_a_long_stored_text_is_read_a_part_at_a_time() -> None:
    document = Document(DARK, 60, LONG["prose"])
    document.settle(0, 10)
    assert document.is_half_read
    assert document.source == LONG["prose"]
    before = document.height
    while document.is_half_read:
        document.read(50_000)
    assert document.height > 3 * before
    assert document.source == LONG["prose"]
    assert some_rows(document)[:40] == some_rows(grown(LONG["prose"], 4000, drawn=False))[:40]


def test_what_arrives_while_the_beginning_is_still_read_comes_after_it() -> None:
    document = Document(DARK, 60, LONG["prose"], closed=False)
    document.settle(0, 10)
    document.feed("\n\nthe end")
    document.close()
    while document.is_half_read:
        document.read(100_000)
    assert document.source.endswith("the end")
    assert document.row(document.height - 1).strip.text.rstrip() == "the end"


def test_the_work_for_a_text_grows_with_its_length_and_no_faster() -> None:
    """Pieces drawn, for texts of 2,000 to 100,000 tokens: the exponent of the growth is at most 1.05."""
    work = {}
    for tokens in (2_000, 20_000, 100_000):
        document = grown(LONG["prose"][: 4 * tokens], 200)
        work[tokens] = document.drawn_pieces
    assert work[100_000] <= work[2_000] * 50**1.05
    assert work[100_000] <= work[20_000] * 5**1.05
