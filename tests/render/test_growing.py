"""While a text grows it is drawn calmly, lazily, and without doing anything twice that is finished."""

from __future__ import annotations

import random

import pytest
from rendering import copied, rows

from tui.render.strips import DARK, LIGHT, Document

WORDS = ("tide", "rock", "kelp", "seaward", "the", "in", "long", "brown", "and", "runs", "out")


def sentences(count: int) -> str:
    chance = random.Random(1)
    return " ".join(chance.choice(WORDS) for _ in range(count))


def shown(text: str, width: int = 60) -> str:
    document = Document(DARK, width, closed=False)
    document.feed(text)
    return "\n".join(document.row(y).strip.text.rstrip() for y in range(document.height))


@pytest.mark.parametrize(
    ("before", "half"),
    [
        ("text\n\n", "`"),
        ("text\n\n", "``"),
        ("text\n\n", "#"),
        ("text\n\n", "## "),
        ("text\n\n", "-"),
        ("text\n\n", "- "),
        ("text\n\n", "1"),
        ("text\n\n", "12."),
        ("text\n\n", ">"),
        ("text\n\n", "**"),
        ("text\n", "--"),
        ("text\n", "=="),
        ("- item\n", "  -"),
        ("- item\n", "-"),
        ("> quote\n", "> >"),
        ("```py\nx = 1\n", "``"),
        ("```py\nx = 1\n", "```"),
        ("| a | b |\n", "|--"),
        ("| a | b |\n", "|---|-"),
        ("| a | b |\n|--|--|\n| 1 | 2 |\n", "| "),
        ("some *", "*"),
        ("some **bold", "*"),
        ("some **bold", "**"),
        ("some `code", "`"),
        ("- one\n", "- ["),
        ("- one\n", "- [x]"),
        ("```\ncode\n", "  "),
        ("| a | b |\n|--|--|\n| 1 | 2 |\n| 3 |", " fou"),
    ],
)
def test_half_a_mark_is_not_drawn(before: str, half: str) -> None:
    assert shown(before + half) == shown(before)


def test_a_table_looks_like_one_from_its_header_on() -> None:
    assert shown("| Name | Cou") == "Name"
    assert shown("| Name | Count |") == "Name │ Count"
    assert shown("| Name | Count |\n|---") == "Name │ Count"
    assert shown("| Name | Count |\n|---|--:|\n| a | 1") == "Name │ Count\n─────┼──────\na    │"
    assert shown("| Name | Count |\n|---|--:|\n| a | 1 |") == "Name │ Count\n─────┼──────\na    │     1"


def test_a_table_keeps_its_rows_when_its_columns_are_settled() -> None:
    document = Document(DARK, 60, closed=False)
    document.feed("| n | text |\n|---|---|\n" + "| 1 | word |\n" * 12)
    assert document.feed("| 1 | a few words more |\n") == 14
    assert document.row(14).strip.text == "1    │ a few words more"


def test_what_was_held_back_is_drawn_at_the_end() -> None:
    for text, drawn in (("a\n\n``", "``"), ("a\n\n1", "1"), ("a *", "a *"), ("a **b", "a **b"), ("| a |", "| a |")):
        document = Document(DARK, 60, closed=False)
        document.feed(text)
        document.close()
        assert document.row(document.height - 1).strip.text.rstrip() == drawn


