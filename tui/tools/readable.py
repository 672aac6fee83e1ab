"""HTML as text to read: headings, paragraphs, lists, tables and code as in Markdown, links with their addresses."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser
from urllib.parse import urljoin


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST_S = 3.0  # for markup that was made to take for ever
_CHUNK = 32 * 1024
_UNSEEN = _words("script style noscript template svg iframe object canvas select button")
_APART = _words(
    """
    address article aside blockquote details div dl dt dd fieldset figcaption figure footer form header hr main nav
    ol p pre section summary table ul h1 h2 h3 h4 h5 h6 li tr
    """
)
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_CLOSE = _words("li tr dt dd div")
"""Of those, the ones that follow one another without an empty line."""


def readable(html: str, url: str = "") -> str:
    """The text of a page. Addresses are made whole with that of the page."""
    reader = _Reader(url)
    until = time.monotonic() + _LONGEST_S
    for at in range(0, len(html), _CHUNK):
        reader.feed(html[at : at + _CHUNK])
        if time.monotonic() > until:
            break
    else:
        reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self._url = url
        self._out: list[str] = []
        self._title = ""
        self._in_title = False
        self._unseen: list[str] = []
        self._preformatted = 0
        self._lists: list[int | None] = []
        """Of each open list the last number; None: of one without numbers."""
        self._links: list[tuple[str, int]] = []
        """Of each open link the address, and where its text begins."""

    def text(self) -> str:
        """What was read so far."""
        body = re.sub(r"\n{3,}", "\n\n", "".join(self._out)).strip()
        title = " ".join(self._title.split())
        return f"{title}\n\n{body}".strip() if title and not body.startswith(f"# {title}") else body

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self._in_title = True
        if self._unseen or tag in _UNSEEN:
            if tag in _UNSEEN:
                self._unseen.append(tag)
            return
        if tag in _APART:
            self._break(1 if tag in _CLOSE else 2)
        self._begin(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if self._unseen:
            if tag in self._unseen:
                del self._unseen[self._unseen.index(tag) :]
            return
        self._end(tag)
        if tag in _APART:
            self._break(1 if tag in _CLOSE else 2)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self._title += data
        if self._unseen or self._in_title:
            return
        if self._preformatted:
            self._out.append(data)
            return
        words = " ".join(data.split())
        if not words:
            self._blank()
            return
        if data[0].isspace():
            self._blank()
        self._out.append(words)
        if data[-1].isspace():
            self._out.append(" ")

    def _begin(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag in _HEADINGS:
            self._out.append(f"{_HEADINGS[tag]} ")
        elif tag == "br":
            self._out.append("\n")
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._out.append(self._bullet())
        elif tag in ("td", "th"):
            self._out.append("| ")
        elif tag == "pre":
            self._preformatted += 1
            self._out.append("```\n")
        elif tag == "code" and not self._preformatted:
            self._out.append("`")
        elif tag == "a" and (address := attributes.get("href") or ""):
            self._links.append((address, len(self._out)))
        elif tag == "img" and (text := (attributes.get("alt") or "").strip()):
            self._out.append(f"[image: {text}]")

    def _end(self, tag: str) -> None:
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag in ("td", "th"):
            self._out.append(" ")
        elif tag == "pre" and self._preformatted:
            self._preformatted -= 1
            self._out.append("\n```")
        elif tag == "code" and not self._preformatted:
            self._out.append("`")
        elif tag == "a" and self._links:
            self._close_link(*self._links.pop())

    def _close_link(self, address: str, start: int) -> None:
        text = " ".join("".join(self._out[start:]).split())
        if not text or address.startswith(("#", "javascript:")):
            return
        try:
            whole = urljoin(self._url, address)
        except ValueError:  # an address that is none
            whole = address
        self._out[start:] = [f"[{text}]({whole})"]

    def _bullet(self) -> str:
        indent = "  " * max(0, len(self._lists) - 1)
        if not self._lists or self._lists[-1] is None:
            return f"{indent}- "
        self._lists[-1] += 1
        return f"{indent}{self._lists[-1]}. "

    def _break(self, lines: int) -> None:
        """Begins another line, with an empty one before it where two are asked for."""
        if self._out:
            self._out.append("\n" * lines)

    def _blank(self) -> None:
        if self._out and not self._out[-1].endswith((" ", "\n")):
            self._out.append(" ")
