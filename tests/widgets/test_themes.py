"""The themes on terminals with fewer colours than they name."""

from __future__ import annotations

import pytest
from rich.color import Color, ColorSystem
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from textual.theme import Theme

from tui.widgets.themes import DARK, LIGHT

GREYS = ("background", "panel", "code-background")


def in_256(colour: str) -> tuple[int, int, int]:
    """What Textual writes for a colour where the terminal has 256."""
    return tuple(Color.parse(colour).downgrade(ColorSystem.EIGHT_BIT).get_truecolor(DEFAULT_TERMINAL_THEME))


def colour_of(theme: Theme, name: str) -> str:
    return theme.variables.get(name) or getattr(theme, name)


@pytest.mark.parametrize("name", GREYS)
@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_a_page_of_grey_stays_grey_with_256_colours(theme: Theme, name: str) -> None:
    red, green, blue = in_256(colour_of(theme, name))
    assert red == green == blue


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_the_row_of_the_cursor_differs_from_the_panel_with_256_colours(theme: Theme) -> None:
    row, panel = in_256(colour_of(theme, "block-cursor-background")), in_256(colour_of(theme, "panel"))
    assert max(abs(one - other) for one, other in zip(row, panel, strict=True)) >= 16


def test_the_row_of_the_cursor_is_no_colour_of_its_own_in_the_dark() -> None:
    red, green, blue = in_256(colour_of(DARK, "block-cursor-background"))
    assert red == green == blue
