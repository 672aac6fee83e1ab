"""Web searches in an answer: each is one line for its call and its result, that opens to the pages found."""

from __future__ import annotations

from collections.abc import Sequence

from tui.chat.searches import Search, SearchResult, search_in, search_result_in
from tui.chat.transcript import Block
from tui.render import figures
from tui.widgets.conversation.captions import source_line
from tui.widgets.conversation.parts import Fold, PlainText


def search_line(search: Search | None, found: SearchResult | None = None) -> Fold:
    """Return the line for a search, from its call and its result as far as they are known."""
    asked = f"searched: {search.query}" if search is not None and search.query else "web search"
    if found is None:
        return Fold(asked)
    if found.problem:
        return Fold(f"{asked} · failed: {found.problem}")
    pages = "\n".join(source_line(source) for source in found.sources)
    return Fold(
        f"{asked} · {figures.plural(len(found.sources), 'page')}", PlainText(((pages, "dim"),)) if pages else None
    )


def search_lines(blocks: Sequence[Block]) -> dict[int, Fold | None]:
    """Return the line of each block that is about a search, by index: None for a result that is in the line of its call."""
    calls = {search.id: at for at, block in enumerate(blocks) if (search := search_in(block)) is not None}
    found = {one.id: one for block in blocks if (one := search_result_in(block)) is not None}
    lines: dict[int, Fold | None] = {}
    for at, block in enumerate(blocks):
        if (search := search_in(block)) is not None:
            lines[at] = search_line(search, found.get(search.id))
        elif (result := search_result_in(block)) is not None:
            lines[at] = None if calls.get(result.id, at) < at else search_line(None, result)
    return lines
