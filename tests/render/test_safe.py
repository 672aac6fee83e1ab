"""Whatever comes in, nothing that a terminal would act on goes out."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.render.safe import hides, neutral, revealed, safe

ANY = st.text(st.characters(exclude_categories=()))
NASTY = st.text(
    st.sampled_from("a \t\n\r\x1b[31m\x9b\x07\x00\x7f\u202e\u2066\u200b\u200d\ufe0f\ud800\udfff\U000e0041é汉🏽")
)


@given(ANY | NASTY)
def test_no_control_character_comes_out(text: str) -> None:
    for char in safe(text):
        assert char == "\n" or unicodedata.category(char) not in ("Cc", "Cs")
        assert unicodedata.bidirectional(char) not in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


@given(ANY | NASTY)
def test_it_is_done_after_once(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@given(ANY | NASTY, ANY | NASTY)
def test_a_text_may_arrive_in_pieces(first: str, second: str) -> None:
    assert neutral(first) + neutral(second) == neutral(first + second)


@given(st.text(st.characters(categories=("L", "N", "P", "Zs")) | st.just("\n")))
def test_clean_text_comes_back_unchanged(text: str) -> None:
    clean = text.translate(dict.fromkeys((0x115F, 0x1160, 0x3164, 0xFFA0)))
    assert safe(clean) == clean


@pytest.mark.parametrize(
    ("raw", "drawn"),
    [
        ("\x1b[2Jgone", "␛[2Jgone"),
        ("\x9b31m", "\ufffd31m"),
        ("bell\x07", "bell␇"),
        ("abc\u202edcba\u202c", "abcdcba"),
        ("one\r\ntwo", "one\ntwo"),
        ("a\tb\n\tc", "a   b\n    c"),
        ("half \ud83d", "half \ufffd"),
        ("\u26a0\ufe0f warn", "\u26a0 warn"),
        ("par\u00adty ze\u200bro", "party zero"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_what_is_drawn(raw: str, drawn: str) -> None:
    assert safe(raw) == drawn


def test_on_one_line() -> None:
    assert safe("a\nb\tc", keep_newlines=False) == "a b   c"


@given(st.text())
def test_what_is_revealed_is_safe_and_hides_nothing(text: str) -> None:
    shown = revealed(text)
    assert neutral(shown) == shown
    assert not hides(shown)
    assert hides(text) == ("⟨U+" in shown and "⟨U+" not in text) or "⟨U+" in text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("rm\u00a0-rf", "rm⟨U+00A0⟩-rf"),
        ("a\u202eb\u2066c", "a⟨U+202E⟩b⟨U+2066⟩c"),
        ("tag\U000e0041", "tag⟨U+E0041⟩"),
        ("\x1b[2J\r", "⟨U+001B⟩[2J⟨U+000D⟩"),
        ("fine ✔\ufe0f 👩\u200d💻 👍🏽", "fine ✔ 👩💻 👍"),
        ("a\u200db", "a⟨U+200D⟩b"),
        ("rm\u200c\u17b4\U0001bca0", "rm⟨U+200C⟩⟨U+17B4⟩⟨U+1BCA0⟩"),
        ("one\n\ttwo", "one\n    two"),
    ],
)
def test_what_nobody_would_see_is_named(raw: str, shown: str) -> None:
    assert revealed(raw) == shown
