"""A document as the tests look at it: all its rows, and their text as it was before wrapping."""

from __future__ import annotations

from collections.abc import Iterable

from tui.render.strips import Document, Row


def rows(document: Document) -> list[Row]:
    document.settle(0, document.height + 10_000)
    return [document.row(y) for y in range(document.height)]


def copied(rows: Iterable[Row]) -> str:
    """The text of whole rows, put together as a reader who copies it would want it."""
    text = ""
    for row in rows:
        text += row.joiner if row.soft else "\n"
        text += row.strip.crop(row.lead, max(row.lead, row.strip.cell_length)).text.rstrip()
    return text.removeprefix("\n")
