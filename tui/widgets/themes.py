"""The two themes, each with one accent colour. Red is for errors, amber for cost and warnings, green for cache reads."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="prx-dark",
    dark=True,
    primary="#7da6f5",
    accent="#7da6f5",
    foreground="#e4e6eb",
    background="#14161a",
    surface="#14161a",
    panel="#1c1f25",
    error="#f0717a",
    warning="#dfab5a",
    success="#83c092",
    text_alpha=1.0,
    variables={
        "dim": "#8b929e",  # 5.6 to 1 on the background: for reading
        "faint": "#4a505b",  # lines and scrollbars: for seeing only
        "code-background": "#1c1f25",
        "block-cursor-foreground": "#e4e6eb",
        "block-cursor-background": "#282c34",
        "block-cursor-text-style": "none",
        "input-cursor-background": "#7da6f5",
        "input-cursor-foreground": "#14161a",
        "input-cursor-text-style": "none",
        "input-selection-background": "#34466b",
        "input-selection-foreground": "#e4e6eb",
        "screen-selection-background": "#34466b",
        "screen-selection-foreground": "#e4e6eb",
        "scrollbar": "#353a44",
        "scrollbar-hover": "#4a505b",
        "scrollbar-active": "#7da6f5",
        "scrollbar-background": "#14161a",
        "scrollbar-background-hover": "#14161a",
        "scrollbar-background-active": "#14161a",
        "scrollbar-corner-color": "#14161a",
    },
)

LIGHT = Theme(
    name="prx-light",
    dark=False,
    primary="#2a5bd0",
    accent="#2a5bd0",
    foreground="#1e2127",
    background="#fbfaf8",
    surface="#fbfaf8",
    panel="#f1f0ef",
    error="#b3261e",
    warning="#8a5a00",
    success="#2f6f46",
    text_alpha=1.0,
    variables={
        "dim": "#666b75",  # 5.1 to 1 on the background
        "faint": "#c3c3c2",
        "code-background": "#f1f0ef",
        "block-cursor-foreground": "#1e2127",
        "block-cursor-background": "#e3e6ee",
        "block-cursor-text-style": "none",
        "input-cursor-background": "#2a5bd0",
        "input-cursor-foreground": "#fbfaf8",
        "input-cursor-text-style": "none",
        "input-selection-background": "#c8d6f6",
        "input-selection-foreground": "#1e2127",
        "screen-selection-background": "#c8d6f6",
        "screen-selection-foreground": "#1e2127",
        "scrollbar": "#d5d4d1",
        "scrollbar-hover": "#b9b9b7",
        "scrollbar-active": "#2a5bd0",
        "scrollbar-background": "#fbfaf8",
        "scrollbar-background-hover": "#fbfaf8",
        "scrollbar-background-active": "#fbfaf8",
        "scrollbar-corner-color": "#fbfaf8",
    },
)

THEMES = (DARK, LIGHT)


def theme_name(setting: str) -> str:
    """Return the name of the theme for a setting: "light", "dark", or the name of any theme of Textual."""
    return {"light": LIGHT.name, "dark": DARK.name}.get(setting, setting)
