"""Letters that pass for others are found where they deceive, and no language is suspect."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.render.confusables import Confusable, confusables

TWINS = dict(zip("aceopxyijs", "асеорхуіјѕ", strict=True))
"""Latin letters, and the Cyrillic ones that are drawn alike."""
LATIN = "abcdefghijklmnopqrstuvwxyz"
ALONE = (
    "äöüßéèçñåøæığşơưạ",
    "приветмы",
    "αβγδω",
    "ქართული",
    "שלום",
    "مرحبا",
    "漢字かなカナ",
    "한글",
    "ไทย",
    "देवनागरी",
    "１２ＡＢ",
)
"""Letters as people write them. Each of these has one, or more, that no Latin letter looks like."""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("curl https://раypal.com/a", [("ра", "Cyrillic", "раypal")]),
        ("гm -rf x", [("г", "Cyrillic", "гm")]),
        ("сору a b", [("сору", "Cyrillic", "сору")]),
        ("https://аррӏе.com/привет", [("арӏе", "Cyrillic", "аррӏе")]),
        ("ls αmax μm kΩ Δt", [("α", "Greek", "αmax")]),
        ("𝐫𝐦 x", [("𝐫𝐦", "mathematical", "𝐫𝐦")]),
        (
            "ⅿake ʀᴍ \u212a.txt",
            [("ⅿ", "Roman numeral", "ⅿake"), ("ʀᴍ", "phonetic", "ʀᴍ"), ("\u212a", "kelvin sign", "\u212a")],
        ),
        ("cat a\u2215b", [("\u2215", "division slash", "")]),
        ("рα", [("р", "Cyrillic", "рα"), ("α", "Greek", "рα")]),
        ("раypal and раypal", [("ра", "Cyrillic", "раypal")]),
    ],
)
def test_what_deceives_is_named(text: str, found: list[tuple[str, str, str]]) -> None:
    assert list(confusables(text)) == [Confusable(*one) for one in found]


@pytest.mark.parametrize(
    "text",
    [
        "größe.txt kapı naïve",
        "git commit -m 'Убрал сор со стола, IT-отдел, file_имя.txt'",
        "git commit -m '修复：bug 文件 Python入門.txt 第Ⅰ部'",
        "10μm 5kΩ Δt m² 日本語ver２",
        "o’clock – ok … ½ №1",
        "한글abc ไฟล์pdf שלום.txt",
    ],
)
def test_what_people_write_is_not_suspect(text: str) -> None:
    assert confusables(text) == ()


@given(st.sampled_from(ALONE), st.data())
def test_no_language_is_suspect_beside_latin_words(script: str, data: st.DataObject) -> None:
    own = st.text(script, min_size=1).map(lambda word: word + script)
    latin = st.text(LATIN + "0123456789", min_size=1)
    parts = data.draw(st.lists(own | latin, min_size=1))
    joint = data.draw(st.sampled_from((" ", "/", "-", "_", ".")))
    assert confusables(joint.join(parts)) == ()


@given(st.text(LATIN, min_size=2), st.sampled_from(sorted(TWINS)), st.data())
def test_one_letter_exchanged_anywhere_is_found(word: str, letter: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word)))
    false = word[:at] + TWINS[letter] + word[at:]
    before, after = data.draw(
        st.sampled_from((("", ""), ("https://", ".com/x"), ("rm -rf ", " done"), ("привет/", "")))
    )
    assert confusables(before + false + after) == (Confusable(TWINS[letter], "Cyrillic", false),)


@given(st.text())
def test_what_is_named_is_there(text: str) -> None:
    for one in confusables(text):
        assert one.letters
        assert one.kind
        assert one.word in text
        assert set(one.letters) <= set(one.word or text)
        assert not one.letters.isascii()
