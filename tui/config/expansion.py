"""Replace `${NAME}` and `${NAME:-fallback}` in a text with values from the environment. No I/O.

If a variable without a fallback is unset or empty, the whole text counts as not set (None): half a URL or a literal
"${ANTHROPIC_API_KEY}" would only fail later, with a less clear message. A fallback may contain references; the value of a
variable is not expanded again. `$${` stands for a literal `${`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_TOKEN = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(:-|\})|\}")


class Expanded(NamedTuple):
    text: str | None
    """None if it depends on a variable that is not set."""
    names: tuple[str, ...]
    """The variables that were read, in order."""


class _Level(NamedTuple):
    """The text so far at one level of nesting: the outermost, or the fallback of `name`."""

    name: str
    parts: list[str | None]


def expand(text: str, env: Mapping[str, str]) -> Expanded:
    """Return the text with its references replaced. An unfinished `${` stays as written."""
    if "${" not in text:
        return Expanded(text, ())
    levels = [_Level("", [])]
    names: list[str] = []
    at = 0
    for token in _TOKEN.finditer(text):
        parts = levels[-1].parts
        parts.append(text[at : token.start()])
        at = token.end()
        if token[0] == "$${":
            parts.append("${")
        elif token[0] == "}":
            if len(levels) == 1:
                parts.append("}")
                continue
            closed = levels.pop()
            value = env.get(closed.name) or _joined(closed.parts)
            levels[-1].parts.append(value)
        elif token[2] == "}":
            names.append(token[1])
            parts.append(env.get(token[1]) or None)
        else:
            names.append(token[1])
            levels.append(_Level(token[1], []))
    levels[-1].parts.append(text[at:])
    while len(levels) > 1:  # a fallback without an end: the reference stays as written
        unclosed = levels.pop()
        levels[-1].parts.extend([f"${{{unclosed.name}:-", *unclosed.parts])
    return Expanded(_joined(levels[0].parts), tuple(names))


def _joined(parts: list[str | None]) -> str | None:
    texts = [part for part in parts if part is not None]
    return "".join(texts) if len(texts) == len(parts) else None
