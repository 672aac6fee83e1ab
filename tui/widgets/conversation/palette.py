"""The colours of the conversation from the current theme: the look of documents, and a style for each tone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec
from msgspec.structs import replace
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import Theme

from tui.render.look import DARK, LIGHT, Look
from tui.widgets.conversation.captions import Tone


class Palette(msgspec.Struct, frozen=True):
    """Colours. It is hashable, so that drawings can be cached by it."""

    look: Look
    error: str
    warning: str
    good: str

    def style(self, tone: Tone) -> Style:
        """Return the style of a tone."""
        return _style(self, tone)

    @property
    def quiet(self) -> Look:
        """The look of thinking: all text is dim."""
        return replace(self.look, text=self.look.dim, heading=self.look.dim, accent=self.look.dim, code=self.look.dim)


@lru_cache(maxsize=64)
def _style(palette: Palette, tone: Tone) -> Style:
    look = palette.look
    match tone:
        case "text":
            return Style(color=look.text)
        case "dim":
            return Style(color=look.dim)
        case "name":
            return Style(color=look.heading, bold=True)
        case "accent":
            return Style(color=look.accent)
        case "error":
            return Style(color=palette.error)
        case "warning":
            return Style(color=palette.warning)
        case "good":
            return Style(color=palette.good)


def palette_of(theme: Theme, variables: Mapping[str, str]) -> Palette:
    """Return the palette of a theme. Colours that it does not define, or only in CSS terms, are our own."""
    base = DARK if theme.dark else LIGHT

    def colour(name: str, otherwise: str) -> str:
        try:
            return Color.parse(variables.get(name, "")).hex6.lower()
        except ColorParseError:
            return otherwise

    text = colour("foreground", base.text)
    accent = colour("primary", base.accent)
    look = replace(
        base,
        background=colour("background", base.background),
        text=text,
        heading=text,
        dim=colour("dim", base.dim),
        accent=accent,
        link=accent,
        code_background=colour("code-background", colour("panel", base.code_background)),
    )
    return Palette(
        look,
        error=colour("error", base.accent),
        warning=colour("warning", base.accent),
        good=colour("success", base.accent),
    )
