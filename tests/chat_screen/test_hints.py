"""The line of hints, made of what the parts contribute."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.chat_screen.hints import BasicHints, Hint, HintLine, key_of


def line(*contributions: list[Hint], disabled: str = "") -> HintLine:
    return HintLine([lambda hints=hints: hints for hints in contributions], lambda name: name != disabled)  # type: ignore[misc]


def test_hints_stand_in_the_order_of_their_ranks() -> None:
    assert line([Hint("b", "bb", 2)], [Hint("a", "aa", 1)]).text(80) == "aa  bb"


def test_a_later_hint_takes_the_place_of_an_earlier_one_of_its_name() -> None:
    assert line([Hint("a", "one"), Hint("b", "bb", 1)], [Hint("a", "two")]).text(80) == "two  bb"


def test_one_that_is_alone_is_shown_with_its_own_and_nothing_else() -> None:
    alone = [Hint("a", "aa", is_alone=True), Hint("b", "bb")]
    assert line(alone, [Hint("c", "cc")]).text(80) == "aa  bb"
    assert line([Hint("c", "cc")], alone).text(80) == "aa  bb"


def test_an_action_that_is_not_available_is_left_out() -> None:
    hints = [Hint("send", "⏎ send"), Hint("stop", "Esc stop"), Hint("own", "own")]
    assert line(hints, disabled="stop").text(80) == "⏎ send  own"


@given(st.lists(st.text("xy", min_size=1, max_size=9), min_size=1, max_size=6), st.integers(0, 60))
def test_it_is_dropped_from_its_end_and_the_first_always_stands(texts: list[str], width: int) -> None:
    shown = line([Hint(str(number), text, number) for number, text in enumerate(texts)]).text(width)
    parts = shown.split("  ")
    assert parts == texts[: len(parts)]
    assert len(shown) <= width or parts == texts[:1]
    if len(parts) < len(texts):
        assert len(shown) + 2 + len(texts[len(parts)]) > width


@pytest.mark.parametrize(
    ("running", "reading", "names"),
    [
        (False, False, ["send", "newline", "models", "help"]),
        (True, False, ["stop", "send", "help"]),
        (False, True, ["choose", "edit", "regenerate", "copy_message", "stop"]),
        (True, True, ["stop", "send", "help"]),
    ],
)
def test_what_stands_there_at_rest_while_a_turn_runs_and_while_reading(
    running: bool, reading: bool, names: list[str]
) -> None:
    hints = BasicHints(lambda name: f"<{name}>", lambda: running, lambda: reading)()
    assert [hint.name for hint in hints] == names


def test_a_key_is_short_and_where_there_is_none_it_is_the_command() -> None:
    assert key_of("send", {}) == "⏎"
    assert key_of("models", {"models": ("ctrl+k",)}) == "^K"
    assert key_of("models", {"models": ()}).startswith("/")
