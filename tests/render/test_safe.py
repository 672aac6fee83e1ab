"""Whatever comes in, nothing that a terminal would act on goes out."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.render.copying import unmarked
from tui.render.safe import CONTEXT, hides, neutral, revealed, safe
from tui.render.wrap import cells_of

EMOJI = "👩\u200d🚀 👩🏽\u200d💻 ❤\ufe0f\u200d🔥 fine ✔\ufe0f 👍🏽"

ANY = st.text(st.characters(exclude_categories=()))
NASTY = st.text(
    st.sampled_from(
        "a \t\n\r\x1b[31m\x9b\x07\x00\x7f\u202e\u2066\u200b\u200c\u200d\ufe0f\ud800\udfff\U000e0041é汉🏽\u0dc1\u0dca\u06cc"
    )
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
    assert neutral(first) + neutral(second, first[-1:]) == neutral(first + second)


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


@pytest.mark.parametrize(
    "word",
    [
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala: shri, with its ligature
        "\u0915\u094d\u200d\u0937",  # Devanagari: half ka before ssa
        "\u09b0\u200d\u09cd\u09af",  # Bengali: ra, and ya in its second form
        "\u0d28\u0d4d\u200d",  # Malayalam: chillu n, in the old spelling
        "\u0cb0\u0ccd\u200c\u0c95",  # Kannada: no conjunct
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: two parts of a word
        "\u0647\u200d.\u0634",  # Persian: the initial form of heh
        "\u1780\u200c\u17ca\u17b8",  # Khmer
    ],
)
def test_joiners_stay_where_the_script_needs_them(word: str) -> None:
    assert neutral(word) == word
    for cut in range(len(word)):
        assert neutral(word[:cut]) + neutral(word[cut:], word[:cut][-1:]) == word


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (EMOJI, EMOJI),
        ("a\ufe0f b🏽 🏽 ff\u200d", "a b  ff"),
        ("👍" + "\u200d" * 9, "👍\u200d\u200d\u200d"),
        ("👍\u200b\u200d\U000e0041", "👍"),
    ],
)
def test_marks_of_emoji_are_kept_where_they_are_copied(raw: str, kept: str) -> None:
    assert neutral(raw, keeps_marks=True) == kept
    assert neutral(kept) == neutral(raw)
    for cut in range(len(raw)):
        before, behind = raw[:cut], raw[cut:]
        pieces = neutral(before, keeps_marks=True), neutral(behind, before[-CONTEXT:], keeps_marks=True)
        assert "".join(pieces) == kept


@given(st.text(st.sampled_from("ab \u200d\ufe0f🏽👍❤\u0dca\u0dbb\u200b")), st.integers(0, 20))
def test_marks_are_kept_alike_however_a_text_arrives(text: str, cut: int) -> None:
    before, behind = text[:cut], text[cut:]
    kept = neutral(text, keeps_marks=True)
    assert neutral(before, keeps_marks=True) + neutral(behind, before[-CONTEXT:], keeps_marks=True) == kept
    assert neutral(kept) == neutral(text)


@given(st.lists(st.text(st.sampled_from("ab \u200d\ufe0f🏽👍❤\u0dca\u0dbb")), max_size=3))
def test_a_row_without_marks_is_as_wide_and_is_copied_with_them(texts: list[str]) -> None:
    parts = [(neutral(text, keeps_marks=True), number) for number, text in enumerate(texts)]
    drawn, swaps, _ = unmarked(parts)
    written, shown = "".join(text for text, _ in parts), "".join(text for text, _ in drawn)
    assert shown == neutral(written)
    assert [number for _, number in drawn] == [number for _, number in parts]
    assert cells_of(shown) == sum(cells_of(text) for text, _ in drawn)
    copied, at = "", 0
    for swap in swaps:
        copied += shown[at : swap.start] + swap.text
        at = swap.end
    assert copied + shown[at:] == written


@pytest.mark.parametrize(
    ("raw", "drawn"),
    [
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\U0001f4bb"),
        ("pay\u200dpal.com", "paypal.com"),
        ("r\u200cm \u200d-rf", "rm -rf"),
        ("\u0dc1\u200d\u200d\u200c\u0dca", "\u0dc1\u200d\u0dca"),
        ("\u0967\u200d\u0968", "\u0967\u0968"),
    ],
)
def test_joiners_go_elsewhere(raw: str, drawn: str) -> None:
    assert neutral(raw) == drawn
