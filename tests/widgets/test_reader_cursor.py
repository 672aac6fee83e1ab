"""The reader's cursor goes from turn to turn, opens folded lines and takes code. No screen."""

from __future__ import annotations

from itertools import pairwise

from conversation_app import answer, prompt
from laid_out import LaidOut

from tui.chat.transcript import Image, Message, Text, Thinking, ToolUse
from tui.widgets.conversation.cursor import ReaderCursor, code_at, image_at, images_of
from tui.widgets.conversation.viewport import RowPosition

LONG = "\n\n".join(f"row {at}" for at in range(60))


def cursor_in(page: LaidOut) -> ReaderCursor:
    return ReaderCursor(page.viewport)


def test_it_marks_the_last_turn_that_begins_in_view() -> None:
    page = LaidOut([prompt("one"), answer("first"), prompt("two")])
    cursor = cursor_in(page)
    assert cursor.index is None
    cursor.move(-1)
    assert cursor.index == 2
    cursor.move(-1)
    assert cursor.index == 1


def test_nothing_is_marked_in_an_empty_transcript() -> None:
    cursor = cursor_in(LaidOut())
    cursor.move(1)
    assert cursor.turn is None
    assert not cursor.open()
    assert cursor.next_code() is None


def test_it_goes_through_a_long_turn_before_it_leaves_it() -> None:
    page = LaidOut([prompt("one"), answer(LONG), prompt("two")])
    cursor = cursor_in(page)
    cursor.mark(1)
    page.viewport.show_turn(1)
    tops = []
    while cursor.index == 1:
        tops.append(page.viewport.top)
        cursor.move(1)
    assert len(tops) > 5
    assert all(0 < after - before <= page.viewport.rows // 2 for before, after in pairwise(tops))
    assert cursor.index == 2


def test_after_the_last_turn_the_end_is_followed() -> None:
    page = LaidOut([prompt("one"), answer(LONG)])
    cursor = cursor_in(page)
    page.viewport.scroll(-4)
    cursor.mark(1)
    page.viewport.show_turn(1, at_end=True)
    page.viewport.following = False
    cursor.move(1)
    assert page.viewport.following


def test_a_turn_is_marked_anew_only_once() -> None:
    cursor = cursor_in(LaidOut([prompt("one"), answer("first")]))
    assert cursor.mark(0)
    assert not cursor.mark(0)
    cursor.clear()
    assert cursor.index is None


def test_one_folded_line_is_chosen_after_another_and_then_all() -> None:
    calls = (ToolUse("a", "read_file", '{"path": "a"}'), ToolUse("b", "read_file", '{"path": "b"}'))
    page = LaidOut([prompt("one"), answer("", Thinking("Hm.", "s"), *calls)])
    cursor = cursor_in(page)
    cursor.mark(1)
    chosen = []
    for _ in range(4):
        cursor.choose(1)
        chosen.append(cursor.chosen)
    assert len(set(chosen[:3])) == 3
    assert chosen[3] is None
    cursor.choose(-1)
    assert cursor.chosen is chosen[2]


def test_open_shows_all_lines_and_then_folds_them() -> None:
    page = LaidOut([prompt("one"), answer("", Thinking("Hm.", "s"), Text("Yes."))])
    cursor = cursor_in(page)
    cursor.mark(1)
    assert cursor.open()
    assert "Hm." in page.text()
    assert cursor.open()
    assert "Hm." not in page.text()
    cursor.mark(0)
    assert not cursor.open()


def test_it_covers_the_rows_of_the_marked_turn_or_of_the_chosen_line() -> None:
    page = LaidOut([prompt("one"), answer("", Thinking("Hm.", "s"), Text("Yes."))])
    cursor = cursor_in(page)
    cursor.mark(1)
    turn = page.viewport.turns[1]
    covered = [cursor.covers(turn, RowPosition(1, row)) for row in range(turn.height)]
    assert covered == [*[True] * (turn.height - 1), False]
    assert not cursor.covers(page.viewport.turns[0], RowPosition(0, 0))
    cursor.choose(1)
    assert [row for row in range(turn.height) if cursor.covers(turn, RowPosition(1, row))] == [1]


def test_code_is_taken_block_by_block() -> None:
    page = LaidOut([answer("```python\na = 1\n```\n\nand\n\n```\nb = 2\n```")])
    cursor = cursor_in(page)
    blocks = [cursor.next_code() for _ in range(3)]
    assert [block.source for block in blocks if block] == ["a = 1\n", "b = 2\n", "a = 1\n"]
    assert blocks[0] is not None
    assert blocks[0].language == "python"
    rows = [row for row in range(page.viewport.turns[0].height) if code_at(page.viewport.turns[0], row)]
    assert len(rows) == 2


def test_images_are_counted_over_all_parts_of_a_turn() -> None:
    images = [Image("image/png", "", f"{number}.png", 64, 48) for number in range(3)]
    message = Message(role="user", blocks=(images[0], Text("and"), images[1], images[2]))
    page = LaidOut([message], width=90, rows=40)
    turn = page.viewport.turns[0]
    assert images_of(turn) == tuple(images)
    assert image_at(turn, 0, 0) is None
    hit = [image_at(turn, row, 0) for row in range(turn.height)]
    assert {0, 1} <= set(hit)
    assert image_at(turn, hit.index(1), 30) == 2
