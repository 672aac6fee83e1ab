"""Convert a Markdown text to HTML, with the same blocks and runs as in the terminal. All text is escaped, and no image is
loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from tui.render.blocks import Scanner
from tui.render.inline import CODE, EMPHASIS, LINK, STRIKE, STRONG, Run, parse
from tui.render.pieces import (
    Align,
    CodeHead,
    CodeLine,
    Container,
    Heading,
    Item,
    Piece,
    Prose,
    Quote,
    Rule,
    TableHead,
    TableRow,
)

_TAGS = ((STRIKE, "s"), (EMPHASIS, "em"), (STRONG, "strong"), (CODE, "code"))
_BOXES = ("☐ ", "☑ ")


def html_of(text: str) -> str:
    """Return the elements of a whole Markdown text. A formula of several lines has the class "formula"."""
    scanner = Scanner()
    page = _Page()
    for piece in (*scanner.feed(text.replace("\r", "")), *scanner.close()):
        page.add(piece)
    return page.whole()


class _Page:
    """Joins pieces again: opens and closes the containers between them."""

    def __init__(self) -> None:
        self._html: list[str] = []
        self._frame: tuple[Container, ...] = ()
        self._end = ""
        """The closing tag of the open block."""
        self._aligns: Sequence[Align] = ()

    def whole(self) -> str:
        self._enter(())
        return "".join(self._html)

    def add(self, piece: Piece) -> None:
        body = piece.body
        goes_on = isinstance(body, CodeLine | TableRow) or (isinstance(body, Prose) and (piece.joined or body.soft))
        if not goes_on:
            self._enter(piece.frame)
        match body:
            case Prose(text=text, verbatim=verbatim):
                if text and not self._end:
                    self._begin("<p>", "</p>\n")
                self._html.append(f'<span class="formula">{escape(text)}</span>' if verbatim else _inline(text))
            case Heading(level, text):
                self._html.append(f"<h{level}>{_inline(text)}</h{level}>\n")
            case CodeHead(language):
                named = f' class="language-{escape(language)}"' if language else ""
                self._begin(f"<pre><code{named}>", "</code></pre>\n")
            case CodeLine(text=text, last=last):
                self._html.append(escape(text) + "\n" * last)
            case TableHead():
                self._table(body)
            case TableRow(cells):
                self._row(cells, "td")
            case Rule():
                self._html.append("<hr>\n")

    def _begin(self, start: str, end: str) -> None:
        self._html.append(start)
        self._end = end

    def _table(self, head: TableHead) -> None:
        self._aligns = head.aligns
        self._begin("<table><thead>\n", "</tbody></table>\n")
        self._row(head.header, "th")
        self._html.append("</thead><tbody>\n")
        for row in head.rows:
            self._row(row, "td")

    def _row(self, cells: Sequence[str], tag: str) -> None:
        drawn = (
            f'<{tag} style="text-align:{align}">{_inline(cell)}</{tag}>'
            if align != "left"
            else f"<{tag}>{_inline(cell)}</{tag}>"
            for cell, align in zip(cells, self._aligns, strict=True)
        )
        self._html.append(f"<tr>{''.join(drawn)}</tr>\n")

    def _enter(self, frame: tuple[Container, ...]) -> None:
        """Close the containers that the next piece does not share, and open the ones that it adds."""
        self._html.append(self._end)
        self._end, before = "", self._frame
        common = 0
        while common < min(len(before), len(frame)) and before[common] == frame[common]:
            common += 1
        sibling = _list_of(frame, common)
        for depth in range(len(before) - 1, common - 1, -1):
            self._html.append(_closed(before[depth], goes_on=depth == common and sibling == _list_of(before, depth)))
        is_new = sibling is None or sibling != _list_of(before, common)
        for depth in range(common, len(frame)):
            last = None if is_new or depth > common else before[depth]
            self._html.append(_opened(frame[depth], last))
        self._frame = frame


def _list_of(frame: tuple[Container, ...], depth: int) -> int | None:
    found = frame[depth] if depth < len(frame) else None
    return found.list_id if isinstance(found, Item) else None


def _opened(container: Container, last: Container | None) -> str:
    """Return the opening tags of a quote or item. `last` is the previous item of its list; None begins the list."""
    if isinstance(container, Quote):
        return "<blockquote>\n"
    if container.kind in "-*+":
        box = f" style=\"list-style-type:'{container.marker}'\"" if container.marker in _BOXES else ""
        return "<ul>\n" * (last is None) + f"<li{box}>"
    number = _number(container)
    if not isinstance(last, Item):
        return f'<ol start="{number}">\n<li>' if number != 1 else "<ol>\n<li>"
    return "<li>" if number == _number(last) + 1 else f'<li value="{number}">'


def _number(item: Item) -> int:
    """Return the number that is drawn."""
    return item.number + max(0, item.run - 1)


def _closed(container: Container, *, goes_on: bool) -> str:
    if isinstance(container, Quote):
        return "</blockquote>\n"
    end = "</ul>\n" if container.kind in "-*+" else "</ol>\n"
    return "</li>\n" + end * (not goes_on)


def _inline(text: str) -> str:
    return "".join(_elements(parse(text)))


def _elements(runs: Iterable[Run]) -> Iterable[str]:
    for run in runs:
        html = escape(run.text).replace("\n", "<br>\n")
        for flag, tag in _TAGS:
            if run.flags & flag:
                html = f"<{tag}>{html}</{tag}>"
        if run.flags & LINK and run.url:
            html = f'<a href="{escape(run.url)}" rel="noopener noreferrer nofollow">{html}</a>'
        yield html
