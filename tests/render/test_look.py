"""The colours can be read: contrasts as WCAG counts them."""

from __future__ import annotations

import pytest

from tui.render.look import DARK, LIGHT, Look


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=["dark", "light"])
def test_words_stand_out_from_the_page(look: Look) -> None:
    assert contrast(look.text, look.background) >= 7
    assert contrast(look.heading, look.background) >= 7
    for colour in (look.dim, look.link, look.code, look.accent):
        assert contrast(colour, look.background) >= 4.5, colour
    assert contrast(look.dim, look.code_background) >= 4.5


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=["dark", "light"])
def test_code_stands_out_from_its_ground(look: Look) -> None:
    for token, colour in (("", look.code_text), *look.code_theme):
        assert contrast(colour[:7], look.code_background) >= 4.5, token


def test_lines_are_fainter_than_words() -> None:
    assert DARK.faint == "#4f545c"
    assert contrast(DARK.faint, DARK.background) < contrast(DARK.dim, DARK.background)
