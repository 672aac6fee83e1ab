"""A question's detail as rows: all of it, laid out only where it is looked at, and what hides or deceives in it told."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.chat.tools import PermissionRequest
from tui.chat.transcript import ToolUse
from tui.render.safe import revealed
from tui.widgets.conversation.wrapping import wrapped
from tui.widgets.question_rows import START, Detail, Spot, warnings_about

Kind = Literal["command", "diff", "url", "path", "call"]
WIDTH = 40


def detail_of(text: str, kind: Kind = "diff") -> Detail:
    detail = Detail(PermissionRequest(call=ToolUse("t", "tool"), title="Do it", kind=kind, detail=text))
    detail.fit(WIDTH)
    return detail


def warnings_of(text: str, kind: Kind) -> list[str]:
    detail = detail_of(text, kind)
    while detail.check_more():
        pass
    return warnings_about(detail)


def all_rows(detail: Detail) -> list[Spot]:
    return detail.spots(START, sys.maxsize)


texts = st.text(st.sampled_from("ab\n\r\t é水\u202e") | st.characters(), max_size=200)
long_lines = st.builds("{}{}".format, st.text("ab 水", max_size=9).map(lambda word: word * 700), texts)


@given(texts | long_lines)
def test_all_of_it_is_there_and_nothing_is_too_wide(text: str) -> None:
    detail = detail_of(text, "command")
    rows = [detail.row(spot) for spot in all_rows(detail)]
    expected = "".join(revealed(line.removesuffix("\r")) + "␍" * line.endswith("\r") for line in detail.lines)
    assert "".join(row.plain for row in rows).replace(" ", "") == expected.replace(" ", "")
    assert max(row.cell_length for row in rows) <= WIDTH


@given(texts | long_lines, st.lists(st.integers(-30, 30)))
def test_a_walk_over_the_rows_ends_where_counting_does(text: str, steps: list[int]) -> None:
    detail = detail_of(text)
    rows = all_rows(detail)
    assert rows[-1] == detail.last
    at, spot = 0, START
    for step in steps:
        at = min(max(0, at + step), len(rows) - 1)
        spot = detail.moved(spot, step)
        assert spot == rows[at]
        assert detail.spots(spot, 3) == rows[at : at + 3]


@pytest.mark.parametrize("piece", ["+line of a long file\n", "x", "ä b "])
def test_of_a_million_characters_only_what_is_in_view_is_laid_out(piece: str) -> None:
    detail = detail_of(piece * (1_000_000 // len(piece)))
    laid_out: list[int] = []

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is wrapped.__code__:
            laid_out.append(len(frame.f_locals["text"]))

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        top = detail.spots(START, 20)
        end = detail.spots(detail.moved(detail.last, -19), 20)
    finally:
        sys.setprofile(before)
    assert len(top) == len(end) == 20
    assert end[-1] == detail.last
    assert sum(laid_out) < 10_000


def test_a_long_one_is_looked_through_in_steps() -> None:
    detail = detail_of("+line of a long file\n" * 50_000 + "+\u202e\n")
    steps = 1
    while detail.check_more():
        assert not detail.hides
        steps += 1
    assert detail.hides
    assert steps > 10


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("гm -rf x", "command", ["! lookalike letters: г in гm (Cyrillic)"]),
        ("/home/раypal/x", "path", ["! lookalike letters: р а in раypal (Cyrillic)"]),
        ("https://xn--ypal-43d9g.com/", "url", ["! lookalike letters: р а in раypal (Cyrillic)"]),
        ("--- /dev/null\n+++ b/mаke.py\n+х = 1\n", "diff", ["! lookalike letters: а in mаke (Cyrillic)"]),
        (
            "cat a\u2215b αa κb νc ,\u200b",
            "command",
            [
                "! invisible characters: ⟨U+…⟩",
                "! lookalike letters: \u2215 (division slash); α in αa (Greek); 2 more",
            ],
        ),
        ("раypal" + "l" * 40, "command", ["! lookalike letters: р а in раypalllllllllllllllllll… (Cyrillic)"]),
        ("--- a/größe\n+++ b/größe\n-раypal\n", "diff", []),
        ("https://xn--mnchen-3ya.de/", "url", []),
        ("git commit -m 'Größe, 修复, привет'", "command", []),
        ("/home/水/café", "path", []),
        ("echo a\r\necho 👍🏽 👩‍👧", "command", []),
    ],
)
def test_what_hides_and_what_deceives_is_told(text: str, kind: Kind, told: list[str]) -> None:
    assert warnings_of(text, kind) == told