ENDLESS = {
    "code": "```python\n" + 'def f(x):\n    """Doc."""\n    return [x, "y", 1.5]  # note\n\n' * 600,
    "table": "| a | b | c |\n|---|--:|---|\n" + "| some words | 12 | **and** more `text` here |\n" * 600,
    "list": "- some **words** of an item that goes on\n" * 700,
    "nested list": "".join("  " * (n % 4) + "- an item at its own depth, with words\n" for n in range(700)),
    "paragraph": sentences(6000),
    "paragraph of short lines": "a line of verse\n" * 1800,
    "quote": "> a line of a quote that goes on and on\n" * 700,
    "no space": "x" * 30_000,
    "code in one line": "```json\n" + '{"a": [1, 2, "three"]}, ' * 1300,
    "bars": "| a " * 8000,
    "signs": ">- # *_`[" * 3500,
    "quotes in quotes": "> " * 15_000,
    "rule without end": "-" * 30_000,
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS.keys())
def test_an_endless_block_costs_the_same_from_first_to_last(text: str) -> None:
    document = Document(DARK, 80, closed=False)
    work: list[int] = []
    cells = 0
    for at in range(0, len(text), 100):
        before = document.drawn_pieces
        changed = document.feed(text[at : at + 100])
        work.append(document.drawn_pieces - before)
        cells = max(cells, document.height - changed)
    third = len(work) // 3
    assert sum(work[-third:]) <= 1.3 * sum(work[third : 2 * third]) + 10
    assert max(work[third:]) <= 30
    assert cells <= 40, "rows drawn again in one feed"


def test_a_finished_row_is_the_same_strip_for_ever() -> None:
    document = Document(DARK, 60, closed=False)
    document.feed("one\n\n```py\nx = 1\n")
    first = [document.row(y).strip for y in range(document.height)]
    document.feed("y = 2\n")
    document.feed("```\n\nlast")
    assert all(document.row(y).strip is strip for y, strip in enumerate(first))


def test_a_row_that_did_not_change_keeps_its_strip_while_its_block_is_open() -> None:
    document = Document(DARK, 40, closed=False)
    document.feed(sentences(20))
    strip = document.row(0).strip
    changed = document.feed(" and more words")
    assert changed >= 1
    assert document.row(0).strip is strip


def test_a_stored_text_costs_nothing_until_it_is_looked_at() -> None:
    documents = [Document(DARK, 80, f"# {n}\n\n" + sentences(400)) for n in range(50)]
    assert all(document.height > 20 for document in documents)
    assert sum(document.drawn_pieces for document in documents) == 0
    documents[7].row(3)
    assert 0 < documents[7].drawn_pieces <= 3
    assert sum(document.drawn_pieces for document in documents) == documents[7].drawn_pieces


def test_only_what_is_looked_at_is_drawn() -> None:
    text = "".join(f"## Part {n}\n\n{sentences(60)}\n\n" for n in range(300))
    document = Document(DARK, 80, text)
    document.settle(0, 0)
    bottom = document.height - 1
    document.settle(bottom - 40, bottom)
    assert document.drawn_pieces < 60
    document.resize(60, LIGHT)
    assert document.drawn_pieces < 60
    document.row(document.height // 2)
    assert document.drawn_pieces < 70


def test_settling_says_whether_heights_changed() -> None:
    document = Document(DARK, 30, "word\n" * 100)
    assert document.settle(0, 5)
    assert not document.settle(0, document.height)


def test_looking_into_the_middle_of_code_reads_only_part_of_it() -> None:
    document = Document(DARK, 80, "```python\n" + "x = 1\n" * 5000 + "```\n")
    document.row(4990)
    assert document.drawn_pieces <= 1001
    document = Document(DARK, 80, "```python\n" + 'def f():\n    """Doc."""\n\n    return 1\n\n' * 1000 + "```\n")
    document.row(4990)
    assert document.drawn_pieces <= 206


def test_looking_into_the_middle_of_a_paragraph_wraps_only_part_of_it() -> None:
    document = Document(DARK, 80, sentences(20_000))
    document.settle(document.height - 10, document.height)
    assert document.drawn_pieces <= 62


def test_a_paragraph_is_one_text_however_long() -> None:
    text = sentences(20_000)
    document = Document(DARK, 80, text)
    assert copied(rows(document)) == text


def test_the_first_text_needs_no_more_than_its_height() -> None:
    document = Document(DARK, 80, closed=False)
    assert document.height == 0
    assert document.feed("") == 0
    assert document.row(0).strip.text == ""
    assert document.close() == 0
