"""A growing text is drawn as the whole text would be, and what was drawn once stays where it is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering import copied, rows
from rich.cells import cell_len

from tui.render.strips import DARK, LIGHT, Document

LINES = st.sampled_from(
    [
        *(
            "# Head",
            "## Two ##",
            "text with **bold** and `code`",
            "",
            "",
            "",
            "---",
            "===",
            "***",
            "> quote",
            ">",
            "> - in",
        ),
        *(
            "- item",
            "- ",
            "  - nested",
            "    deep",
            "1. one",
            "2. two",
            "   more",
            "* [x] done",
            "- [ ] open",
            "+ a\tb",
            "10) x",
        ),
        *(
            "```python",
            "```a-long-name-for-a-language",
            "```",
            "~~~",
            "````",
            "def f(x):",
            '    """doc',
            "\treturn 'x'",
            '"""',
            "/* c",
            "*/",
            "    indented",
        ),
        *("| a | b |", "|---|--:|", "| 1 | **2** |", "|x|", "a | b", "--|--", "| long cell with words | `y` | z |"),
        *(
            "a *b",
            "c* d",
            "[link](http://x.y/z) [half](ht",
            "<br>",
            "<div>",
            "line  ",
            "back\\",
            "汉字，汉字。",
            "🙂 emoji",
        ),
        *(
            "x" * 130,
            "w " * 90,
            "**" + "bold words " * 20,
            "1986\\. A year",
            "&amp; &#27;",
            "$x_1$ \\(y\\)",
            "https://a.b/c_d.",
        ),
        *(
            "$$",
            "$$",
            "so $$",
            "$$ x_1 = 2",
            "x $$ y",
            "\\[",
            "\\]",
            "is \\[ a_1",
            "= b",
            "+ c",
            "> $$",
            "- $$",
            "  $$",
        ),
        *("\\begin{align}", "\\end{align}", "a &= b \\\\", "\\(x", "\\)"),
        *(
            "✓ done",
            "• point",
            "[x] ticked",
            "C:\\a\\_b*",
            "$a_b and `$c`",
            "7. seven",
            "1. again",
            "见https://a.b/c。d",
        ),
    ]
)
TEXT = st.lists(LINES | st.text("ab *_`[]()|->#\n1.~\\", max_size=12), max_size=14).map("\n".join)
WIDTH = st.sampled_from([16, 33, 80])


def drawn(document: Document) -> list[tuple[object, ...]]:
    return [(list(row.strip), row.soft, row.joiner, row.lead) for row in rows(document)]


def grown(text: str, width: int, cuts: list[int]) -> Document:
    document = Document(DARK, width, closed=False)
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        document.feed(text[start:end])
    return document


def cuts_of(text: str, seed: int) -> list[int]:
    chance = random.Random(seed)
    return sorted(chance.randint(0, len(text)) for _ in range(chance.randint(0, 12)))


@settings(max_examples=300, deadline=None)
@given(TEXT, WIDTH, st.integers(0, 1 << 30))
def test_however_it_is_fed_the_rows_are_the_same(text: str, width: int, seed: int) -> None:
    document = grown(text, width, cuts_of(text, seed))
    assert drawn(document) == drawn(grown(text, width, []))
    document.close()
    assert drawn(document) == drawn(Document(DARK, width, text))


@settings(max_examples=150, deadline=None)
@given(TEXT, WIDTH, st.integers(0, 1 << 30))
def test_rows_above_what_feed_returns_never_change(text: str, width: int, seed: int) -> None:
    document = Document(DARK, width, closed=False)
    before: list[tuple[object, ...]] = []
    cuts = cuts_of(text, seed)
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        changed = document.feed(text[start:end])
        after = drawn(document)
        assert after[:changed] == before[:changed]
        assert changed == len(after) or changed == len(before) or after[changed] != before[changed]
        before = after


@settings(max_examples=150, deadline=None)
@given(TEXT, st.integers(8, 60))
def test_every_row_fits(text: str, width: int) -> None:
    for row in rows(Document(DARK, width, text)):
        assert row.strip.cell_length == cell_len(row.strip.text) <= width
        assert row.lead <= width


@settings(max_examples=100, deadline=None)
@given(TEXT, WIDTH, WIDTH, st.integers(0, 1 << 30))
def test_a_new_size_is_as_if_it_had_been_so_from_the_start(text: str, width: int, other: int, seed: int) -> None:
    document = grown(text[: len(text) // 2], width, [])
    document.resize(other, LIGHT)
    document.feed(text[len(text) // 2 :])
    document.close()
    assert drawn(document) == drawn(Document(LIGHT, other, text))


@settings(max_examples=60, deadline=None)
@given(TEXT, WIDTH, st.lists(st.integers(0, 200), max_size=5))
def test_looking_in_any_order_shows_the_same(text: str, width: int, looks: list[int]) -> None:
    document = Document(DARK, width, text)
    for y in looks:
        document.row(y)
    assert drawn(document) == drawn(Document(DARK, width, text))


def test_a_closed_text_takes_no_more() -> None:
    with pytest.raises(ValueError, match="closed"):
        Document(DARK, 80, "text").feed("more")


def test_copying_gives_the_text_before_wrapping() -> None:
    prose = "It runs out: the kelp lies seaward, and the wet line on the rock is about a hand above the water. " * 3
    code = "    value = compute(alpha, beta,  gamma) + compute(delta, epsilon, zeta)\n\nif x:\n    pass"
    document = Document(DARK, 40, f"{prose}\n\n```py\n{code}\n```\n> quoted words that go on and on until wrapped\n")
    text = copied(rows(document))
    assert prose.strip() in text
    assert code in text
    assert "\nquoted words that go on and on until wrapped" in text


def test_a_joined_word_keeps_its_joiner_and_its_width_wherever_it_is_cut() -> None:
    word = "\u0dc1\u0dca\u200d\u0dbb\u0dd3"
    text = f"{word} {word}\n\n```\n{word}\n```\n\n| {word} | b |\n|---|---|\n| {word} | **{word}** |"
    whole = Document(DARK, 60, text)
    drawn = rows(whole)
    assert [row.strip.text.count(word) for row in drawn] == [2, 0, 0, 1, 0, 1, 0, 2]
    assert drawn[0].strip.cell_length == 5
    assert drawn[5].strip.text.startswith(f"{word}   │ b")
    for cut in range(len(text)):
        document = Document(DARK, 60, closed=False)
        document.feed(text[:cut])
        document.feed(text[cut:])
        document.close()
        assert [row.strip for row in rows(document)] == [row.strip for row in drawn]
