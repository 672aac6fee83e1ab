"""HTML as plain text: headings, paragraphs, lists, tables and code as in Markdown, links with their addresses.

lxml (libxml2) reads the page and reports each tag; no tree is built. A page is outside data and may be hostile, so there are
bounds on time and on nesting. What is behind them is left out, and the text says so.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from urllib.parse import urljoin

from tui.inputs.limits import HTML_DEPTH, HTML_S


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CHUNK_CHARS = 16 * 1024
_MAX_INDENT = 6
"""Levels of nested lists that are indented."""
_HIDDEN = _words("script style textarea noscript template svg iframe object canvas select button")
"""Elements whose content is left out."""
_BLOCKS = _words(
    """
    address article aside blockquote details div dl dt dd fieldset figcaption figure footer form header hr main nav ol p
    pre section summary table ul h1 h2 h3 h4 h5 h6 li tr
    """
)
_TIGHT = _words("li tr dt dd div")
"""Blocks that follow one another without an empty line."""
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}


def html_to_text(html: str, url: str = "") -> str:
    """Return the text of a page. `url` is the address of the page, to which relative links are resolved."""
    from lxml.etree import HTMLParser, LxmlError  # loaded with the first page

    writer = _Writer(url)
    parser = HTMLParser(target=writer)
    until = time.monotonic() + HTML_S
    reason = ""
    try:
        for start in range(0, len(html), _CHUNK_CHARS):
            parser.feed(html[start : start + _CHUNK_CHARS])
            if writer.depth > HTML_DEPTH:
                reason = f"its elements are nested more than {HTML_DEPTH:,} levels deep"
            elif time.monotonic() > until:
                reason = f"reading it took more than {HTML_S:g} seconds"
            if reason:
                break
        else:
            if html:
                parser.close()
    except LxmlError:  # a bound of libxml2's own
        reason = "it cannot be read as HTML"
    note = f"\n\n(The rest of the page is left out: {reason}.)" if reason else ""
    return (writer.text() + note).strip()


class _Writer:
    """Write down what the parser reports: the interface of a parser's target."""

    def __init__(self, url: str) -> None:
        self.depth = 0
        """How many elements are open."""
        self._url = url
        self._parts: list[str] = []
        self._title: list[str] = []
        self._in_title = False
        self._hidden: list[str] = []
        """The open elements, from the outermost whose content is left out."""
        self._preformatted = 0
        self._lists: list[int | None] = []
        """Of each open list the last number; None if it is not numbered."""
        self._links: list[tuple[str, int]] = []
        """Of each open link the address, and the index of the part where its text begins."""

    def text(self) -> str:
        """Return what was written so far, below the title of the page."""
        body = re.sub(r"\n{3,}", "\n\n", "".join(self._parts)).strip()
        title = " ".join("".join(self._title).split())
        return f"{title}\n\n{body}".strip() if title and not body.startswith(f"# {title}") else body

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin an element."""
        self.depth += 1
        if self._hidden or tag in _HIDDEN:
            self._hidden.append(tag)
            return
        if tag == "title":
            self._in_title = not self._title
        if tag in _BLOCKS:
            self._break(tag)
        if tag in _HEADINGS:
            self._parts.append(f"{_HEADINGS[tag]} ")
        elif tag == "br":
            self._parts.append("\n")
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._parts.append(self._bullet())
        elif tag in ("td", "th"):
            self._space()
            self._parts.append("| ")
        elif tag == "pre":
            self._preformatted += 1
            self._parts.append("```\n")
        elif tag == "code" and not self._preformatted:
            self._parts.append("`")
        elif tag == "a":
            self._links.append((attributes.get("href", "").strip(), len(self._parts)))
        elif tag == "img" and (text := attributes.get("alt", "").strip()):
            self._parts.append(f"[image: {text}]")

    def end(self, tag: str) -> None:
        """End an element. The parser reports the end of each one, also where the page has no tag for it."""
        self.depth -= 1
        if self._hidden:
            self._hidden.pop()
            return
        if tag == "title":
            self._in_title = False
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "pre" and self._preformatted:
            self._preformatted -= 1
            self._parts.append("\n```")
        elif tag == "code" and not self._preformatted:
            self._parts.append("`")
        elif tag == "a" and self._links:
            self._close_link(*self._links.pop())
        if tag in _BLOCKS:
            self._break(tag)

    def data(self, text: str) -> None:
        """Add text."""
        if self._in_title:
            self._title.append(text)
        if self._hidden or self._in_title or not text:
            return
        if self._preformatted:
            self._parts.append(text)
            return
        words = " ".join(text.split())
        if text[0].isspace() or not words:
            self._space()
        if words:
            self._parts.append(words)
            if text[-1].isspace():
                self._parts.append(" ")

    def comment(self, text: str) -> None:
        """Leave out a comment."""

    def close(self) -> None:
        """End the page."""

    def _close_link(self, address: str, start: int) -> None:
        text = " ".join("".join(self._parts[start:]).split())
        if not text or not address or address.startswith(("#", "javascript:")):
            return
        try:
            whole = urljoin(self._url, address)
        except ValueError:  # not an address
            whole = address
        self._parts[start:] = [f"[{text}]({whole})"]

    def _bullet(self) -> str:
        indent = "  " * min(_MAX_INDENT, max(0, len(self._lists) - 1))
        if not self._lists or self._lists[-1] is None:
            return f"{indent}- "
        self._lists[-1] += 1
        return f"{indent}{self._lists[-1]}. "

    def _break(self, tag: str) -> None:
        """Begin another line, after an empty one unless the block is tight."""
        if self._parts:
            last = self._parts[-1]
            missing = (1 if tag in _TIGHT else 2) - (len(last) - len(last.rstrip("\n")))
            if missing > 0:
                self._parts.append("\n" * missing)

    def _space(self) -> None:
        if self._parts and not self._parts[-1].endswith((" ", "\n")):
            self._parts.append(" ")
