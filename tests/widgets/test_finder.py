"""Words are found in a viewport, match by match. No screen."""

from __future__ import annotations

from conversation_app import answer, prompt
from laid_out import PALETTE, LaidOut

from tui.chat.transcript import Message, Text, Thinking
from tui.widgets.conversation.finder import Finder

SAND = "\n\n".join(f"Line {number} of sand." for number in range(60))


def thought(thinking: str, text: str) -> Message:
    return answer("", Thinking(thinking, "s"), Text(text))


def highlighted(page: LaidOut, finder: Finder) -> list[str]:
    """The rows in view with a highlight."""
    found = []
    for y in range(page.viewport.rows):
        if at := page.viewport.at(y):
            turn, position = at
            line = finder.highlight(turn.line(position.row), turn, position, PALETTE)
            if any(segment.style and segment.style.reverse for segment in line.strip):
                found.append(line.strip.text.strip())
    return found


def test_the_last_match_comes_first_and_the_others_in_turn() -> None:
    page = LaidOut([prompt("kelp"), answer(SAND), prompt("more kelp"), answer("no kelp, Kelp")])
    finder = Finder(page.viewport)
    assert finder.find("kelp") == 4
    assert finder.turn == 3
    turns = []
    for _ in range(3):
        assert finder.go(-1)
        turns.append(finder.turn)
    assert turns == [2, 0, 3]
    assert finder.go(1)
    assert finder.turn == 0


def test_matches_in_view_are_highlighted_whatever_their_case() -> None:
    page = LaidOut([prompt("Kelp and KELP"), answer("kelp")])
    finder = Finder(page.viewport)
    finder.find("kelp")
    assert highlighted(page, finder) == ["Kelp and KELP", "kelp"]
    finder.search(())
    assert not finder.is_active
    assert highlighted(page, finder) == []


def test_who_speaks_is_not_searched() -> None:
    page = LaidOut([prompt("one"), answer("two")])
    finder = Finder(page.viewport)
    assert finder.find("SONNET") == 0
    assert not finder.go(1)
    assert finder.turn is None
    assert highlighted(page, finder) == []


def test_the_fold_of_a_match_opens_and_closes_again() -> None:
    page = LaidOut([prompt("one"), thought("The kelp lies seaward.", SAND), prompt("two"), answer("kelp")])
    finder = Finder(page.viewport)
    finder.find("kelp")
    finder.go(-1)
    assert highlighted(page, finder) == ["The kelp lies seaward."]
    finder.go(-1)
    page.viewport.show_turn(1)
    assert "seaward" not in page.text()


def test_a_fold_stays_open_when_the_search_ends_in_it() -> None:
    page = LaidOut([prompt("one"), thought("The kelp lies seaward.", "Out.")])
    finder = Finder(page.viewport)
    finder.find("seaward")
    finder.search(())
    assert "kelp lies seaward" in page.text()


def test_of_several_words_the_row_with_most_is_shown() -> None:
    page = LaidOut([prompt("one"), answer(f"sand\n\n{SAND}\n\nkelp and sand\n\n{SAND}")])
    finder = Finder(page.viewport)
    finder.search(["kelp", "sand"])
    assert finder.go_in_turn(1)
    assert "kelp and sand" in page.text()
    assert not finder.go_in_turn(0)


def test_blank_words_end_the_search() -> None:
    page = LaidOut([prompt("one")])
    finder = Finder(page.viewport)
    finder.find("one")
    assert finder.find("  ") == 0
    assert not finder.is_active
