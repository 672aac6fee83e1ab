"""The colours of rendered text, with a dark and a light default.

Text has a contrast of at least 7 to its background, and every other colour in which words are drawn at least 4.5.
"""

from __future__ import annotations

import msgspec


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """All colours are `#rrggbb`. `background` is that of the page, and is only used to compute contrast."""

    dark: bool
    background: str
    text: str
    dim: str
    """For bullets and labels: the least important words, still readable."""
    accent: str
    heading: str
    link: str
    code: str
    """For code within a sentence, and the first heading level."""
    code_background: str
    code_text: str
    code_theme: tuple[tuple[str, str], ...]
    """Pygments token name -> a colour, optionally with `italic` or `bold`. The longest matching name applies."""

    @property
    def faint(self) -> str:
        """For lines and bars, which are not read: half way from `dim` to the background."""
        pairs = zip(_rgb(self.dim), _rgb(self.background), strict=True)
        return "#" + "".join(f"{(one + other) // 2:02x}" for one, other in pairs)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


DARK = Look(
    dark=True,
    background="#14161a",
    text="#e4e6eb",
    dim="#8b929e",
    accent="#7da6f5",
    heading="#f3f4f7",
    link="#7da6f5",
    code="#8ecadb",
    code_background="#1c1f25",
    code_text="#d3d9e0",
    code_theme=(
        ("Comment", "#838d9c italic"),
        ("Comment.Preproc", "#b79be0"),
        ("Keyword", "#b79be0"),
        ("Keyword.Constant", "#e3a377"),
        ("Keyword.Type", "#7cc5c0"),
        ("Operator.Word", "#b79be0"),
        ("Name.Function", "#8fbcf0"),
        ("Name.Class", "#7cc5c0"),
        ("Name.Decorator", "#d6b878"),
        ("Name.Builtin", "#8fb8d8"),
        ("Name.Exception", "#7cc5c0"),
        ("Name.Namespace", "#d3d9e0"),
        ("Name.Tag", "#8fbcf0"),
        ("Name.Attribute", "#d6b878"),
        ("Name.Constant", "#e3a377"),
        ("Name.Variable", "#d8b6c8"),
        ("Literal", "#e3a377"),
        ("Literal.String", "#a3c586"),
        ("Literal.String.Escape", "#e3a377"),
        ("Literal.String.Interpol", "#e3a377"),
        ("Literal.String.Doc", "#8fa883"),
        ("Literal.Number", "#e3a377"),
        ("Operator", "#a9b4c2"),
        ("Punctuation", "#a9b4c2"),
        ("Generic.Deleted", "#e58a8a"),
        ("Generic.Inserted", "#a3c586"),
        ("Generic.Heading", "#f4ede2 bold"),
        ("Generic.Subheading", "#8fbcf0"),
        ("Generic.Prompt", "#838d9c"),
        ("Generic.Output", "#a9b4c2"),
        ("Generic.Emph", "#d3d9e0 italic"),
        ("Generic.Strong", "#d3d9e0 bold"),
    ),
)

LIGHT = Look(
    dark=False,
    background="#fbfaf8",
    text="#1e2127",
    dim="#666b75",
    accent="#2a5bd0",
    heading="#0c0e12",
    link="#2a5bd0",
    code="#0f667d",
    code_background="#f1f0ef",
    code_text="#2c3036",
    code_theme=(
        ("Comment", "#676c75 italic"),
        ("Comment.Preproc", "#7640a8"),
        ("Keyword", "#7640a8"),
        ("Keyword.Constant", "#a14a10"),
        ("Keyword.Type", "#0c6a6a"),
        ("Operator.Word", "#7640a8"),
        ("Name.Function", "#1f5fae"),
        ("Name.Class", "#0c6a6a"),
        ("Name.Decorator", "#7d5a00"),
        ("Name.Builtin", "#2a6285"),
        ("Name.Exception", "#0c6a6a"),
        ("Name.Namespace", "#2c3036"),
        ("Name.Tag", "#1f5fae"),
        ("Name.Attribute", "#7d5a00"),
        ("Name.Constant", "#a14a10"),
        ("Name.Variable", "#8a3562"),
        ("Literal", "#a14a10"),
        ("Literal.String", "#3c6b1e"),
        ("Literal.String.Escape", "#a14a10"),
        ("Literal.String.Interpol", "#a14a10"),
        ("Literal.String.Doc", "#5a6b50"),
        ("Literal.Number", "#a14a10"),
        ("Operator", "#50565f"),
        ("Punctuation", "#50565f"),
        ("Generic.Deleted", "#b03030"),
        ("Generic.Inserted", "#3c6b1e"),
        ("Generic.Heading", "#0f1114 bold"),
        ("Generic.Subheading", "#1f5fae"),
        ("Generic.Prompt", "#676c75"),
        ("Generic.Output", "#50565f"),
        ("Generic.Emph", "#2c3036 italic"),
        ("Generic.Strong", "#2c3036 bold"),
    ),
)
