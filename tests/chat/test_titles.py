"""What a title is asked from, and what of an answer becomes one."""

from __future__ import annotations

import pytest

from tui.chat.titles import parse_title, title_prompt
from tui.chat.transcript import Image, Message, Text, Transcript


def said(prompt: str, answer: str) -> Transcript:
    return Transcript(
        messages=(
            Message(role="user", blocks=(Image("image/png", "x"), Text(prompt))),
            Message(role="assistant", blocks=(Text(answer),)),
            Message(role="user", blocks=(Text("And later?"),)),
        )
    )


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("Tides of the fjord", "Tides of the fjord"),
        ('"Tides of the fjord."\n', "Tides of the fjord"),
        ("# **Tides**  of\tthe fjord\n\nIt is about tides.", "Tides of the fjord"),
        ("« Les marées »", "Les marées"),
        ("C++ or C#?", "C++ or C#?"),
        ("", ""),
        ("***", ""),
        ("word " * 40, "word " * 15 + "word…"),
    ],
)
def test_a_title_is_the_first_line_without_what_stands_around_it(answer: str, title: str) -> None:
    assert parse_title(answer) == title


def test_the_beginning_of_both_sides_is_sent_and_nothing_else() -> None:
    text = title_prompt(said("tide? " * 1000, "out. " * 1000))
    assert "tide? out" not in text
    assert text.count("tide?") < 400
    assert text.count("out.") < 500
    assert "And later?" not in text
