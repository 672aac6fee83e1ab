"""Where plain text breaks, where stacked things begin, and how a backlog is handed out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.chat.events import BlockStop, TextDelta, ThinkingDelta
from tui.widgets.conversation.backlog import SLICE_CHARS, Backlog
from tui.widgets.conversation.heights import Heights
from tui.widgets.conversation.wrapping import wrapped

TEXTS = st.text(st.sampled_from("ab  \nñ漢🙂é-"), max_size=80)


@given(TEXTS, st.integers(2, 20))
def test_wrapped_rows_fit_and_join_to_the_text_again(text: str, width: int) -> None:
    rows = wrapped(text, width)
    assert all(cell_len(text[row.start : row.end]) <= width for row in rows)
    joined = "".join(
        (row.joiner if row.soft else "\n" * (number > 0)) + text[row.start : row.end] for number, row in enumerate(rows)
    )
    assert joined == text


@given(st.text(st.sampled_from("ab  \n"), max_size=80), st.integers(2, 20))
def test_ascii_breaks_where_other_text_breaks(text: str, width: int) -> None:
    wide = wrapped(text.replace("a", "ä"), width)
    assert wrapped(text, width) == wide


def test_a_word_moves_to_the_next_row_whole() -> None:
    text = "the quick brown fox"
    assert [text[row.start : row.end] for row in wrapped(text, 10)] == ["the quick", "brown fox"]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.data())
def test_heights_agree_with_a_plain_sum(heights: list[int], data: st.DataObject) -> None:
    stack = Heights()
    for height in heights:
        stack.append(height)
    for _ in range(5):
        index = data.draw(st.integers(0, len(heights) - 1))
        heights[index] = data.draw(st.integers(0, 9))
        stack.set(index, heights[index])
    assert stack.total == sum(heights)
    rows = [(index, row) for index, height in enumerate(heights) for row in range(height)]
    assert [stack.at(row) for row in range(stack.total)] == rows


def test_a_long_delta_comes_in_slices_and_in_order() -> None:
    backlog, done = Backlog(), []
    text = "x" * (2 * SLICE_CHARS) + "end"
    backlog.put(ThinkingDelta(0, "hm"), TextDelta(1, text), BlockStop(1), lambda: done.append(True))
    steps = []
    while backlog:
        steps.append(backlog.take())
    assert steps[0] == ThinkingDelta(0, "hm")
    assert [len(step.text) for step in steps[1:4]] == [SLICE_CHARS, SLICE_CHARS, 3]
    assert "".join(step.text for step in steps[1:4]) == text
    assert steps[4] == BlockStop(1)
    assert callable(steps[5])
